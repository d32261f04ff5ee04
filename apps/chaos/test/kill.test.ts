import { expect, test } from "vitest";
import { OracleDataGuard } from "../src/databases/oracle-data-guard.ts";
import { SqlServerGroup } from "../src/databases/sqlserver-group.ts";
import { Random } from "../src/random.ts";
import { Scene } from "../src/scene.ts";
import { deathAt, STEPS } from "../src/witness/steps.ts";

const RATE = 150;
/** Milliseconds for a publisher to start, resume and come to its step; it takes one or two seconds. */
const PATIENCE = 60_000;

test.concurrent.each([
  ["Oracle", () => OracleDataGuard.start()],
  ["SQL Server", () => SqlServerGroup.start()],
])(
  "%s: killed at each step of the pipeline, publishers lose nothing and double only what had no answer",
  async (_, start) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = new Random(seed);
    await using scene = await Scene.open(await start());
    const activity = scene.database.play(RATE, seed);
    for (const step of STEPS) {
      const publisher = await scene.start("a", { death: deathAt(step, (most) => random.upTo(most)) });
      await Promise.race([publisher.ended, timeout(PATIENCE)]);
      await scene.kill(publisher);
    }
    await activity.stop();
    await scene.start("a");
    await scene.start("b");
    await scene.settle(AbortSignal.timeout(PATIENCE));
    const { kills, ...verdict } = await scene.verdict();
    const context = `seed ${seed}: ${JSON.stringify({ kills, ...verdict }, null, 1)}`;
    expect(kills.map(({ where }) => where)).toEqual(STEPS);
    expect(verdict, context).toMatchObject({
      missing: 0,
      declared: 0,
      doubled: 0,
      unexplainedDoubles: 0,
      openHoles: 0,
    });
    for (const { doubles, unanswered } of kills) expect(doubles, context).toBeLessThanOrEqual(unanswered);
    expect(verdict.audited, context).toBeGreaterThan(RATE);
  },
  10 * PATIENCE,
);

function timeout(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
