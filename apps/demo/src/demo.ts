import { systemClock } from "@das/core";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { startOracle } from "./databases/oracle-database.ts";
import { startSqlServer } from "./databases/sqlserver-database.ts";
import { Line } from "./line.ts";
import { LiveView } from "./live-view.ts";
import { isComplete, sumOf } from "./outcome.ts";
import { outcomeTable } from "./outcome-table.ts";
import { Story } from "./story.ts";

export interface DemoOptions {
  readonly engine: "oracle" | "sqlserver" | "both";
  readonly seconds: number;
  /** Audited rows a second, of all databases together. */
  readonly rate: number;
  readonly seed: number;
  readonly hold: boolean;
  readonly json: boolean;
}

/** One resource for each database: a stream is one logical database. */
const DATABASES = {
  sqlserver: { resourceId: "db-DASDEMODASDEMODASDEMODASDE", start: startSqlServer },
  oracle: { resourceId: "db-DASDEMOORACLEDASDEMOORACLE", start: startOracle },
} as const;

/** What happens, and when: as shares of the time that the workload runs. */
const KILL_AT = 0.25;
const FAILOVER_AT = 0.5;
const RETURN_AT = 0.7;
/** From what happened to what happens next, at least. */
const SHORTEST_PAUSE = 0.1;

const EXIT_INTERRUPTED = 130;

/** Runs the whole line, once for each database. @returns the exit code: 1 when anything that was audited is missing */
export async function runDemo(options: DemoOptions): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const aws = stack.use(await startLocalAws({ onDemandShards: 1 }));
  const kmsKeyId = aws.kms.createKey({ alias: "alias/das-demo" }).arn;
  const isPlain = !options.json && !process.stdout.isTTY;
  const story = new Story((line) => isPlain && process.stdout.write(`${line}\n`));
  const engines = options.engine === "both" ? (["sqlserver", "oracle"] as const) : [options.engine];
  const lines: Line[] = [];
  for (const engine of engines) {
    const { resourceId, start } = DATABASES[engine];
    lines.push(stack.use(await Line.start({ aws, kmsKeyId, resourceId, database: await start(), story })));
  }
  process.stdout.write(options.json ? connectionLine(aws, lines) : connectionText(aws, lines));
  using interrupt = onInterrupt();
  const over = new AbortController();
  const playing = play(options, lines, story, { interrupt: interrupt.signal, over: over.signal });
  try {
    // Nothing runs here without somebody waiting for it: who ends too early ends the demo.
    const hasPlayed = await Promise.race([...lines.map(({ broken }) => broken), playing]);
    if (!hasPlayed) return EXIT_INTERRUPTED;
  } catch (error) {
    over.abort();
    await Promise.allSettled([playing]);
    const logs = lines.flatMap(({ publishers }) => publishers.flatMap(({ log }) => log));
    process.stderr.write(`${[(error as Error).message, ...logs].join("\n")}\n`);
    return 1;
  }
  const ends = await Promise.all(lines.map((line) => line.finish()));
  const total = sumOf(ends.map(({ outcome }) => outcome));
  const problems = ends.flatMap((end) => end.problems);
  const columns = lines.flatMap(({ database: { label } }, index) => {
    const end = ends[index];
    return end ? [{ label, outcome: end.outcome }] : [];
  });
  process.stdout.write(options.json ? `${JSON.stringify(total)}\n` : outcomeTable(columns));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return isComplete(total) && problems.length === 0 ? 0 : 1;
}

/**
 * The workloads run, and are seen, until their time is over or somebody interrupts them; then their last events arrive.
 * @returns false when it was interrupted before it began
 */
async function play(
  options: DemoOptions,
  lines: readonly Line[],
  story: Story,
  { interrupt, over }: { readonly interrupt: AbortSignal; readonly over: AbortSignal },
): Promise<boolean> {
  const signal = AbortSignal.any([interrupt, over]);
  let status = () => "the publishers are starting, and create their streams";
  using view = new LiveView(options.json ? undefined : process.stdout, lines, story, () => status());
  await Promise.all(lines.map((line) => line.begun(signal)));
  if (signal.aborted) return false;
  story.begin();
  const end = systemClock.monotonic() + options.seconds * 1_000;
  const left = () => Math.max(0, end - systemClock.monotonic());
  status = () => (options.hold ? "held until Ctrl-C" : `${Math.ceil(left() / 1_000)} s left; Ctrl-C ends it earlier`);
  const running = lines.map(({ database }) => database.play(options.rate / lines.length, options.seed));
  const upsetting = upset(lines, options.seconds * 1_000, signal);
  await systemClock.sleep(options.hold ? 2 ** 31 - 1 : left(), signal);
  await upsetting;
  await Promise.all(running.map((workload) => workload.stop()));
  status = () => "the workload has stopped; its last events arrive";
  await Promise.all(lines.map((line) => line.settle(over)));
  view.draw();
  return true;
}

/**
 * A publisher is killed, then every primary goes down and another takes over, then what went down comes back. One after
 * the other, however slow the machine is.
 */
async function upset(lines: readonly Line[], duration: number, signal: AbortSignal): Promise<void> {
  const began = systemClock.monotonic();
  const steps: readonly (readonly [at: number, step: () => Promise<unknown>])[] = [
    [KILL_AT, async () => lines.at(-1)?.killPublisher(signal)],
    [FAILOVER_AT, () => Promise.all(lines.map((line) => line.failOver()))],
    [RETURN_AT, () => Promise.all(lines.map((line) => line.bringBack()))],
  ];
  let notBefore = began;
  for (const [at, step] of steps) {
    const time = Math.max(began + at * duration, notBefore);
    await systemClock.sleep(Math.max(0, time - systemClock.monotonic()), signal);
    if (signal.aborted) return;
    await step();
    notBefore = systemClock.monotonic() + SHORTEST_PAUSE * duration;
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

function connectionLine({ endpoint, region, credentials }: LocalAws, lines: readonly Line[]): string {
  const streams = lines.map(({ streamName, resourceId }) => ({ streamName, resourceId }));
  return `${JSON.stringify({ endpoint, streams, region, ...credentials })}\n`;
}

function connectionText({ endpoint, region, credentials }: LocalAws, lines: readonly Line[]): string {
  const commands = lines.flatMap(({ configurationFile }) =>
    ["tail", "verify"].map((command) => `  npx --yes pnpm@12.21.0 das ${command} --config ${configurationFile}`),
  );
  return `Each stream can be read by any consumer while this runs, for example from another terminal:

  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region}
  export AWS_ACCESS_KEY_ID=${credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}
${commands.join("\n")}

`;
}
