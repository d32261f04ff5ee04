import {
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type KinesisClient,
  PutRecordsCommand,
  type PutRecordsCommandOutput,
} from "@aws-sdk/client-kinesis";

/** Puts one record for each text, all with one partition key. */
export function putTexts(
  kinesis: KinesisClient,
  StreamName: string,
  ...texts: readonly string[]
): Promise<PutRecordsCommandOutput> {
  const Records = texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: "key" }));
  return kinesis.send(new PutRecordsCommand({ StreamName, Records }));
}

export async function oldestIterator(kinesis: KinesisClient, StreamName: string, shard = 0): Promise<string> {
  const ShardId = `shardId-${String(shard).padStart(12, "0")}`;
  const command = new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" });
  return (await kinesis.send(command)).ShardIterator ?? "";
}

export function get(kinesis: KinesisClient, ShardIterator: string | undefined): Promise<GetRecordsCommandOutput> {
  return kinesis.send(new GetRecordsCommand({ ShardIterator }));
}

/** The texts of the records that one call returns. */
export async function textsAt(kinesis: KinesisClient, iterator: string | undefined): Promise<string[]> {
  const { Records = [] } = await get(kinesis, iterator);
  return Records.map((record) => Buffer.from(record.Data ?? []).toString());
}
