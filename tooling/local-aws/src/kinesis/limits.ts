/** What AWS lets a caller do. Sizes in bytes, rates per second. */
export interface Limits {
  /** Refuse records and calls that are too large. */
  readonly sizes: boolean;
  /** Throttle calls, records and bytes per second. */
  readonly rates: boolean;

  /** Records of one PutRecords call. */
  readonly putRecordsCount: number;
  /** Data and partition keys of one PutRecords call. */
  readonly putRecordsBytes: number;
  /** Data and partition keys that one GetRecords call returns. */
  readonly getRecordsBytes: number;

  /** Data and partition keys written to one shard. */
  readonly shardWriteBytes: number;
  readonly shardWriteRecords: number;
  /** Data read from one shard. */
  readonly shardReadBytes: number;
  /** GetRecords calls to one shard; GetShardIterator calls have the same rate, counted apart. */
  readonly shardReadCalls: number;
  /** Calls of one account to one operation. */
  readonly calls: Readonly<Record<string, number>>;

  /**
   * Which characters a tag may have. `documented`: letters, digits, blanks and _ . / = + - % @, as the API reference
   * says. `observed`: the same without %, which AWS was seen to refuse in spite of its documentation.
   */
  readonly tagCharacters: "documented" | "observed";
}

const MIB = 1_048_576;

/**
 * AWS's quotas, with the sizes enforced and the rates not.
 * @see https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
 */
export const AWS_LIMITS: Limits = {
  sizes: true,
  rates: false,
  putRecordsCount: 500,
  // 10 MiB in the API reference of 2026, 5 MiB before: who keeps to the old limit fits both.
  putRecordsBytes: 5 * MIB,
  getRecordsBytes: 10 * MIB,
  shardWriteBytes: MIB,
  shardWriteRecords: 1_000,
  shardReadBytes: 2 * MIB,
  shardReadCalls: 5,
  calls: {
    AddTagsToStream: 5,
    CreateStream: 5,
    DecreaseStreamRetentionPeriod: 5,
    DeleteStream: 5,
    DescribeStream: 10,
    DescribeStreamSummary: 20,
    IncreaseStreamRetentionPeriod: 5,
    ListShards: 1_000,
    ListStreams: 5,
    ListTagsForStream: 5,
    MergeShards: 5,
    RemoveTagsFromStream: 5,
    SplitShard: 5,
    UpdateShardCount: 10,
  },
  tagCharacters: "documented",
};
