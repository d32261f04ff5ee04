import { RawAesKeyringNode, RawAesWrappingSuiteIdentifier } from "@aws-crypto/raw-aes-keyring-node";
import { ConfigurationError } from "@das/core";
import { DATA_KEY_BYTES, goneError } from "./data-key.ts";

/** Captured in real records, and what the published consumers look for (wire format §3.1). */
export const PROVIDER_ID = "BC";
export const KEY_NAME = "DataKey";

/**
 * The Encryption SDK's raw AES keyring over a data key: wraps and unwraps the content keys of messages.
 *
 * It copies the key twice, both out of our reach: into a native KeyObject, which OpenSSL overwrites when it is freed,
 * and into a private array for comparison, which the garbage collector frees without overwriting it. Hence one keyring
 * for each record, never kept: no copy outlives its record by more than a collection.
 * @throws UnavailableError when the key has been zeroed; ConfigurationError when it is not 32 bytes
 */
export function wrappingKeyring(dataKey: Uint8Array): RawAesKeyringNode {
  if (dataKey.byteLength !== DATA_KEY_BYTES) {
    throw new ConfigurationError({
      who: "envelope",
      what: `a data key has ${DATA_KEY_BYTES} bytes, this one has ${dataKey.byteLength}`,
      remedy: "Pass the 32 bytes that KMS answered as Plaintext",
      code: "data-key-length",
    });
  }
  if (dataKey.every((byte) => byte === 0)) throw goneError();
  return new RawAesKeyringNode({
    keyNamespace: PROVIDER_ID,
    keyName: KEY_NAME,
    // The keyring demands a buffer of the key's own, and zeroes it.
    unencryptedMasterKey: new Uint8Array(dataKey),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
    // The message format sorts a context by its UTF-8 bytes; the keyring's default is by locale.
    utf8Sorting: true,
  });
}
