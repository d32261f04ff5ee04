import { systemClock } from "@das/core";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { startOracle } from "./databases/oracle-database.ts";
import { startSqlServer } from "./databases/sqlserver-database.ts";
import { Line } from "./line.ts";
import { LiveView } from "./live-view.ts";
import { outcomeTable } from "./outcome-table.ts";
import { sumOf } from "./tally.ts";

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

/** Runs the whole line, once for each database. @returns the exit code: 1 when anything that was audited is missing */
export async function runDemo(options: DemoOptions): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const aws = stack.use(await startLocalAws({ onDemandShards: 1 }));
  const kmsKeyId = aws.kms.createKey({ alias: "alias/das-demo" }).arn;
  const engines = options.engine === "both" ? (["sqlserver", "oracle"] as const) : [options.engine];
  const lines: Line[] = [];
  for (const engine of engines) {
    const { resourceId, start } = DATABASES[engine];
    lines.push(stack.use(await Line.start(aws, kmsKeyId, resourceId, await start())));
  }
  process.stdout.write(options.json ? connectionLine(aws, lines) : connectionText(aws, lines));
  try {
    // Nothing runs here without somebody waiting for it: who ends too early ends the demo.
    await Promise.race([...lines.map(({ broken }) => broken), play(options, lines)]);
  } catch (error) {
    const logs = lines.flatMap(({ publisher }) => publisher.log);
    process.stderr.write(`${[(error as Error).message, ...logs].join("\n")}\n`);
    return 1;
  }
  const ends = await Promise.all(lines.map((line) => line.finish()));
  const total = sumOf(ends.map(({ outcome }) => outcome));
  const problems = ends.flatMap((end) => end.problems);
  process.stdout.write(options.json ? `${JSON.stringify(total)}\n` : outcomeTable(labelOf(lines), total));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return total.missing === 0 && problems.length === 0 ? 0 : 1;
}

/** The workloads run, and are seen, until their time is over or somebody interrupts them; then their last events arrive. */
async function play(options: DemoOptions, lines: readonly Line[]): Promise<void> {
  using interrupt = onInterrupt();
  const end = systemClock.monotonic() + options.seconds * 1_000;
  const left = () => Math.max(0, Math.ceil((end - systemClock.monotonic()) / 1_000));
  let status = () => (options.hold ? "held until Ctrl-C" : `${left()} s left; Ctrl-C ends it earlier`);
  using view = new LiveView(options.json ? undefined : process.stdout, lines, () => status());
  const running = lines.map(({ database }) => database.play(options.rate / lines.length, options.seed));
  await systemClock.sleep(options.hold ? 2 ** 31 - 1 : options.seconds * 1_000, interrupt.signal);
  await Promise.all(running.map((workload) => workload.stop()));
  status = () => "the workload has stopped; its last events arrive";
  await Promise.all(lines.map((line) => line.settle()));
  view.draw();
}

function labelOf(lines: readonly Line[]): string {
  return lines.map(({ database }) => database.label).join(" and ");
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
  const tails = lines.map(
    ({ publisher }) => `  npx --yes pnpm@12.21.0 das tail --config ${publisher.configurationFile}`,
  );
  return `Each stream can be read by any consumer while this runs, for example from another terminal:

  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region}
  export AWS_ACCESS_KEY_ID=${credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}
${tails.join("\n")}

`;
}
