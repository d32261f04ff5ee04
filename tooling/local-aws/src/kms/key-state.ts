import { formatArn } from "../arn.ts";
import type { KeySpec, KeyUsage } from "./key-spec.ts";

/** One key: plain data, kept as JSON. */
export interface KeyState {
  readonly keyId: string;
  readonly arn: string;
  readonly accountId: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  /** AWS: a key that AWS made for one of its services, which users can look at but not govern. */
  readonly manager: "CUSTOMER" | "AWS";
  readonly description: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly enabled: boolean;
  /** When it will be gone; absent unless its deletion is scheduled. */
  readonly deletionAt?: number;
  /** 32 bytes in base64 for a symmetric key. Asymmetric keys exist here only to be refused, and have none. */
  readonly material?: string;
}

export function keyArn(region: string, accountId: string, keyId: string): string {
  return formatArn({ service: "kms", region, accountId, resource: `key/${keyId}` });
}

/** KeyMetadata of DescribeKey and CreateKey. */
export function describeKey(key: KeyState): object {
  const state = key.deletionAt !== undefined ? "PendingDeletion" : key.enabled ? "Enabled" : "Disabled";
  return {
    AWSAccountId: key.accountId,
    KeyId: key.keyId,
    Arn: key.arn,
    CreationDate: key.createdAt / 1000,
    Enabled: state === "Enabled",
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: state,
    ...(key.deletionAt !== undefined && { DeletionDate: key.deletionAt / 1000 }),
    Origin: "AWS_KMS",
    KeyManager: key.manager,
    KeySpec: key.spec,
    CustomerMasterKeySpec: key.spec,
    ...algorithmsOf(key),
    MultiRegion: false,
  };
}

function algorithmsOf(key: KeyState): object {
  if (key.spec === "SYMMETRIC_DEFAULT") return { EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"] };
  if (key.usage !== "ENCRYPT_DECRYPT") return {};
  return { EncryptionAlgorithms: ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"] };
}
