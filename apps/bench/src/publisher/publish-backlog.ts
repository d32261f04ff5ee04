import { streamNameOf, systemClock } from "@das/core";
import type { Child } from "../processes/child.ts";
import { ProcessMeter } from "../processes/process-meter.ts";
import type { EmulatorAddress, EmulatorProgram, HeldRows } from "../programs/emulator.ts";
import type { AwsAddress, LocalAwsProgram } from "../programs/local-aws.ts";
import { steadyPart } from "../report/steady-part.ts";
import { PublisherProcess } from "./publisher-process.ts";
import { type Arrival, readBack } from "./read-back.ts";

/** Servers that stay while publishers come and go. */
export interface Servers extends HeldRows {
  readonly emulator: { readonly program: Child<EmulatorProgram>; readonly address: EmulatorAddress };
  readonly aws: { readonly program: Child<LocalAwsProgram>; readonly address: AwsAddress };
}

export interface BacklogRun {
  readonly events: number;
  /** Records with events. */
  readonly records: number;
  /** Bytes of all records put, heartbeats included. */
  readonly bytes: number;
  /** From the first record with events on the stream to the last. */
  readonly seconds: number;
  /** From the start of the process to the last record. */
  readonly secondsFromStart: number;
  /** User and system time of all threads for an event of the steady part. */
  readonly cpuSecondsPerEvent: number;
  /** The same from the start of the process to when the audit began to be read. */
  readonly startCpuSeconds: number;
  /** VmHWM, MiB. */
  readonly peakMemory: number;
  readonly generateDataKeyCalls: number;
}

/** Milliseconds between two looks at the stream, and without a new record until it is taken for complete. */
const LOOK_INTERVAL = 50;
const QUIET_TIME = 1_000;
/** Milliseconds that one publisher may take. */
const PATIENCE = 180_000;

let runs = 0;

/** One publisher, from its start until the whole backlog is on a new stream. @throws Error when not every row arrives */
export async function publishBacklog(servers: Servers, nativeAuditFields: boolean): Promise<BacklogRun> {
  const { emulator, aws } = servers;
  const rows = servers.rows + servers.otherRows;
  const resourceId = nextResourceId();
  await aws.program.ask("createStream", streamNameOf(resourceId));
  await using publisher = new PublisherProcess({
    resourceId,
    aws: aws.address,
    emulator: emulator.address,
    nativeAuditFields,
  });
  using meter = new ProcessMeter(publisher.pid);
  await publisher.logged("reading the audit");
  const startCpuSeconds = meter.sample();
  await settled(servers, publisher);
  const peakMemory = meter.peakMemory();
  const counters = await publisher.stop();
  const { generateDataKeyCalls } = await aws.program.ask("counts");
  const arrivals = await readBack(aws.address, publisher.streamName, counters.records);
  const events = arrivals.at(-1)?.eventsSoFar ?? 0;
  if (events !== rows) throw new Error(`${events} events on the stream, ${rows} rows in the audits`);
  const steady = steadyPart(events);
  const cpuSecondsAt = (event: number) => meter.cpuSecondsAt(arrivalOf(event, arrivals));
  return {
    events,
    records: arrivals.length,
    bytes: counters.bytes,
    seconds: (arrivalOf(events, arrivals) - arrivalOf(1, arrivals)) / 1_000,
    secondsFromStart: (arrivalOf(events, arrivals) - publisher.startedAt) / 1_000,
    cpuSecondsPerEvent: (cpuSecondsAt(steady.to) - cpuSecondsAt(steady.from)) / (steady.to - steady.from),
    startCpuSeconds,
    peakMemory,
    generateDataKeyCalls,
  };
}

/** Milliseconds since 1970. */
function arrivalOf(event: number, arrivals: readonly Arrival[]): number {
  return arrivals.find(({ eventsSoFar }) => eventsSoFar >= event)?.at ?? Number.NaN;
}

/** Resolves when every row was read from the server and nothing new has come to the stream for a while. */
async function settled({ emulator, aws, rows }: Servers, publisher: PublisherProcess): Promise<void> {
  const before = await emulator.program.ask("rowsSent");
  const deadline = systemClock.monotonic() + PATIENCE;
  let recordsPut = 0;
  let since = systemClock.monotonic();
  while (systemClock.monotonic() < deadline) {
    await systemClock.sleep(LOOK_INTERVAL);
    const counts = await aws.program.ask("counts");
    const now = systemClock.monotonic();
    if (counts.recordsPut !== recordsPut) since = now;
    recordsPut = counts.recordsPut;
    if (now - since < QUIET_TIME) continue;
    if ((await emulator.program.ask("rowsSent")) - before >= rows) return;
  }
  throw new Error(`process ${publisher.pid} did not publish ${rows} rows within ${PATIENCE / 1_000} s`);
}

/** `db-` and 26 of A-Z2-7: another one for each run, so each has a stream of its own. */
function nextResourceId(): string {
  runs += 1;
  const letters = [...String(runs)].map((digit) => "ABCDEFGHIJ"[Number(digit)]).join("");
  return `db-${letters.padStart(26, "BENCHBENCHBENCHBENCHBENCH2")}`;
}
