import { systemClock } from "@das/core";
import type { AuditedDatabase } from "./databases/audited-database.ts";
import type { Kill } from "./judge/judge.ts";
import type { PublisherProcess } from "./publishers/publisher-process.ts";
import type { Random } from "./random.ts";
import type { Scene } from "./scene.ts";
import { type Death, deathAt, STEPS } from "./witness/steps.ts";

export interface KillPlan {
  readonly kills: number;
  /** Role changes, spread evenly over the kills. */
  readonly failovers: number;
  readonly random: Random;
}

/** The publishers of both instances; the primary's has more to do. */
const VICTIMS = ["a", "a", "b"] as const;
/** Of the kills so many come from outside, at any moment. */
const FROM_OUTSIDE = 0.25;
/** Milliseconds within which a kill from outside comes, and after which one at a step is not waited for any more. */
const SOON = 3_000;
const PATIENCE = 10_000;

interface Life {
  readonly publisher: PublisherProcess;
  readonly death: Death | undefined;
}

/**
 * Kills publishers, some at a step and some anywhere, each replaced at once by another one that knows nothing.
 * @param told of each kill when it is done
 */
export async function killPublishers(
  scene: Scene<AuditedDatabase>,
  { kills, failovers, random }: KillPlan,
  told: (instance: string, kill: Kill) => void,
): Promise<void> {
  const lives = new Map<string, Life>();
  const begin = async (instance: string): Promise<void> => {
    const isFromOutside = random.next() < FROM_OUTSIDE;
    const death = isFromOutside ? undefined : deathAt(random.oneOf(STEPS), (most) => random.upTo(most));
    lives.set(instance, { publisher: await scene.start(instance, death && { death }), death });
  };
  for (const instance of new Set(VICTIMS)) await begin(instance);
  for (let killed = 1; killed <= kills; killed += 1) {
    const instance = random.oneOf(VICTIMS);
    const life = lives.get(instance);
    if (!life) continue;
    await whenDue(life, random);
    told(instance, await scene.kill(life.publisher));
    await begin(instance);
    if (isTurn(killed, kills, failovers)) scene.database.switchRoles();
  }
  // The last ones live on, so they must not be about to die.
  for (const [instance, { publisher, death }] of lives) {
    if (!death) continue;
    await scene.kill(publisher);
    await scene.start(instance);
  }
}

async function whenDue({ publisher, death }: Life, random: Random): Promise<void> {
  const over = new AbortController();
  await Promise.race([publisher.ended, systemClock.sleep(death ? PATIENCE : random.next() * SOON, over.signal)]);
  over.abort();
}

/** Whether one of `wanted` turns falls to this one of `all`. */
function isTurn(one: number, all: number, wanted: number): boolean {
  return Math.floor((one * wanted) / all) > Math.floor(((one - 1) * wanted) / all);
}
