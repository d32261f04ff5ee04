import { parentPort } from "node:worker_threads";
import type { EngineTraits } from "@das/core";
import type { DataKey } from "@das/envelope";
// Not the whole package: a sealing thread has no use for the KMS client.
import { seal } from "@das/envelope/seal";

/** One record to seal, as it crosses into a sealing thread. Its text and the key's plaintext are views of shared memory. */
export interface SealRequest {
  readonly id: number;
  readonly text: Uint8Array;
  readonly key: DataKey;
  readonly version: EngineTraits["recordVersion"];
}

export type SealResponse =
  | { readonly id: number; readonly bytes: Uint8Array<ArrayBuffer>; readonly compressedBytes: number }
  | { readonly id: number; readonly error: unknown };

parentPort?.on("message", async ({ id, text, key, version }: SealRequest) => {
  try {
    const sealed = await seal(text, key, version);
    parentPort?.postMessage({ id, ...sealed } satisfies SealResponse, [sealed.bytes.buffer]);
  } catch (error) {
    parentPort?.postMessage({ id, error } satisfies SealResponse);
  }
});
