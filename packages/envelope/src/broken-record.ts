import { RecordError } from "@das/core";

/**
 * Every way in which a record can be broken, in the order in which opening it finds out. None keeps a cause: what the
 * libraries below say may quote the text (SyntaxError does), and the text is audited.
 */
const FAULTS = {
  "outer-not-json": "the data is not JSON in UTF-8",
  "outer-type": "the data is JSON, but no record of a database activity stream",
  version: "the record has a version other than 1.x",
  base64: "databaseActivityEvents or key is not standard base64",
  "key-length": "KMS decrypted the record's key to something that is not a 256-bit data key",
  message: "databaseActivityEvents is no AWS Encryption SDK message that we read",
  "content-key": "the record's key does not open the message's content key: the message or the key belongs elsewhere",
  tampered: "the message fails its authentication: it was changed or cut after it was sealed",
  gzip: "the message holds no gzip data",
  "inner-too-large": "the record decompresses to more than the limit",
  "inner-not-json": "the decompressed record is not JSON in UTF-8",
  "inner-type": "the decompressed record is JSON, but not of the shape of an activity record",
} as const;

export type BrokenRecordCode = keyof typeof FAULTS;

export function brokenRecord(code: BrokenRecordCode): RecordError {
  return new RecordError({
    who: "envelope",
    what: `a record cannot be opened: ${FAULTS[code]}`,
    remedy: "Look the record up by its sequence number; its events are missing until it is published again",
    code: `record-${code}`,
  });
}
