import {
  type ListedShard,
  planLater,
  planStart,
  type ShardPlan,
  type ShardPosition,
  type StartPosition,
} from "./start-position.ts";

export interface ShardStart {
  readonly shardId: string;
  readonly position: ShardPosition;
}

interface WaitingShard extends ShardStart {
  readonly parents: readonly string[];
}

/**
 * What is known of a stream's shards, and which of them may be read now.
 *
 * A split or a merge closes shards and opens children; the order of a partition key's records survives it only if the
 * children are begun after *all* their parents are finished. A shard is waiting until then, then being read, then
 * finished; so is from the start what need not be read, and what is not in the stream any more.
 */
export class ShardTree {
  /** Never forgotten, so that nothing is begun twice. */
  readonly #known = new Set<string>();
  readonly #parents = new Set<string>();
  readonly #waiting = new Map<string, WaitingShard>();
  readonly #reading = new Set<string>();
  readonly #planLater: ShardPlan;

  constructor(listed: readonly ListedShard[], from: StartPosition) {
    this.#planLater = planLater(from);
    this.#add(listed, planStart(from, listed));
  }

  /** Takes in a newer listing. */
  add(listed: readonly ListedShard[]): void {
    this.#add(listed, this.#planLater);
  }

  /** The shards that may be begun now; they count as being read. */
  begin(): ShardStart[] {
    const ready = [...this.#waiting.values()].filter(
      ({ parents }) => !parents.some((parent) => this.#waiting.has(parent) || this.#reading.has(parent)),
    );
    for (const { shardId } of ready) {
      this.#waiting.delete(shardId);
      this.#reading.add(shardId);
    }
    return ready;
  }

  finish(shardId: string): void {
    this.#reading.delete(shardId);
  }

  get isBeingRead(): boolean {
    return this.#reading.size > 0;
  }

  hasChildren(shardId: string): boolean {
    return this.#parents.has(shardId);
  }

  #add(listed: readonly ListedShard[], plan: ShardPlan): void {
    for (const shard of listed) {
      const { shardId, parents } = shard;
      if (this.#known.has(shardId)) continue;
      this.#known.add(shardId);
      for (const parent of parents) this.#parents.add(parent);
      const position = plan(shard);
      if (position !== "finished") this.#waiting.set(shardId, { shardId, parents, position });
    }
  }
}
