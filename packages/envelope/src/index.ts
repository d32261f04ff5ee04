export type { BrokenRecordCode } from "./broken-record.ts";
export type { DataKey, DataKeyLease } from "./data-key.ts";
export { DataKeyCache, type DataKeyCacheOptions } from "./data-key-cache.ts";
export { DataKeyLender, type DataKeyLenderOptions } from "./data-key-lender.ts";
export type { KmsCall, KmsCallOptions, KmsCallSink, KmsClient } from "./kms.ts";
export { type DeliveredData, deliveredData } from "./lambda-events.ts";
export { type DataKeySource, type OpenedRecord, type OpenOptions, open } from "./open.ts";
export { RecordTooLargeError, type SealedRecord, seal } from "./seal.ts";
export { splitRecords } from "./split-records.ts";
