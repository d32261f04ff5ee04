import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetShardIteratorCommand,
  ListTagsForStreamCommand,
  PutRecordCommand,
  PutRecordsCommand,
  StartStreamEncryptionCommand,
  UpdateShardCountCommand,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { startLocalAws } from "../src/index.ts";
import { clientsOf, refusal, rejection } from "./clients.ts";
import { type RunningServer, runServer } from "./running-server.ts";
import { get, oldestIterator, putTexts } from "./streams.ts";

const STREAM = "aws-rds-das-db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

const setUp = (): Promise<RunningServer> => runServer({ durations: { create: 1_000, update: 2_000, delete: 3_000 } });

const create = ({ kinesis }: RunningServer, more: object = { ShardCount: 1 }) =>
  kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ...more }));

const statusOf = async ({ kinesis }: RunningServer): Promise<string | undefined> =>
  (await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: STREAM }))).StreamDescriptionSummary?.StreamStatus;

test("CREATING, ACTIVE, UPDATING and DELETING last as long as they were set to", async () => {
  await using setup = await setUp();
  const { kinesis, clock } = setup;
  await create(setup);
  clock.advance(999);
  expect(await statusOf(setup)).toBe("CREATING");
  const { StreamDescription } = await kinesis.send(new DescribeStreamCommand({ StreamName: STREAM }));
  expect(StreamDescription?.Shards).toEqual([]);
  expect(await refusal(putTexts(kinesis, STREAM, "early"))).toBe("ResourceNotFoundException");
  expect(await refusal(kinesis.send(new DeleteStreamCommand({ StreamName: STREAM })))).toBe("ResourceInUseException");
  clock.advance(1);
  expect(await statusOf(setup)).toBe("ACTIVE");

  const scale = (TargetShardCount: number) =>
    kinesis.send(new UpdateShardCountCommand({ StreamName: STREAM, TargetShardCount, ScalingType: "UNIFORM_SCALING" }));
  await scale(2);
  expect(await statusOf(setup)).toBe("UPDATING");
  expect((await putTexts(kinesis, STREAM, "meanwhile")).Records?.[0]?.ShardId).toBe("shardId-000000000000");
  expect((await rejection(scale(4))).message).toBe(
    `Stream ${STREAM} under account 123456789012 not ACTIVE, instead in state UPDATING`,
  );
  clock.advance(2_000);
  expect(await statusOf(setup)).toBe("ACTIVE");
  expect((await putTexts(kinesis, STREAM, "after")).Records?.[0]?.ShardId).not.toBe("shardId-000000000000");

  await kinesis.send(new DeleteStreamCommand({ StreamName: STREAM }));
  expect(await statusOf(setup)).toBe("DELETING");
  expect(await refusal(create(setup))).toBe("ResourceInUseException");
  clock.advance(3_000);
  expect(await refusal(statusOf(setup))).toBe("ResourceNotFoundException");
  await create(setup);
});

test("a change comes true at the moment it was due, however late somebody looks", async () => {
  await using setup = await setUp();
  const { clock, server } = setup;
  const created = clock.now();
  await create(setup);
  clock.advance(3_600_000);
  await putTexts(setup.kinesis, STREAM, "late");
  const [record] = server.kinesis.records(STREAM);
  expect(record?.arrival).toBe(created + 3_600_000);
  expect(server.kinesis.stream(STREAM)?.status).toBe("ACTIVE");
});

test("modes and shard counts have to fit", async () => {
  await using setup = await setUp();
  const onDemand = { StreamModeDetails: { StreamMode: "ON_DEMAND" } };
  expect(await refusal(create(setup, {}))).toBe("ValidationException");
  expect(await refusal(create(setup, { ...onDemand, ShardCount: 2 }))).toBe("ValidationException");
  expect(await refusal(create(setup, { ShardCount: 0 }))).toBe("ValidationException");
  await create(setup, onDemand);
  setup.clock.advance(1_000);
  expect(setup.server.kinesis.stream(STREAM)?.shards).toHaveLength(4);
});

test("tags may be given at the creation, and changed only when it is over", async () => {
  await using setup = await setUp();
  const { kinesis, clock } = setup;
  const add = () => kinesis.send(new AddTagsToStreamCommand({ StreamName: STREAM, Tags: { revision: "2" } }));
  expect(await refusal(create(setup, { ShardCount: 1, Tags: { revision: "{1}" } }))).toBe("InvalidArgumentException");
  await create(setup, { ShardCount: 1, Tags: { revision: "1" } });
  const { Tags } = await kinesis.send(new ListTagsForStreamCommand({ StreamName: STREAM }));
  expect(Tags).toEqual([{ Key: "revision", Value: "1" }]);
  expect(await refusal(add())).toBe("ResourceInUseException");
  clock.advance(1_000);
  await add();
  expect(setup.server.kinesis.stream(STREAM)?.tags).toEqual({ revision: "2" });
});

