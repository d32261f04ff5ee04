/** What KMS can make a key for; the first usage is the default where AWS has one. */
export type KeyUsage = "ENCRYPT_DECRYPT" | "SIGN_VERIFY" | "GENERATE_VERIFY_MAC" | "KEY_AGREEMENT";

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html */
const KEY_SPECS = {
  SYMMETRIC_DEFAULT: ["ENCRYPT_DECRYPT"],
  HMAC_256: ["GENERATE_VERIFY_MAC"],
  RSA_2048: ["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
  RSA_3072: ["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
  RSA_4096: ["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
  ECC_NIST_P256: ["SIGN_VERIFY", "KEY_AGREEMENT"],
  ECC_NIST_P384: ["SIGN_VERIFY", "KEY_AGREEMENT"],
} as const satisfies Record<string, readonly KeyUsage[]>;

export type KeySpec = keyof typeof KEY_SPECS;

export const keySpecs = Object.keys(KEY_SPECS) as KeySpec[];

export function usagesOf(spec: KeySpec): readonly KeyUsage[] {
  return KEY_SPECS[spec];
}
