import { randomBytes } from "node:crypto";
import {
  type DecryptCommand,
  type DecryptCommandOutput,
  GenerateDataKeyCommand,
  type GenerateDataKeyCommandOutput,
  KMSServiceException,
} from "@aws-sdk/client-kms";
import type { KmsClient } from "../src/index.ts";

interface StoredKey {
  readonly plaintext: Buffer;
  readonly context: string;
}

const METADATA = { httpStatusCode: 200, requestId: "00000000-0000-4000-8000-000000000000" };

/** KMS as far as we call it: blobs open only in the context they were made in; failures are scripted. */
export class KmsStub implements KmsClient {
  readonly commands: (GenerateDataKeyCommand | DecryptCommand)[] = [];
  /** What the next calls wait for or fail with, one per call; calls beyond them succeed at once. */
  readonly script: (() => Promise<void>)[] = [];
  readonly #keys = new Map<string, StoredKey>();

  /** Makes a blob known, as if KMS had made it. */
  store(blobBase64: string, plaintext: Uint8Array, encryptionContext: Record<string, string>): void {
    this.#keys.set(blobBase64, { plaintext: Buffer.from(plaintext), context: JSON.stringify(encryptionContext) });
  }

  plaintextOf(blobBase64: string): Buffer {
    const key = this.#keys.get(blobBase64);
    if (key === undefined) throw new Error("the stub made no such key");
    return key.plaintext;
  }

  send(command: GenerateDataKeyCommand): Promise<GenerateDataKeyCommandOutput>;
  send(command: DecryptCommand): Promise<DecryptCommandOutput>;
  async send(command: GenerateDataKeyCommand | DecryptCommand): Promise<object> {
    this.commands.push(command);
    await this.script.shift()?.();
    if (command instanceof GenerateDataKeyCommand) {
      const plaintext = randomBytes(32);
      const blob = randomBytes(184);
      this.store(blob.toString("base64"), plaintext, command.input.EncryptionContext ?? {});
      return { $metadata: METADATA, KeyId: command.input.KeyId, CiphertextBlob: blob, Plaintext: plaintext };
    }
    const blob = Buffer.from(command.input.CiphertextBlob ?? []).toString("base64");
    const key = this.#keys.get(blob);
    if (key === undefined || key.context !== JSON.stringify(command.input.EncryptionContext)) {
      throw serviceError("InvalidCiphertextException", 400);
    }
    return { $metadata: METADATA, Plaintext: new Uint8Array(key.plaintext) };
  }
}

/** An error as the SDK makes it of KMS's answer. */
export function serviceError(name: string, status: number, message = "as KMS says it"): KMSServiceException {
  const fault = status < 500 ? "client" : "server";
  return new KMSServiceException({ name, message, $fault: fault, $metadata: { ...METADATA, httpStatusCode: status } });
}
