import { streamNameOf, systemClock } from "@das/core";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import {
  type AuditRow,
  createWorkload,
  filesOfAudit,
  runWorkload,
  type SqlServerEmulator,
  startSqlServerEmulator,
} from "@das/sqlserver-emulator";
import { Arrivals } from "./arrivals.ts";
import { LiveView } from "./live-view.ts";
import { outcomeTable } from "./outcome-table.ts";
import { PublisherProcess } from "./publisher-process.ts";

export interface DemoOptions {
  readonly seconds: number;
  /** Audited rows a second. */
  readonly rate: number;
  readonly seed: number;
  readonly hold: boolean;
  readonly json: boolean;
}

const RESOURCE_ID = "db-DASDEMODASDEMODASDEMODASDE";
const STREAM_NAME = streamNameOf(RESOURCE_ID);

/** Milliseconds that the last events get to arrive once the workload has stopped. */
const SETTLE_TIME = 20_000;

/** Runs the whole line once. @returns the exit code: 1 when anything that was audited is missing */
export async function runDemo(options: DemoOptions): Promise<number> {
  await using aws = await startLocalAws({ onDemandShards: 1 });
  await using emulator = await startSqlServerEmulator();
  await using publisher = await startPublisher(aws, emulator);
  process.stdout.write(options.json ? connectionLine(aws) : connectionText(aws, publisher.configurationFile));

  const arrivals = new Arrivals();
  const reading = new AbortController();
  const consuming = arrivals.follow(aws, STREAM_NAME, reading.signal);
  // Nothing runs here without somebody waiting for it: who ends too early ends the demo.
  const broken = Promise.race([
    consuming.then(() => Promise.reject(new Error("the consumer ended"))),
    publisher.exited.then((code) => Promise.reject(new Error(`the publisher ended with ${code}`))),
  ]);
  broken.catch(() => undefined);
  try {
    await Promise.race([broken, play(options, emulator, arrivals, publisher)]);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${publisher.log.join("\n")}\n`);
    reading.abort();
    await Promise.allSettled([consuming]);
    return 1;
  }

  const exitCode = await publisher.stop();
  const records = [...aws.kinesis.records(STREAM_NAME)].length;
  await arrivals.until(() => arrivals.records >= records, SETTLE_TIME);
  reading.abort();
  await consuming;
  const outcome = arrivals.tally.compare(auditedRows(emulator));
  process.stdout.write(options.json ? `${JSON.stringify(outcome)}\n` : outcomeTable(outcome));
  for (const problem of arrivals.problems) process.stderr.write(`${problem}\n`);
  if (exitCode !== 0) process.stderr.write(`the publisher ended with ${exitCode}\n${publisher.log.join("\n")}\n`);
  return outcome.missing === 0 && arrivals.problems.length === 0 && exitCode === 0 ? 0 : 1;
}

function startPublisher(aws: LocalAws, emulator: SqlServerEmulator): Promise<PublisherProcess> {
  const { host, port, user, password, ca } = emulator;
  if (ca === undefined) throw new Error("the emulator was started without a certificate");
  const kmsKeyId = aws.kms.createKey({ alias: "alias/das-demo" }).arn;
  return PublisherProcess.start({
    aws,
    resourceId: RESOURCE_ID,
    kmsKeyId,
    instance: { id: "a", host, port, user, password, ca },
  });
}

/** The workload runs, and is seen, until its time is over or somebody interrupts it; then its last events arrive. */
async function play(
  options: DemoOptions,
  emulator: SqlServerEmulator,
  arrivals: Arrivals,
  publisher: PublisherProcess,
): Promise<void> {
  using interrupt = onInterrupt();
  const end = systemClock.monotonic() + options.seconds * 1_000;
  const left = () => Math.max(0, Math.ceil((end - systemClock.monotonic()) / 1_000));
  let status = () => (options.hold ? "held until Ctrl-C" : `${left()} s left; Ctrl-C ends it earlier`);
  using view = new LiveView(options.json ? undefined : process.stdout, arrivals, () => ({
    streamName: STREAM_NAME,
    publisherPid: publisher.pid,
    audited: emulator.trail.audits.reduce((sum, { audited }) => sum + audited, 0),
    status: status(),
  }));
  const serverInstanceName = emulator.instance.serverName;
  const workload = createWorkload({ seed: options.seed, profile: emulator.profile, serverInstanceName });
  const running = runWorkload(emulator, workload, options.rate, systemClock);
  await systemClock.sleep(options.hold ? 2 ** 31 - 1 : options.seconds * 1_000, interrupt.signal);
  await running.stop();
  status = () => "the workload has stopped; its last events arrive";
  await arrivals.until(() => arrivals.tally.decoded >= [...auditedRows(emulator)].length, SETTLE_TIME);
  view.draw();
}

/** Every row that the audits hold: both are published. Nothing is pending any more once QUEUE_DELAY is over. */
function* auditedRows({ trail }: SqlServerEmulator): Generator<AuditRow> {
  for (const audit of trail.audits) {
    for (const file of filesOfAudit(trail, audit)) for (const block of file.blocks) yield* block.rows;
    yield* audit.pending;
  }
}

function onInterrupt(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
    },
  };
}

function connectionLine({ endpoint, region, credentials }: LocalAws): string {
  const streams = [{ streamName: STREAM_NAME, resourceId: RESOURCE_ID }];
  return `${JSON.stringify({ endpoint, streams, region, ...credentials })}\n`;
}

function connectionText({ endpoint, region, credentials }: LocalAws, configurationFile: string): string {
  return `The stream can be read by any consumer while this runs, for example from another terminal:

  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region}
  export AWS_ACCESS_KEY_ID=${credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}
  npx --yes pnpm@12.21.0 das tail --config ${configurationFile}

`;
}
