import type { KinesisClient, StreamDescriptionSummary } from "@aws-sdk/client-kinesis";
import { type CheckFinding, type Clock, checkTopic, streamNameOf } from "@das/core";
import type { Configuration } from "../../configuration/schema.ts";
import { describeStream, isActive, readTags } from "../../stream/kinesis-stream.ts";
import { type Answer, ask } from "./answer.ts";
import { judgeCapacity, judgeReading } from "./capacity.ts";
import { heartbeatKeys, judgePutting } from "./putting.ts";
import { START_HINT } from "./start-hint.ts";
import { judgeState, type StateFindings } from "./state.ts";
import { observeTraffic } from "./traffic.ts";

/** The stream of the resource: whether it can be published on and read, as a publisher does. Nothing is put on it. */
export async function checkStream(
  kinesis: KinesisClient,
  configuration: Configuration,
  awsClock: Pick<Clock, "now">,
): Promise<StateFindings> {
  const streamName = streamNameOf(configuration.resource.id);
  const described = await ask(`stream ${streamName}`, () => describeStream(kinesis, streamName));
  const exists = judgeExistence(described, streamName, configuration);
  if (!described.known || exists.status !== "ok") return { findings: [exists] };
  const summary: Summary = described.value ?? {};
  const onDemand = summary.StreamModeDetails?.StreamMode === "ON_DEMAND";
  const subject = { streamName, onDemand, lanes: configuration.publisher.lanes };
  const tags = await ask(`stream ${streamName}`, () => readTags(kinesis, streamName));
  const traffic = await ask(`stream ${streamName}`, () =>
    observeTraffic(kinesis, streamName, awsClock.now(), heartbeatKeys(configuration)),
  );
  const { findings: ofState, keyInForce } = judgeState(tags, configuration);
  const findings = [
    exists,
    judgeEncryption(summary, streamName),
    judgeMode(summary, onDemand, configuration, streamName),
    judgeRetention(summary),
    ...ofState,
    judgeReading(traffic),
    ...(traffic.known ? [judgeCapacity(traffic.value, subject)] : []),
    ...(traffic.known && keyInForce !== undefined ? [judgePutting(traffic.value, configuration)] : []),
  ];
  return { findings, ...(keyInForce !== undefined && { keyInForce }) };
}

type Summary = Partial<StreamDescriptionSummary>;

function judgeExistence(
  described: Answer<StreamDescriptionSummary | undefined>,
  streamName: string,
  { stream }: Configuration,
): CheckFinding {
  const { ok, warning, failure } = checkTopic("stream.exists", "Everything that is published is put on this stream");
  if (!described.known) return failure(described.reason, described.remedy);
  const summary = described.value;
  if (summary === undefined) {
    return warning(`the stream ${streamName} does not exist in ${stream.region} yet`, START_HINT);
  }
  const owner = summary.StreamARN?.split(":")[4];
  if (stream.account !== undefined && owner !== stream.account) {
    return failure(
      `stream.account is ${stream.account}, but these credentials reach the stream of account ${owner}`,
      "Use credentials of that account (AWS_PROFILE or a role), or correct stream.account",
    );
  }
  const what = `the stream ${streamName} of account ${owner} is ${summary.StreamStatus}`;
  return isActive(summary) ? ok(what) : warning(what, "Look again in a minute");
}

function judgeEncryption({ EncryptionType = "NONE", KeyId = "…" }: Summary, streamName: string): CheckFinding {
  const { ok, failure } = checkTopic(
    "stream.encryption",
    "Activity streams do not work with encryption by Kinesis: records are sealed already",
  );
  if (EncryptionType === "NONE") return ok("Kinesis does not encrypt the stream a second time");
  return failure(
    `the stream has server-side encryption (${EncryptionType})`,
    `aws kinesis stop-stream-encryption --stream-name ${streamName} --encryption-type KMS --key-id ${KeyId}`,
  );
}

function judgeMode(
  { OpenShardCount = 0 }: Summary,
  onDemand: boolean,
  { stream }: Configuration,
  streamName: string,
): CheckFinding {
  const { ok, warning } = checkTopic("stream.mode", "The mode decides who follows a load that grows: Kinesis, or you");
  if (onDemand && stream.shards === undefined) return ok(`capacity is on demand, ${OpenShardCount} shards now`);
  if (onDemand) {
    return warning(
      `stream.shards is ${stream.shards}, but the stream's capacity is on demand`,
      "Remove stream.shards from the configuration: it counts for a new stream only",
    );
  }
  const what = `capacity is provisioned, ${OpenShardCount} shard${OpenShardCount === 1 ? "" : "s"}`;
  if (stream.shards === undefined || stream.shards === OpenShardCount) return ok(what);
  return warning(
    `${what}; stream.shards is ${stream.shards}`,
    `aws kinesis update-shard-count --stream-name ${streamName} --target-shard-count ${stream.shards} --scaling-type UNIFORM_SCALING`,
  );
}

/** What Kinesis keeps at least, and what an activity stream has. */
const HOURS = 24;

function judgeRetention({ RetentionPeriodHours = HOURS }: Summary): CheckFinding {
  const { ok } = checkTopic(
    "stream.retention",
    "A publisher that was away for longer finds nothing on the stream to go on from",
  );
  return ok(`records stay for ${RetentionPeriodHours} hours: so long may a publisher be away, and its place is known`);
}
