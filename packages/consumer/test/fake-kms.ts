import { randomBytes } from "node:crypto";
import type { DecryptCommandInput } from "@aws-sdk/client-kms";
import { type DataKey, type KmsClient, seal } from "@das/envelope";
import { serviceError } from "./fake-kinesis.ts";

/** KMS as far as a reader calls it, in memory: it knows the data keys that it was told of, each for one context. */
export class FakeKms {
  readonly decrypts: DecryptCommandInput[] = [];
  /** What befalls a call: an error to throw, or undefined. */
  refusal: (encrypted: string) => Error | undefined = () => undefined;
  readonly #keys = new Map<string, { readonly plaintext: Uint8Array; readonly context: string }>();

  get client(): KmsClient {
    const send = async ({ input }: { readonly input: DecryptCommandInput }) => {
      this.decrypts.push(input);
      const encrypted = Buffer.from(input.CiphertextBlob ?? []).toString("base64");
      const refusal = this.refusal(encrypted);
      if (refusal) throw refusal;
      const key = this.#keys.get(encrypted);
      if (key?.context !== JSON.stringify(input.EncryptionContext)) throw serviceError("InvalidCiphertextException");
      return { Plaintext: Uint8Array.from(key.plaintext) };
    };
    return { send } as unknown as KmsClient;
  }

  /** Makes a key known, new unless it is given. */
  dataKey(context: Record<string, string>, key: DataKey = newDataKey()): DataKey {
    this.#keys.set(key.encrypted, { plaintext: key.plaintext, context: JSON.stringify(context) });
    return key;
  }
}

function newDataKey(): DataKey {
  return { plaintext: Uint8Array.from(randomBytes(32)), encrypted: randomBytes(184).toString("base64") };
}

/**
 * One record's data.
 * @param elements of databaseActivityEventList, as JSON text, so that numbers stay as written
 * @param provenance whatever a record may have under that name
 */
export async function sealed(
  dataKey: DataKey,
  elements: readonly string[],
  resourceId: string,
  provenance?: unknown,
): Promise<Buffer> {
  const list = elements.join(",");
  const told = provenance === undefined ? "" : `,"provenance":${JSON.stringify(provenance)}`;
  const inner = `{"type":"DatabaseActivityMonitoringRecord","clusterId":"","instanceId":"${resourceId}","databaseActivityEventList":[${list}],"ofTheFuture":{"sequence":7}${told}}`;
  return Buffer.from((await seal(inner, dataKey, "1.4")).bytes);
}
