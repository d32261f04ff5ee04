/** One Kinesis record as it stands in the stream: still sealed. */
export interface StreamRecord {
  readonly shardId: string;
  /** Rises within a shard; text because it exceeds every number type. */
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  /** When Kinesis took the record, by its clock, to about a millisecond; the service documents it as optional. */
  readonly approximateArrivalTime: Date | undefined;
}

/**
 * A shard that left the stream before it was read to its end: the reader fell behind the stream's retention.
 * What stood after the sequence number was not read and cannot be read any more.
 */
export interface LostShard {
  readonly shardId: string;
  /** The last record that was read, undefined when none was. */
  readonly lastSequenceNumber: string | undefined;
}
