import { randomBytes } from "node:crypto";
import type { DataKey, DataKeyLease, DataKeySource } from "../src/index.ts";

export const RESOURCE_ID = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** A data key outside any lender. */
export function newDataKey(): DataKey {
  return { plaintext: new Uint8Array(randomBytes(32)), encrypted: randomBytes(184).toString("base64") };
}

/** Knows one key and lends it for every record. */
export function always(dataKey: DataKey): DataKeySource {
  const lease: DataKeyLease = { ...dataKey, [Symbol.dispose]: () => undefined };
  return { lend: async () => lease };
}
