import { join } from "node:path";
import { streamNameOf, systemClock } from "@das/core";
import { openAwsClients } from "@das/publisher";
import { MIX_SEED, MIX_VERSION } from "../mix/event-mix.ts";
import { Child } from "../processes/child.ts";
import { temporaryDirectory } from "../processes/lifetime.ts";
import type { EmulatorProgram } from "../programs/emulator.ts";
import type { LocalAwsProgram } from "../programs/local-aws.ts";
import { EMULATOR, LOCAL_AWS } from "../programs/programs.ts";
import { PublisherProcess } from "../publisher/publisher-process.ts";
import type { CaseLine } from "../report/case-line.ts";
import { OtherWriters } from "../wire/other-writers.ts";
import type { Case } from "./case.ts";

interface Scene {
  readonly resourceId: `db-${string}`;
  /** Of all others together, to each shard. */
  readonly bytesPerSecondAndShard: number;
  /** Seconds. */
  readonly pause: number;
  /** Seconds from the start of the process until it goes on. */
  readonly bar: number;
}

const SCENES: readonly Scene[] = [
  { resourceId: "db-BENCHRESUMEABENCHRESUMEABE", bytesPerSecondAndShard: 256_000, pause: 0, bar: 15 },
  { resourceId: "db-BENCHRESUMEBBENCHRESUMEBBE", bytesPerSecondAndShard: 950_000, pause: 0, bar: 60 },
  { resourceId: "db-BENCHRESUMECBENCHRESUMECBE", bytesPerSecondAndShard: 950_000, pause: 60, bar: 300 },
];
const SHARDS = 2;
/** Rows a second. */
const RATE = 200;

/** How long a publisher that was killed takes until it knows where to go on. */
export const resume: Case = async ({ lifeSeconds }) => {
  const lines: CaseLine[] = [];
  for (const scene of SCENES) lines.push(await lineOf(scene, lifeSeconds));
  return lines;
};

async function lineOf(scene: Scene, lifeSeconds: number): Promise<CaseLine> {
  const { resourceId, bytesPerSecondAndShard, pause, bar } = scene;
  const streamName = streamNameOf(resourceId);
  await using emulator = new Child<EmulatorProgram>(EMULATOR);
  await using localAws = new Child<LocalAwsProgram>(LOCAL_AWS);
  const address = await emulator.ask("start", { rows: 0 });
  const aws = await localAws.ask("start", join(temporaryDirectory(), `aws-${resourceId}`), true);
  await localAws.ask("createStream", streamName, SHARDS);
  using clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
  await using _others = new OtherWriters(clients.kinesis, streamName, bytesPerSecondAndShard);
  await emulator.ask("startWorkload", RATE);
  const publisher = { resourceId, aws, emulator: address, nativeAuditFields: false };
  {
    await using _killed = new PublisherProcess(publisher);
    await systemClock.sleep(lifeSeconds * 1_000);
  }
  await systemClock.sleep(pause * 1_000);
  await localAws.ask("resetCounts");
  await using restarted = new PublisherProcess(publisher);
  const resumed = await restarted.logged("resuming from the stream");
  const seconds = (Date.now() - restarted.startedAt) / 1_000;
  const { calls, bytes, refused } = await localAws.ask("readCounts");
  return {
    case: "resume",
    measures:
      "a publisher that was killed (SIGKILL) is started again: seconds from the start of its process until it knows " +
      "where its source goes on, and what all GetRecords calls gave until then; Kinesis keeps AWS's rates (per shard " +
      "2 MB/s and 5 calls/s), other writers fill each shard meanwhile",
    parameters: {
      shards: SHARDS,
      bytesPerSecondAndShard,
      lifeSeconds,
      pauseSeconds: pause,
      rowsPerSecond: RATE,
      version: MIX_VERSION,
      seed: MIX_SEED,
    },
    figures: {
      secondsToResume: seconds,
      bytesRead: bytes,
      getRecordsCalls: calls,
      callsRefused: refused,
      identitiesFound: Number(resumed.published),
    },
    bar: { secondsToResume: bar },
  };
}
