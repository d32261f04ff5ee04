import { systemClock } from "@das/core";
import type { AuditedDatabase } from "./databases/audited-database.ts";
import { OracleDataGuard } from "./databases/oracle-data-guard.ts";
import { SqlServerGroup } from "./databases/sqlserver-group.ts";
import type { Verdict } from "./judge/judge.ts";
import { killPublishers } from "./kill-publishers.ts";
import { Random } from "./random.ts";
import { Scene } from "./scene.ts";

export interface ChaosOptions {
  readonly engine: "oracle" | "sqlserver" | "both";
  /** Of all engines together. */
  readonly kills: number;
  readonly failovers: number;
  /** Audited actions a second, in each database. */
  readonly rate: number;
  readonly seed: number;
  readonly json: boolean;
}

const DATABASES = {
  oracle: { name: "Oracle", start: (): Promise<AuditedDatabase> => OracleDataGuard.start() },
  sqlserver: { name: "SQL Server", start: (): Promise<AuditedDatabase> => SqlServerGroup.start() },
} as const;

type EngineName = keyof typeof DATABASES;

/** Milliseconds that the last events get to arrive. */
const SETTLE_TIME = 120_000;

/** @returns the exit code: 0 when the stream holds what was audited, and doubles are what may be doubled */
export async function runChaos(options: ChaosOptions): Promise<number> {
  const engines: readonly EngineName[] = options.engine === "both" ? ["oracle", "sqlserver"] : [options.engine];
  const began = systemClock.monotonic();
  const verdicts = await Promise.all(engines.map((engine) => tryEngine(engine, options, engines.length)));
  const seconds = Math.round((systemClock.monotonic() - began) / 1_000);
  const outcome = Object.fromEntries(verdicts.map((verdict, index) => [engines[index], verdict]));
  if (options.json) process.stdout.write(`${JSON.stringify({ seed: options.seed, seconds, ...outcome })}\n`);
  return verdicts.every((verdict) => isGood(verdict, options.failovers > 0)) ? 0 : 1;
}

async function tryEngine(engine: EngineName, options: ChaosOptions, engines: number): Promise<Verdict> {
  const { name, start } = DATABASES[engine];
  const say = (text: string) => void (options.json || process.stdout.write(`${text}\n`));
  await using scene = await Scene.open(await start());
  const activity = scene.database.play(options.rate, options.seed);
  const plan = {
    kills: Math.ceil(options.kills / engines),
    failovers: Math.ceil(options.failovers / engines),
    random: new Random(options.seed),
  };
  let killed = 0;
  await killPublishers(scene, plan, (instance, { where, unanswered }) => {
    killed += 1;
    const events = unanswered.reduce((sum, record) => sum + record.events, 0);
    say(`${String(killed).padStart(4)}  ${name.padEnd(10)}  ${instance}  ${where.padEnd(35)}  ${events} unanswered`);
  });
  await activity.stop();
  await scene.settle(AbortSignal.timeout(SETTLE_TIME)).catch(() => undefined);
  const verdict = await scene.verdict();
  say(verdictText(name, verdict));
  return verdict;
}

function verdictText(name: string, verdict: Verdict): string {
  const unanswered = verdict.kills.reduce((sum, kill) => sum + kill.unanswered, 0);
  const lines: readonly (readonly [string, unknown])[] = [
    ["kills", verdict.kills.length],
    ["audited", verdict.audited],
    ["on the stream", verdict.onStream],
    ["missing", verdict.missing],
    ["missing, in a loss window that is told", verdict.declared],
    ["doubled after the consumer's dedupe", verdict.doubled],
    ["doubled on the stream", verdict.rawDoubles],
    ["  unanswered at the kills, at most that many", unanswered],
    ["  not in such a call", verdict.unexplainedDoubles],
    ["open holes", verdict.openHoles],
    ["loss windows", verdict.lossWindows.join("; ") || "none"],
  ];
  const table = lines.map(([what, figure]) => `  ${what.padEnd(44)}${figure}`);
  return ["", name, ...table, ...verdict.samples.map((sample) => `  ${sample}`), ""].join("\n");
}

/** After a failover the old primary's publisher may still put what the new one's has found in its table, too. */
function isGood(verdict: Verdict, hasFailovers: boolean): boolean {
  const { missing, doubled, openHoles, unexplainedDoubles, kills } = verdict;
  if (missing > 0 || doubled > 0 || openHoles > 0) return false;
  return hasFailovers || (unexplainedDoubles === 0 && kills.every(({ doubles, unanswered }) => doubles <= unanswered));
}
