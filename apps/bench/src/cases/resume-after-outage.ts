import { randomBytes } from "node:crypto";
import type { DecryptCommand, GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import {
  type AuditSource,
  type Cursor,
  ENGINE_TRAITS,
  type Provenance,
  type ResourceId,
  silentLogger,
  stringifyExact,
  systemClock,
} from "@das/core";
import { type DataKey, type KmsClient, seal } from "@das/envelope";
import { KinesisMemory } from "@das/publisher";
import type { CaseLine } from "../report/case-line.ts";
import { SyntheticStream } from "../wire/synthetic-stream.ts";

const RESOURCE_ID: ResourceId = "db-BENCHRESUMEDBENCHRESUMEDBE";
const SOURCE = "sqlserver:a:RDS_DAS_AUDIT";
const HEARTBEAT_INTERVAL = 10_000;
const HOUR = 3_600_000;
const RETENTION_HOURS = 7 * 24;
const SHARDS = 2;
const BYTES_PER_SECOND = 1_000_000;
/** Seconds. */
const BAR = 300;

/** How long the publisher looks back when nobody published for long and others filled the stream all the time. */
export async function resumeAfterOutage(outageHours: number): Promise<CaseLine> {
  const now = systemClock.now();
  const begin = now - RETENTION_HOURS * HOUR;
  const key: DataKey = { plaintext: randomBytes(32), encrypted: randomBytes(184).toString("base64") };
  const stream = new SyntheticStream({
    shards: SHARDS,
    bytesPerSecond: BYTES_PER_SECOND,
    begin,
    source: {
      partitionKey: SOURCE,
      from: begin + 1,
      to: now - outageHours * HOUR,
      interval: HEARTBEAT_INTERVAL,
      record: (number) => sealHeartbeat(number, key),
    },
  });
  using memory = new KinesisMemory({
    kinesis: stream.client,
    kms: kmsOf(key),
    resourceId: RESOURCE_ID,
    stream: { generation: 1, createdAt: begin - 24 * HOUR, retentionHours: RETENTION_HOURS },
    heartbeatInterval: HEARTBEAT_INTERVAL,
    withoutStream: () => ({ point: undefined, since: undefined, notices: [] }),
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });
  const started = systemClock.monotonic();
  const { point } = await memory.recall(SOURCE_OF_NUMBERS, new AbortController().signal);
  const seconds = (systemClock.monotonic() - started) / 1_000;
  const newest = Math.ceil(((RETENTION_HOURS - outageHours) * HOUR) / HEARTBEAT_INTERVAL) - 1;
  if (Number(point?.cursor) !== newest) throw new Error(`found ${point?.cursor}, and ${newest} is the newest place`);
  return {
    case: "resume",
    measures:
      "the publisher's search of the place to resume from, after an outage, on a stream that others fill and that is " +
      "made as it is read (a week of it is on no disk); in real time, within AWS's rates (per shard 2 MB/s, 5 calls/s)",
    parameters: {
      shards: SHARDS,
      bytesPerSecondAndShard: BYTES_PER_SECOND,
      outageHours,
      retentionHours: RETENTION_HOURS,
    },
    figures: {
      secondsToResume: seconds,
      bytesRead: stream.bytes,
      getRecordsCalls: stream.calls,
      callsRefused: stream.refused,
    },
    bar: { secondsToResume: BAR },
  };
}

/** Its cursors are numbers. */
const SOURCE_OF_NUMBERS = {
  id: SOURCE,
  history: "",
  compare: (a: Cursor, b: Cursor) => Number(a) - Number(b),
} as AuditSource<unknown>;

async function sealHeartbeat(sequence: number, key: DataKey): Promise<Uint8Array> {
  const provenance: Provenance = {
    ...{ generation: 1, source: SOURCE, history: "", epoch: "the one before", lane: 0, sequence, acked: sequence - 1 },
    ...{ watermark: String(sequence), behind: [sequence], markers: "" },
  };
  const inner = {
    type: "DatabaseActivityMonitoringRecord",
    clusterId: "",
    instanceId: RESOURCE_ID,
    databaseActivityEventList: [{ type: "heartbeat" }],
    provenance,
  };
  return (await seal(stringifyExact(inner), key, ENGINE_TRAITS.sqlserver.recordVersion)).bytes;
}

/** Knows the one key. */
function kmsOf({ plaintext }: DataKey): KmsClient {
  const send = async (_: GenerateDataKeyCommand | DecryptCommand) => ({
    $metadata: {},
    // A copy: whoever asked for it zeroes it.
    Plaintext: Uint8Array.from(plaintext),
  });
  return { send } as KmsClient;
}
