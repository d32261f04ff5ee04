import { randomBytes } from "node:crypto";
import { z } from "zod";
import { AwsError, constraintError, dryRun, validation } from "../aws-error.ts";
import { blob, integer, text } from "../input.ts";
import { type Operation, operation } from "../operation.ts";
import { keyIdOf, open, seal } from "./ciphertext.ts";
import type { KeyState } from "./key-state.ts";
import { authorizeKey, type KeyUse, type KmsParts, keyFor, keyReference } from "./kms-parts.ts";

/** The operations that use keys. All of them take symmetric keys only. */

const SYMMETRIC = "SYMMETRIC_DEFAULT";

const shared = {
  EncryptionContext: z.record(z.string(), z.string()).optional(),
  DryRun: z.boolean().optional(),
};

const generateDataKeyInput = z.object({
  ...shared,
  KeyId: keyReference,
  KeySpec: z.enum(["AES_256", "AES_128"]).optional(),
  NumberOfBytes: integer(1, 1024).optional(),
});

export function generateDataKey(parts: KmsParts): Operation {
  return operation(generateDataKeyInput, (input, context) => {
    const key = keyFor(parts, "kms:GenerateDataKey", input.KeyId, context, useOf(input));
    const material = materialOf(parts, key, "GenerateDataKey");
    if ((input.KeySpec === undefined) === (input.NumberOfBytes === undefined)) {
      throw validation("Please specify either number of bytes or key spec.");
    }
    if (input.DryRun) throw dryRun();
    const plaintext = randomBytes(input.NumberOfBytes ?? (input.KeySpec === "AES_128" ? 16 : 32));
    return {
      CiphertextBlob: seal(key.keyId, material, plaintext, input.EncryptionContext ?? {}).toString("base64"),
      Plaintext: plaintext.toString("base64"),
      KeyId: key.arn,
    };
  });
}

const encryptInput = z.object({
  ...shared,
  KeyId: keyReference,
  Plaintext: blob,
  EncryptionAlgorithm: text().optional(),
});

export function encrypt(parts: KmsParts): Operation {
  return operation(encryptInput, (input, context) => {
    requireLength(input.Plaintext, 4096, "plaintext");
    const key = keyFor(parts, "kms:Encrypt", input.KeyId, context, useOf(input));
    const material = materialOf(parts, key, "Encrypt");
    requireAlgorithm(input.EncryptionAlgorithm, key);
    if (input.DryRun) throw dryRun();
    return {
      CiphertextBlob: seal(key.keyId, material, input.Plaintext, input.EncryptionContext ?? {}).toString("base64"),
      KeyId: key.arn,
      EncryptionAlgorithm: SYMMETRIC,
    };
  });
}

const decryptInput = z.object({
  ...shared,
  CiphertextBlob: blob,
  KeyId: keyReference.optional(),
  EncryptionAlgorithm: text().optional(),
});

export function decrypt(parts: KmsParts): Operation {
  return operation(decryptInput, (input, context) => {
    const { principal, now } = context;
    requireLength(input.CiphertextBlob, 6144, "ciphertextBlob");
    const named =
      input.KeyId === undefined ? undefined : keyFor(parts, "kms:Decrypt", input.KeyId, context, useOf(input));
    const keyId = keyIdOf(input.CiphertextBlob);
    if (keyId === undefined) throw invalidCiphertext();
    if (named && named.keyId !== keyId) {
      throw new AwsError(
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
      );
    }
    const key = parts.keys.find(keyId, now);
    if (key?.accountId !== principal.accountId) {
      throw new AwsError(
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
      );
    }
    if (!named) {
      const described = "the resource associated with this ciphertext";
      authorizeKey(parts, "kms:Decrypt", key, context, { ...useOf(input), described });
    }
    const material = materialOf(parts, key, "Decrypt");
    requireAlgorithm(input.EncryptionAlgorithm, key);
    const plaintext = open(material, input.CiphertextBlob, input.EncryptionContext ?? {});
    if (!plaintext) throw invalidCiphertext();
    if (input.DryRun) throw dryRun();
    return { KeyId: key.arn, Plaintext: plaintext.toString("base64"), EncryptionAlgorithm: SYMMETRIC };
  });
}

function useOf({
  EncryptionContext: encryptionContext,
}: {
  readonly EncryptionContext?: KeyUse["encryptionContext"];
}): KeyUse {
  return { encryptionContext };
}

/** The 32 bytes of a symmetric key that can be used. @throws AwsError when it cannot */
function materialOf(parts: KmsParts, key: KeyState, name: string): Buffer {
  parts.keys.requireUsable(key);
  if (key.usage !== "ENCRYPT_DECRYPT") {
    throw new AwsError(
      "InvalidKeyUsageException",
      `${key.arn} key usage is ${key.usage} which is not valid for ${name}.`,
    );
  }
  if (key.material === undefined) throw incompatible(SYMMETRIC, key);
  return Buffer.from(key.material, "base64");
}

function requireAlgorithm(algorithm: string | undefined, key: KeyState): void {
  if (algorithm !== undefined && algorithm !== SYMMETRIC) throw incompatible(algorithm, key);
}

function incompatible(algorithm: string, key: KeyState): AwsError {
  return new AwsError("InvalidKeyUsageException", `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`);
}

/** AWS gives no message, so that nothing is learned about the key. */
function invalidCiphertext(): AwsError {
  return new AwsError("InvalidCiphertextException", "");
}

function requireLength(bytes: Buffer, max: number, at: string): void {
  if (bytes.length >= 1 && bytes.length <= max) return;
  const constraint = `Member must have length ${bytes.length < 1 ? "greater than or equal to 1" : `less than or equal to ${max}`}`;
  throw constraintError([{ value: `'[${bytes.length} bytes]'`, at, constraint }]);
}
