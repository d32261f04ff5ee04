/** Each role may do what its policy says on its own stream, with its own key and context, and is refused everything else. */
import * as kinesis from "@aws-sdk/client-kinesis";
import * as kms from "@aws-sdk/client-kms";
import { encryptionContextOf, streamNameOf, systemClock } from "@das/core";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { expect, test } from "vitest";
import { type AwsClients, openAwsClients } from "../src/aws/clients.ts";
import { IAM_ROLES, iamPolicyOf, type PolicyDocument } from "../src/aws/policy/iam-policy.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const OTHER_RESOURCE = "db-234567ABCDEFGHIJKLMNOPQRST";
const CONTEXT = encryptionContextOf(RESOURCE);
const SHARD = "shardId-000000000000";

/** What a call is about, in words, and the call. */
type Attempt = readonly [action: string, on: string, call: () => Promise<unknown>];

/** Every call about a stream that there is; deleting it comes last. */
function streamAttempts({ kinesis: client }: AwsClients, name: string, iterator: string, on: string): Attempt[] {
  const stream = { StreamName: name };
  const key = { EncryptionType: "KMS", KeyId: "alias/aws/kinesis" } as const;
  const record = { PartitionKey: "p", Data: new Uint8Array(1) };
  const commands = {
    AddTagsToStream: new kinesis.AddTagsToStreamCommand({ ...stream, Tags: { a: "b" } }),
    CreateStream: new kinesis.CreateStreamCommand({ ...stream, ShardCount: 1 }),
    DecreaseStreamRetentionPeriod: new kinesis.DecreaseStreamRetentionPeriodCommand({
      ...stream,
      RetentionPeriodHours: 24,
    }),
    DescribeStream: new kinesis.DescribeStreamCommand(stream),
    DescribeStreamSummary: new kinesis.DescribeStreamSummaryCommand(stream),
    GetRecords: new kinesis.GetRecordsCommand({ ShardIterator: iterator }),
    GetShardIterator: new kinesis.GetShardIteratorCommand({ ...stream, ShardId: SHARD, ShardIteratorType: "LATEST" }),
    IncreaseStreamRetentionPeriod: new kinesis.IncreaseStreamRetentionPeriodCommand({
      ...stream,
      RetentionPeriodHours: 48,
    }),
    ListShards: new kinesis.ListShardsCommand(stream),
    ListTagsForStream: new kinesis.ListTagsForStreamCommand(stream),
    MergeShards: new kinesis.MergeShardsCommand({ ...stream, ShardToMerge: SHARD, AdjacentShardToMerge: SHARD }),
    PutRecord: new kinesis.PutRecordCommand({ ...stream, ...record }),
    PutRecords: new kinesis.PutRecordsCommand({ ...stream, Records: [record] }),
    RemoveTagsFromStream: new kinesis.RemoveTagsFromStreamCommand({ ...stream, TagKeys: ["a"] }),
    SplitShard: new kinesis.SplitShardCommand({ ...stream, ShardToSplit: SHARD, NewStartingHashKey: "1" }),
    StartStreamEncryption: new kinesis.StartStreamEncryptionCommand({ ...stream, ...key }),
    StopStreamEncryption: new kinesis.StopStreamEncryptionCommand({ ...stream, ...key }),
    UpdateShardCount: new kinesis.UpdateShardCountCommand({
      ...stream,
      TargetShardCount: 2,
      ScalingType: "UNIFORM_SCALING",
    }),
    DeleteStream: new kinesis.DeleteStreamCommand(stream),
  };
  return Object.entries(commands).map(([name, command]) => [
    `kinesis:${name}`,
    on,
    () => client.send(command as kinesis.DescribeStreamCommand),
  ]);
}

/** @param sealed a ciphertext of this key and context */
function keyAttempts(
  { kms: client }: AwsClients,
  KeyId: string,
  EncryptionContext: Record<string, string>,
  sealed: Uint8Array | undefined,
  on: string,
): Attempt[] {
  const use = { KeyId, EncryptionContext };
  const commands = {
    Decrypt: new kms.DecryptCommand({ EncryptionContext, CiphertextBlob: sealed }),
    DescribeKey: new kms.DescribeKeyCommand({ KeyId }),
    Encrypt: new kms.EncryptCommand({ ...use, Plaintext: new Uint8Array(1) }),
    GenerateDataKey: new kms.GenerateDataKeyCommand({ ...use, KeySpec: "AES_256" }),
  };
  return Object.entries(commands).map(([name, command]) => [
    `kms:${name}`,
    on,
    () => client.send(command as kms.DescribeKeyCommand),
  ]);
}

