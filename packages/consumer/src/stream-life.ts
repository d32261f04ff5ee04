import type { FollowSettings } from "./follow-options.ts";
import { Handover } from "./handover.ts";
import type { KinesisCalls } from "./kinesis-calls.ts";
import { isMissing } from "./kinesis-errors.ts";
import { type ShardEnd, ShardReader } from "./shard-reader.ts";
import { type ShardStart, ShardTree } from "./shard-tree.ts";
import type { ListedShard, StartPosition } from "./start-position.ts";
import type { LostShard, StreamRecord } from "./stream-record.ts";

/** What is made, within a shard's own turn, of what was read from it. */
export interface ShardItems<Item> {
  /** In order: the next record of the shard waits. @throws what ends the whole reading */
  record(record: StreamRecord, signal: AbortSignal): Promise<readonly Item[]>;
  lost(shard: LostShard): readonly Item[];
}

/**
 * The reading of one stream until it is deleted: a stream that is created anew under the same name is another one.
 *
 * Every shard has a lane of its own, which reads, opens and hands over at its own pace; a lane that ends begins those
 * of the shards that were waiting for it.
 */
export class StreamLife<Item> {
  readonly #tree: ShardTree;
  readonly #calls: KinesisCalls;
  readonly #settings: FollowSettings;
  readonly #items: ShardItems<Item>;
  readonly #stop: AbortSignal;
  readonly #handover = new Handover<Item>();
  readonly #lanes = new Set<Promise<void>>();
  /** Aborts when the stream is gone, and with `#stop`: no more calls to Kinesis, but what was read is still handed over. */
  readonly #gone = new AbortController();
  #listing: Promise<ReadonlySet<string>> | undefined;

  constructor(
    listed: readonly ListedShard[],
    from: StartPosition,
    calls: KinesisCalls,
    settings: FollowSettings,
    items: ShardItems<Item>,
    stop: AbortSignal,
  ) {
    this.#tree = new ShardTree(listed, from);
    this.#calls = calls;
    this.#settings = settings;
    this.#items = items;
    this.#stop = stop;
  }

  /**
   * Ends when the stream is gone, `stop` aborts, or all that was wanted is read; leaves nothing running.
   * @returns whether the stream is gone
   * @throws RefusedError
   */
  async *items(): AsyncGenerator<Item, boolean> {
    const end = (): void => {
      this.#gone.abort();
      this.#handover.close();
    };
    this.#stop.addEventListener("abort", end, { once: true });
    if (this.#stop.aborted) end();
    try {
      this.#run(this.#discover(() => this.#tree.isBeingRead));
      for (let next = await this.#handover.take(); next; next = await this.#handover.take()) yield next.item;
      return this.#gone.signal.aborted;
    } finally {
      this.#stop.removeEventListener("abort", end);
      end();
      await Promise.all(this.#lanes);
    }
  }

  /** Nobody awaits a lane by itself: what ends it wrongly ends the whole reading, and the last one that ends ends it too. */
  #run(work: Promise<void>): void {
    const lane = work
      .catch((error: unknown) => {
        if (error !== this.#gone.signal.reason) this.#handover.fail(error);
      })
      .finally(() => {
        this.#lanes.delete(lane);
        if (this.#lanes.size === 0) this.#handover.end();
      });
    this.#lanes.add(lane);
  }

  #begin(): void {
    if (this.#gone.signal.aborted) return;
    for (const start of this.#tree.begin()) this.#run(this.#follow(start));
  }

  async #follow(start: ShardStart): Promise<void> {
    const { shardId } = start;
    const reader = new ShardReader(start, this.#calls, this.#settings);
    const end = await this.#readToEnd(reader);
    this.#settings.logger.debug({ shardId, end }, "shard finished");
    // What its children hold came later still.
    if (end === "reached") return;
    if (end === "missing") {
      const lost = { shardId, lastSequenceNumber: reader.lastSequenceNumber };
      this.#settings.logger.error(lost, "a shard left the stream before it was read to its end");
      await this.#handOver(this.#items.lost(lost));
    }
    this.#tree.finish(shardId);
    // A closed shard has children, though not every listing shows them yet. Those of a lost shard may be lost too.
    await this.#discover(() => (end === "closed" ? this.#tree.hasChildren(shardId) : this.#tree.isBeingRead));
  }

  async #readToEnd(reader: ShardReader): Promise<ShardEnd> {
    const deliver = async (record: StreamRecord): Promise<void> =>
      this.#handOver(await this.#items.record(record, this.#stop));
    for (;;) {
      const end = await reader.read(deliver, this.#gone.signal);
      if (end !== "missing" || !(await this.#list()).has(reader.shardId)) return end;
      // Listed but not there: one of the two answers is out of date.
      await this.#settings.clock.sleep(this.#settings.pollInterval, this.#gone.signal);
    }
  }

  async #handOver(items: readonly Item[]): Promise<void> {
    for (const item of items) await this.#handover.offer(item);
  }

  /** Lists the shards, and begins those that can be, until it is found what is looked for. */
  async #discover(found: () => boolean): Promise<void> {
    this.#begin();
    while (!found()) {
      await this.#list();
      this.#begin();
      if (!found()) await this.#settings.clock.sleep(this.#settings.pollInterval, this.#gone.signal);
    }
  }

  /** The ids of the shards that are there now. Lanes that ask at the same time share one answer. */
  #list(): Promise<ReadonlySet<string>> {
    this.#listing ??= this.#listOnce().finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  async #listOnce(): Promise<ReadonlySet<string>> {
    try {
      const listed = await this.#calls.listShards(this.#gone.signal);
      this.#tree.add(listed);
      return new Set(listed.map((shard) => shard.shardId));
    } catch (error) {
      if (this.#gone.signal.aborted || !isMissing(error)) throw error;
      this.#gone.abort();
      throw this.#gone.signal.reason;
    }
  }
}
