import { systemClock } from "@das/core";
import type { AuditedDatabase } from "./databases/audited-database.ts";
import type { Kill } from "./judge/judge.ts";
import type { PublisherProcess } from "./publishers/publisher-process.ts";
import type { Random } from "./random.ts";
import type { Scene } from "./scene.ts";
import { deathAt, STEPS } from "./witness/steps.ts";

export interface KillPlan {
  readonly kills: number;
  /** Role changes, and changes of the stream's shards, each spread evenly over the kills. */
  readonly failovers: number;
  readonly reshards: number;
  readonly random: Random;
}

/** The publishers of both instances; the primary's has more to do. */
const VICTIMS = ["a", "a", "b"] as const;
/** How a publisher ends: at a step; from outside, at any moment; or from outside while it flushes after SIGTERM. */
const MANNERS = ["at a step", "at a step", "at a step", "anywhere", "while it stops"] as const;
/** Milliseconds within which a kill from outside comes, and after which one at a step is not waited for any more. */
const SOON = 3_000;
const WHILE_IT_STOPS = 300;
const PATIENCE = 10_000;
/** Of the calls so many take effect only later, in milliseconds: maybe after another publisher has looked at the stream. */
const LATE_CALLS = 0.05;
const LATE_BY = 4_000;
/** Of the calls so many are taken in part only. */
const REFUSED_IN_PART = 0.05;

interface Life {
  readonly publisher: PublisherProcess;
  readonly manner: (typeof MANNERS)[number];
}

/**
 * Kills publishers, some at a step and some anywhere, each replaced at once by another one that knows nothing.
 * @param told of each kill when it is done
 */
export async function killPublishers(
  scene: Scene<AuditedDatabase>,
  { kills, failovers, reshards, random }: KillPlan,
  told: (instance: string, kill: Kill) => void,
): Promise<void> {
  const lives = new Map<string, Life>();
  const begin = async (instance: string): Promise<void> => {
    const manner = random.oneOf(MANNERS);
    const death = deathAt(random.oneOf(STEPS), (most) => random.upTo(most));
    const publisher = await scene.start(instance, manner === "at a step" ? { death } : {});
    lives.set(instance, { publisher, manner });
  };
  scene.delayPuts(LATE_BY, LATE_CALLS);
  scene.refuseRecords(REFUSED_IN_PART);
  for (const instance of new Set(VICTIMS)) await begin(instance);
  for (let killed = 1; killed <= kills; killed += 1) {
    const instance = random.oneOf(VICTIMS);
    const life = lives.get(instance);
    if (!life) continue;
    await whenDue(life, random);
    told(instance, await scene.kill(life.publisher));
    await begin(instance);
    if (isTurn(killed, kills, failovers)) scene.database.switchRoles();
    if (isTurn(killed, kills, reshards)) scene.reshard();
  }
  // The last ones live on, so they must not be about to die.
  for (const [instance, { publisher, manner }] of lives) {
    if (manner !== "at a step") continue;
    await scene.kill(publisher);
    await scene.start(instance);
  }
}

async function whenDue({ publisher, manner }: Life, random: Random): Promise<void> {
  if (manner === "at a step") return within(PATIENCE, publisher.ended);
  await within(random.next() * SOON, publisher.ended);
  if (manner === "while it stops") await within(random.next() * WHILE_IT_STOPS, publisher.stop());
}

/** Resolves when it is over, or has had its time. */
async function within(milliseconds: number, end: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([end, systemClock.sleep(milliseconds, over.signal)]);
  over.abort();
}

/** Whether one of `wanted` turns falls to this one of `all`. */
function isTurn(one: number, all: number, wanted: number): boolean {
  return Math.floor((one * wanted) / all) > Math.floor(((one - 1) * wanted) / all);
}
