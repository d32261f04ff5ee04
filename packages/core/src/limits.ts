/** Sizes that the stream and its consumers set. Bytes, where a name does not say otherwise. */

/** Kinesis: data and partition key of one record. */
export const RECORD_MAX_BYTES = 1_048_576;
/** Kinesis: records of one PutRecords call. */
export const PUT_MAX_RECORDS = 500;
/** Kinesis: data and partition keys of one PutRecords call. */
export const PUT_MAX_BYTES = 5 * 1_048_576;

/** gzip of one record, soft: consumers that gunzip in chunks of 8192 fail on more (wire format §3.5). */
export const COMPRESSED_TARGET_BYTES = 8_192;
/** gzip of one record, hard: so that the outer record stays below 1 MiB after base64 (wire format §3.5). */
export const COMPRESSED_MAX_BYTES = 700 * 1_024;

/** Rows of one batch of a reader, and their size. */
export const BATCH_MAX_ROWS = 1_000;
export const BATCH_MAX_BYTES = 1_048_576;