test("a stream has at most fifty tags, of limited length, listed in pages", async () => {
  await using setup = await setUp();
  const { kinesis, server } = setup;
  server.kinesis.createStream(STREAM);
  const add = (Tags: Record<string, string>) => kinesis.send(new AddTagsToStreamCommand({ StreamName: STREAM, Tags }));
  await add(
    Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key ${String(index).padStart(2, "0")}`, "x"])),
  );
  expect(await refusal(add({ "one more": "x" }))).toBe("InvalidArgumentException");
  await add({ "key 07": "replaced" });
  expect(await refusal(add({ "": "x" }))).toBe("ValidationException");
  expect(await refusal(add({ ["k".repeat(129)]: "x" }))).toBe("ValidationException");
  expect(await refusal(add({ "key 07": "v".repeat(257) }))).toBe("ValidationException");
  const list = async (more: object) => {
    const { Tags, HasMoreTags } = await kinesis.send(new ListTagsForStreamCommand({ StreamName: STREAM, ...more }));
    return [Tags?.map(({ Key }) => Key), HasMoreTags];
  };
  expect(await list({ Limit: 2, ExclusiveStartTagKey: "key 46" })).toEqual([["key 47", "key 48"], true]);
  expect(await list({ Limit: 2, ExclusiveStartTagKey: "key 48" })).toEqual([["key 49"], false]);
});

test("a stream is not found by the ARN of another region, and name and ARN have to agree", async () => {
  await using setup = await setUp();
  const { kinesis, server } = setup;
  const arn = server.kinesis.createStream(STREAM);
  const describe = (input: object) => kinesis.send(new DescribeStreamSummaryCommand(input));
  expect(await refusal(describe({ StreamARN: arn.replace("us-east-1", "eu-west-1") }))).toBe(
    "ResourceNotFoundException",
  );
  expect(await refusal(describe({ StreamARN: arn, StreamName: "other" }))).toBe("InvalidArgumentException");
  expect(await refusal(describe({}))).toBe("InvalidArgumentException");
  expect(await refusal(describe({ StreamARN: "nonsense" }))).toBe("ValidationException");
  const both = await describe({ StreamARN: arn, StreamName: STREAM });
  expect(both.StreamDescriptionSummary).toMatchObject({ StreamARN: arn, MaxRecordSizeInKiB: 1024 });
});

test("who may not is told so in AWS's words", async () => {
  await using setup = await setUp();
  const { server } = setup;
  const arn = server.kinesis.createStream(STREAM);
  using writers = clientsOf(server, server.addPrincipal({ userName: "writer" }));
  const denial = server.deny({ principal: "writer", action: "kinesis:PutRecords", resource: arn });
  const error = await rejection(putTexts(writers.kinesis, STREAM, "x"));
  expect([error.name, error.message]).toEqual([
    "AccessDeniedException",
    `User: arn:aws:iam::123456789012:user/writer is not authorized to perform: kinesis:PutRecords on resource: ${arn} because no identity-based policy allows the kinesis:PutRecords action`,
  ]);
  expect((await putTexts(setup.kinesis, STREAM, "x")).FailedRecordCount).toBe(0);
  denial.remove();
  expect((await putTexts(writers.kinesis, STREAM, "x")).FailedRecordCount).toBe(0);
});

test("DryRun checks a put and a read, and does neither", async () => {
  await using setup = await setUp();
  const { kinesis, server } = setup;
  server.kinesis.createStream(STREAM);
  const record = { Data: Buffer.from("x"), PartitionKey: "a" };
  const target = { StreamName: STREAM, DryRun: true };
  for (const call of [
    kinesis.send(new PutRecordCommand({ ...target, ...record })),
    kinesis.send(new PutRecordsCommand({ ...target, Records: [record] })),
    kinesis.send(new GetShardIteratorCommand({ ...target, ShardId: "shardId-0", ShardIteratorType: "LATEST" })),
  ]) {
    expect(await refusal(call)).toBe("DryRunOperationException");
  }
  expect([...server.kinesis.records(STREAM)]).toEqual([]);
});

test("an encrypted stream works only as long as its key does", async () => {
  await using setup = await setUp();
  const { kinesis, server, clock } = setup;
  server.kinesis.createStream(STREAM);
  const { arn } = server.kms.createKey();
  const start = (KeyId: string) =>
    kinesis.send(new StartStreamEncryptionCommand({ StreamName: STREAM, EncryptionType: "KMS", KeyId }));
  expect(await refusal(start("alias/absent"))).toBe("KMSNotFoundException");
  await start(arn);
  clock.advance(2_000);
  await putTexts(kinesis, STREAM, "sealed");
  const iterator = await oldestIterator(kinesis, STREAM);
  expect((await get(kinesis, iterator)).Records?.[0]?.EncryptionType).toBe("KMS");
  server.kms.setEnabled(arn, false);
  expect(await refusal(putTexts(kinesis, STREAM, "x"))).toBe("KMSDisabledException");
  expect(await refusal(get(kinesis, iterator))).toBe("KMSDisabledException");
  server.kms.setEnabled(arn, true);
  server.deny({ action: "kms:Decrypt", resource: arn });
  expect((await putTexts(kinesis, STREAM, "y")).EncryptionType).toBe("KMS");
  expect(await refusal(get(kinesis, iterator))).toBe("KMSAccessDeniedException");
});

test("broken constraints are told all at once, in AWS's words", async () => {
  await using setup = await setUp();
  const call = setup.kinesis.send(
    new PutRecordsCommand({
      StreamName: "has blanks",
      Records: [{ Data: Buffer.from(""), PartitionKey: "", ExplicitHashKey: "-1" }],
    }),
  );
  expect((await rejection(call)).message).toBe(
    "3 validation errors detected: " +
      "Value 'has blanks' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; " +
      "Value '' at 'records.1.member.partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
      "Value '-1' at 'records.1.member.explicitHashKey' failed to satisfy constraint: Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})",
  );
});

test("a stream may be named as a directory is", async () => {
  await using server = await startLocalAws();
  using clients = clientsOf(server);
  for (const name of ["..", ".", "a".repeat(128)]) {
    server.kinesis.createStream(name);
    await putTexts(clients.kinesis, name, name);
    expect([...server.kinesis.records(name)].map(({ data }) => data.toString())).toEqual([name]);
  }
  expect(server.kinesis.streams()).toEqual([".", "..", "a".repeat(128)]);
});
