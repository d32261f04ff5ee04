import { buildDecrypt } from "@aws-crypto/decrypt-node";
import { CommitmentPolicy, NodeDefaultCryptographicMaterialsManager } from "@aws-crypto/material-management-node";
import { type BrokenRecordCode, brokenRecord } from "./broken-record.ts";
import { wrappingKeyring } from "./wrapping-keyring.ts";

// The format does not commit to its key (wire format §3.1): any policy that requires it on decryption refuses all
// records. One content key per message, as documented; more would only be work for us.
const { decrypt } = buildDecrypt({
  commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT,
  maxEncryptedDataKeys: 1,
});

/**
 * The plaintext of an AWS Encryption SDK message, any frame length, with or without AAD, signed (the signature is
 * verified) or not. Resolves only after all of it is authenticated.
 * @param dataKey the wrapping key, 32 bytes
 * @throws RecordError with how far the message was sound
 */
export async function decryptMessage(message: Uint8Array, dataKey: Uint8Array): Promise<Buffer> {
  const manager = new NodeDefaultCryptographicMaterialsManager(wrappingKeyring(dataKey));
  // The SDK's errors are texts for people; where it had got to is what tells one fault from another.
  let fault: BrokenRecordCode = "message";
  const observed: typeof manager.decryptMaterials = async (request) => {
    fault = "content-key";
    const material = await manager.decryptMaterials(request);
    fault = "tampered";
    return material;
  };
  try {
    const { plaintext } = await decrypt(
      { decryptMaterials: observed, getEncryptionMaterials: manager.getEncryptionMaterials },
      message,
    );
    return plaintext;
  } catch {
    throw brokenRecord(fault);
  }
}