async function openScene(): Promise<LocalAws> {
  const aws = await startLocalAws({ durations: { create: 0, delete: 0 } });
  for (const resource of [RESOURCE, OTHER_RESOURCE]) aws.kinesis.createStream(streamNameOf(resource));
  return aws;
}

async function everyAttempt(aws: LocalAws, policy: PolicyDocument, own: string, other: string): Promise<string[]> {
  const common = { endpoint: aws.endpoint };
  using all = openAwsClients(aws.region, { ...common, credentials: aws.credentials });
  using clients = openAwsClients(aws.region, {
    ...common,
    credentials: aws.addPrincipal({ userName: "one", policy }),
  });
  const iteratorOf = async (name: string) => {
    const position = { StreamName: name, ShardId: SHARD, ShardIteratorType: "LATEST" } as const;
    return (await all.kinesis.send(new kinesis.GetShardIteratorCommand(position))).ShardIterator ?? "";
  };
  const seal = async (KeyId: string, EncryptionContext: Record<string, string>) =>
    (await all.kms.send(new kms.EncryptCommand({ KeyId, EncryptionContext, Plaintext: new Uint8Array(1) })))
      .CiphertextBlob;
  const attempts: Attempt[] = [
    ["kinesis:ListStreams", "all", () => clients.kinesis.send(new kinesis.ListStreamsCommand({}))],
    ["kms:ListAliases", "all", () => clients.kms.send(new kms.ListAliasesCommand({}))],
    ["kms:CreateKey", "all", () => clients.kms.send(new kms.CreateKeyCommand({}))],
  ];
  for (const [on, keyId, context] of [
    ["own", own, CONTEXT],
    ["another key", other, CONTEXT],
    ["another context", own, encryptionContextOf(OTHER_RESOURCE)],
    ["a wider context", own, { ...CONTEXT, more: "x" }],
    ["no context", own, {}],
  ] as const) {
    attempts.push(...keyAttempts(clients, keyId, context, await seal(keyId, context), on));
  }
  for (const [on, resource] of [
    ["own", RESOURCE],
    ["another stream", OTHER_RESOURCE],
  ] as const) {
    const name = streamNameOf(resource);
    attempts.push(...streamAttempts(clients, name, await iteratorOf(name), on));
  }
  const permitted: string[] = [];
  for (const [action, on, call] of attempts) {
    const refusal = await call().then(
      () => undefined,
      (error: Error) => error.name,
    );
    if (refusal !== "AccessDeniedException") permitted.push(`${action} on ${on}`);
  }
  return permitted;
}

test.each(IAM_ROLES.flatMap((role) => (["ARN", "alias"] as const).map((name) => [role, name] as const)))(
  "the %s, whose key is named by its %s",
  async (role, name) => {
    await using aws = await openScene();
    const own = aws.kms.createKey().arn;
    const other = aws.kms.createKey().arn;
    using all = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
    await all.kms.send(new kms.CreateAliasCommand({ AliasName: "alias/das", TargetKeyId: own }));
    await all.kms.send(new kms.CreateAliasCommand({ AliasName: "alias/other", TargetKeyId: other }));
    while (aws.kinesis.stream(streamNameOf(OTHER_RESOURCE))?.status !== "ACTIVE") await systemClock.sleep(5);
    const policy = iamPolicyOf(role, {
      ...{ resourceId: RESOURCE, region: aws.region, account: aws.accountId, formerKeyIds: [] },
      kmsKeyId: name === "ARN" ? own : "alias/das",
    });
    const granted = policy.Statement.flatMap(({ Action }) => Action);
    // A key is looked at without any context.
    const looks = ["another context", "a wider context", "no context"].map((on) => `kms:DescribeKey on ${on}`);
    expect((await everyAttempt(aws, policy, own, other)).toSorted()).toEqual(
      [
        ...granted.map((action) => `${action} on own`),
        ...(granted.includes("kms:DescribeKey") ? looks : []),
      ].toSorted(),
    );
  },
);
