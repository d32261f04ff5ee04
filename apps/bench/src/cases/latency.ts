import { join } from "node:path";
import { type ActivityEvent, readActivityStream } from "@das/consumer";
import { streamNameOf, systemClock } from "@das/core";
import { openAwsClients } from "@das/publisher";
import { eventKey } from "../mix/event-key.ts";
import { MIX_SEED, MIX_VERSION } from "../mix/event-mix.ts";
import { Child } from "../processes/child.ts";
import { temporaryDirectory } from "../processes/lifetime.ts";
import { monotonicMilliseconds } from "../processes/monotonic.ts";
import type { Appearance, EmulatorProgram } from "../programs/emulator.ts";
import type { AwsAddress, LocalAwsProgram } from "../programs/local-aws.ts";
import { EMULATOR, LOCAL_AWS } from "../programs/programs.ts";
import { PublisherProcess } from "../publisher/publisher-process.ts";
import { percentile } from "../report/statistics.ts";
import type { Case } from "./case.ts";

/** Milliseconds beyond the engine's own delay. */
const BAR = { p50: 150, p99: 500 };
/** Rows a second. */
const RATE = 1_000;
const RESOURCE_ID = "db-BENCHLATENCYBENCHLATENCYBE";
/** Milliseconds. */
const POLL_INTERVAL = 10;
const WARM_UP = 3_000;
/** What the last rows get to arrive. */
const SETTLE_TIME = 10_000;

/** How long after it can be read in the trail a row reaches a consumer. */
export const latency: Case = async ({ latencySeconds }) => {
  await using emulator = new Child<EmulatorProgram>(EMULATOR);
  await using localAws = new Child<LocalAwsProgram>(LOCAL_AWS);
  const address = await emulator.ask("start", { rows: 0 });
  const aws = await localAws.ask("start", join(temporaryDirectory(), "aws-latency"));
  await localAws.ask("createStream", streamNameOf(RESOURCE_ID));
  await using publisher = new PublisherProcess({
    resourceId: RESOURCE_ID,
    aws,
    emulator: address,
    nativeAuditFields: false,
  });
  const arrivals = new Map<string, number>();
  const reading = new AbortController();
  const consumer = consume(aws, arrivals, reading.signal);
  await publisher.logged("reading the audit");

  await emulator.ask("startWorkload", RATE);
  await systemClock.sleep(WARM_UP);
  const begin = monotonicMilliseconds();
  await systemClock.sleep(latencySeconds * 1_000);
  const appearances = await emulator.ask("stopWorkload");
  await everyArrival(appearances, arrivals);
  await publisher.stop();
  reading.abort();
  await consumer;

  const delays = appearances
    .filter(({ at }) => at >= begin)
    .map(({ key, at }) => (arrivals.get(key) ?? Number.POSITIVE_INFINITY) - at);
  return [
    {
      case: "latency",
      measures:
        "milliseconds from when a row could first be read in the trail (QUEUE_DELAY 0: the engine's own delay is not " +
        "in it) to when readActivityStream gave its event to a consumer in another process, which asks the shard " +
        "every 10 ms; every row of a steady workload after a warm-up of 3 s",
      parameters: {
        rate: RATE,
        seconds: latencySeconds,
        events: delays.length,
        nativeAuditFields: false,
        version: MIX_VERSION,
        seed: MIX_SEED,
        tls: true,
      },
      figures: {
        p50: percentile(delays, 0.5),
        p90: percentile(delays, 0.9),
        p99: percentile(delays, 0.99),
        max: percentile(delays, 1),
      },
      bar: BAR,
    },
  ];
};

/** Notes when each event arrived first. */
async function consume(aws: AwsAddress, arrivals: Map<string, number>, signal: AbortSignal): Promise<void> {
  using clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
  const items = readActivityStream({
    kinesis: clients.kinesis,
    kms: clients.kms,
    stream: streamNameOf(RESOURCE_ID),
    from: "oldest",
    pollInterval: POLL_INTERVAL,
    signal,
  });
  for await (const item of items) {
    const at = monotonicMilliseconds();
    if (item.kind === "unreadable" || item.kind === "lost-shard")
      throw new Error(`the stream has ${item.kind} records`);
    if (item.kind === "events") for (const event of item.events) noteArrival(event, at, arrivals);
  }
}

function noteArrival(event: ActivityEvent, at: number, arrivals: Map<string, number>): void {
  const key = eventKey(event);
  if (!arrivals.has(key)) arrivals.set(key, at);
}

/** @throws Error when a row does not arrive: then no percentile says anything */
async function everyArrival(appearances: readonly Appearance[], arrivals: ReadonlyMap<string, number>): Promise<void> {
  const deadline = systemClock.monotonic() + SETTLE_TIME;
  for (;;) {
    const missing = appearances.filter(({ key }) => !arrivals.has(key)).length;
    if (missing === 0) return;
    if (systemClock.monotonic() > deadline) throw new Error(`${missing} of ${appearances.length} rows did not arrive`);
    await systemClock.sleep(50);
  }
}
