import { expect, test } from "vitest";
import type { AuditedDatabase } from "../src/databases/audited-database.ts";
import { OracleDataGuard } from "../src/databases/oracle-data-guard.ts";
import { SqlServerGroup } from "../src/databases/sqlserver-group.ts";
import { Random } from "../src/random.ts";
import { Scene } from "../src/scene.ts";
import { deathAt, STEPS, type Step } from "../src/witness/steps.ts";

const RATE = 150;
/** Milliseconds for a publisher to start, resume and come to its step, which takes one or two seconds. */
const PATIENCE = 300_000;

const LATE: Step = "a call is on its way";
/** Milliseconds. */
const LATE_BY = 3_000;

test.concurrent.for<readonly [engine: string, lanes: number, start: () => Promise<AuditedDatabase>]>([
  ["Oracle", 1, () => OracleDataGuard.start()],
  ["SQL Server", 3, () => SqlServerGroup.start()],
])(
  "%s, %i lane(s): killed at each step of the pipeline, publishers lose nothing and double only what had no answer",
  { timeout: 10 * PATIENCE },
  async ([, lanes, start], { annotate }) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = new Random(seed);
    await using scene = await Scene.open(await start(), { rate: RATE, seed, lanes });
    scene.play();
    for (const step of STEPS) {
      // What is on its way arrives when the next publisher has looked at the stream already.
      const late = step === LATE ? scene.delayPuts(LATE_BY) : undefined;
      const publisher = await scene.start("a", { death: deathAt(step, (most) => random.upTo(most)) });
      await Promise.race([publisher.ended, timeout(PATIENCE)]);
      await scene.kill(publisher);
      late?.remove();
    }
    await scene.pause();
    await scene.start("a");
    await scene.start("b");
    await scene.settle(AbortSignal.timeout(PATIENCE));
    const { kills, ...verdict } = await scene.verdict();
    const context = `seed ${seed}: ${JSON.stringify({ kills, ...verdict }, null, 1)}`;
    expect(
      kills.map(({ where }) => where),
      context,
    ).toEqual(STEPS);
    expect(verdict, context).toMatchObject({
      missing: 0,
      declared: 0,
      doubled: 0,
      unexplainedDoubles: 0,
      openHoles: 0,
    });
    for (const { doubles, unanswered } of kills) expect(doubles, context).toBeLessThanOrEqual(unanswered);
    const unanswered = kills.reduce((sum, kill) => sum + kill.unanswered, 0);
    await annotate(
      `${verdict.audited} audited, ${unanswered} unanswered at the kills, ${verdict.rawDoubles} doubled on the stream`,
    );
    expect(verdict.audited, context).toBeGreaterThan(RATE);
  },
);

function timeout(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
