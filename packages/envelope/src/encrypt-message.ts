import { randomBytes } from "node:crypto";
import {
  AlgorithmSuiteIdentifier,
  getEncryptHelper,
  KeyringTraceFlag,
  NodeAlgorithmSuite,
  NodeEncryptionMaterial,
} from "@aws-crypto/material-management-node";
import {
  aadFactory,
  ContentType,
  MESSAGE_ID_LENGTH,
  serializeFactory,
  serializeMessageHeaderAuth,
} from "@aws-crypto/serialize";
import { KEY_NAME, PROVIDER_ID, wrappingKeyring } from "./wrapping-keyring.ts";

/**
 * One AWS Encryption SDK message of one frame, put together from the SDK's own modules: its keyring wraps the content
 * key, its key derivation gives the ciphers, its serializers write every field. Its `encrypt()` would do the same
 * through four streams, at seven times the cost of what is here (decision 0002).
 */

/** AES-256-GCM, HKDF-SHA256, no signature, message format v1 (wire format §3.1). */
const SUITE = new NodeAlgorithmSuite(AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA256);

/** Larger than any payload, so that there is one final frame and no other (wire format §13.7). */
export const FRAME_LENGTH = 1_048_576;
const SEQUENCE_NUMBER = 1;

/** No encryption context: consumers pass none, and the header then has no AAD at all. */
const NO_CONTEXT = {};

const utf8 = (text: string): Uint8Array => Buffer.from(text, "utf8");
const serialize = serializeFactory(utf8, { utf8Sorting: true });
const { messageAAD, messageAADContentString } = aadFactory(utf8);
const FINAL_FRAME_LABEL = messageAADContentString({ contentType: ContentType.FRAMED_DATA, isFinalFrame: true });

/**
 * The message that holds the plaintext. Content key, message id and wrapping IV are fresh for each message.
 *
 * Asynchronous only because keyrings are; nothing in it leaves the thread.
 * @param plaintext at most FRAME_LENGTH bytes
 * @param dataKey the wrapping key, 32 bytes
 * @throws UnavailableError, ConfigurationError as `wrappingKeyring`
 */
export async function encryptMessage(plaintext: Uint8Array, dataKey: Uint8Array): Promise<Buffer> {
  const material = new NodeEncryptionMaterial(SUITE, NO_CONTEXT);
  // A keyring that finds no content key draws one in the thread pool, which costs more than the rest. Zeroes the array.
  material.setUnencryptedDataKey(randomBytes(SUITE.keyLengthBytes), {
    keyNamespace: PROVIDER_ID,
    keyName: KEY_NAME,
    flags: KeyringTraceFlag.WRAPPING_KEY_GENERATED_DATA_KEY,
  });
  const { getCipherInfo, dispose } = getEncryptHelper(material);
  try {
    await wrappingKeyring(dataKey).onEncrypt(material);
    const messageId = randomBytes(MESSAGE_ID_LENGTH);
    const { getCipher } = getCipherInfo(messageId);

    const messageHeader = serialize.buildMessageHeader({
      suite: SUITE,
      encryptedDataKeys: material.encryptedDataKeys,
      encryptionContext: NO_CONTEXT,
      messageId,
      frameLength: FRAME_LENGTH,
    });
    const header = serialize.serializeMessageHeader(messageHeader);
    const headerIv = serialize.headerAuthIv(SUITE.ivLength);
    const headerCipher = getCipher(headerIv).setAAD(bufferOf(header));
    headerCipher.final();
    const headerAuth = serializeMessageHeaderAuth({
      headerIv,
      headerAuthTag: headerCipher.getAuthTag(),
      messageHeader,
    });

    const frameIv = serialize.frameIv(SUITE.ivLength, SEQUENCE_NUMBER);
    const frameHeader = serialize.finalFrameHeader(SEQUENCE_NUMBER, frameIv, plaintext.byteLength);
    const aad = messageAAD(messageId, FINAL_FRAME_LABEL, SEQUENCE_NUMBER, plaintext.byteLength);
    const cipher = getCipher(frameIv).setAAD(bufferOf(aad));
    const ciphertext = cipher.update(bufferOf(plaintext));
    cipher.final();

    return Buffer.concat([header, headerAuth, frameHeader, ciphertext, cipher.getAuthTag()]);
  } finally {
    dispose();
  }
}

/** A view, not a copy: the SDK declares its ciphers for Buffer alone. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
