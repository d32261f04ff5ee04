/**
 * Up to where each shard is dealt with, when records are not dealt with in the order in which they were read: the
 * sequence number after which reading may begin again without missing any of them.
 */
export class SavePoints {
  readonly #shards = new Map<string, Shard>();

  read(shardId: string, sequenceNumber: string): void {
    const shard = this.#shards.get(shardId) ?? { last: undefined, open: new Map() };
    this.#shards.set(shardId, shard);
    shard.open.set(sequenceNumber, shard.last);
    shard.last = sequenceNumber;
  }

  done(shardId: string, sequenceNumber: string): void {
    this.#shards.get(shardId)?.open.delete(sequenceNumber);
  }

  /**
   * undefined: nothing of the shard may be saved for now; nor while something waits in one that was begun earlier. It may
   * be a parent, and whoever has a save point in a child goes on there alone.
   */
  of(shardId: string): string | undefined {
    for (const [id, { open, last }] of this.#shards) {
      const [before] = open.values();
      if (id === shardId) return open.size > 0 ? before : last;
      if (open.size > 0) return undefined;
    }
    return undefined;
  }
}

interface Shard {
  /** The last record that was read. */
  last: string | undefined;
  /** What is not dealt with, in the order in which it was read, each with the record before it. */
  readonly open: Map<string, string | undefined>;
}
