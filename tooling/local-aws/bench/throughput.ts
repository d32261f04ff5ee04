import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { startLocalAws } from "../src/index.ts";

/**
 * How fast records come in and out through the real SDK, client and server on one thread: `node bench/throughput.ts`.
 * The figures are for comparing changes on one machine, not for comparing machines.
 */
const STREAM = "bench";
const RECORDS = 200_000;
const RECORD_BYTES = 1_024;
const BATCH = 500;

await using server = await startLocalAws();
server.kinesis.createStream(STREAM, { shards: 4 });
const client = new KinesisClient({
  endpoint: server.endpoint,
  region: server.region,
  credentials: server.credentials,
  requestHandler: new NodeHttpHandler(),
});

const data = Buffer.alloc(RECORD_BYTES, "x");
const batch = (call: number) =>
  Array.from({ length: BATCH }, (_, index) => ({ Data: data, PartitionKey: `lane-${(call * BATCH + index) % 64}` }));

const putStart = performance.now();
let call = 0;
const putter = async (): Promise<void> => {
  while (call * BATCH < RECORDS) {
    const answer = await client.send(new PutRecordsCommand({ StreamName: STREAM, Records: batch(call++) }));
    if (answer.FailedRecordCount !== 0) throw new Error("a record failed");
  }
};
await Promise.all([putter(), putter()]);
report("put", RECORDS, performance.now() - putStart);

const getStart = performance.now();
let read = 0;
for (const { shardId } of server.kinesis.stream(STREAM)?.shards ?? []) {
  const first = new GetShardIteratorCommand({
    StreamName: STREAM,
    ShardId: shardId,
    ShardIteratorType: "TRIM_HORIZON",
  });
  let iterator = (await client.send(first)).ShardIterator;
  for (let behind = 1; behind > 0; ) {
    const answer = await client.send(new GetRecordsCommand({ ShardIterator: iterator }));
    read += answer.Records?.length ?? 0;
    behind = answer.MillisBehindLatest ?? 0;
    iterator = answer.NextShardIterator;
  }
}
report("get", read, performance.now() - getStart);
client.destroy();

function report(what: string, records: number, milliseconds: number): void {
  const perSecond = Math.round((records / milliseconds) * 1000);
  const mib = Math.round((perSecond * RECORD_BYTES) / 1_048_576);
  process.stdout.write(`${what}: ${records} records of ${RECORD_BYTES} bytes, ${perSecond} records/s, ${mib} MiB/s\n`);
}
