import type { Limits } from "./limits.ts";
import { RateWindow } from "./rate-window.ts";

/** What one shard has let through lately. */
class ShardRates {
  readonly writtenBytes = new RateWindow();
  readonly writtenRecords = new RateWindow();
  readonly readBytes = new RateWindow();
  readonly readCalls = new RateWindow();
  readonly iteratorCalls = new RateWindow();
}

/** Decides what is too fast. Lets everything through while `limits.rates` is off. */
export class Throttle {
  limits: Limits;
  readonly #shards = new Map<string, ShardRates>();
  readonly #calls = new Map<string, RateWindow>();

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** May one more call of this operation by this account pass? */
  call(accountId: string, operation: string, now: number): boolean {
    const limit = this.limits.calls[operation];
    return (
      !this.limits.rates ||
      limit === undefined ||
      entry(this.#calls, `${accountId}/${operation}`, RateWindow).take(now, 1, limit)
    );
  }

  /** May this record be written? Each is decided alone: a small one may pass after a large one was refused. */
  write(shard: string, bytes: number, now: number): boolean {
    if (!this.limits.rates) return true;
    const { writtenBytes, writtenRecords } = entry(this.#shards, shard, ShardRates);
    // In this order, for a record that is refused for its bytes must not count against the records.
    return (
      writtenBytes.take(now, bytes, this.limits.shardWriteBytes) &&
      writtenRecords.take(now, 1, this.limits.shardWriteRecords)
    );
  }

  /** May GetShardIterator be called? */
  iterator(shard: string, now: number): boolean {
    return (
      !this.limits.rates ||
      entry(this.#shards, shard, ShardRates).iteratorCalls.take(now, 1, this.limits.shardReadCalls)
    );
  }

  /** May GetRecords be called? What it then returns is told to `charge`. */
  read(shard: string, now: number): boolean {
    if (!this.limits.rates) return true;
    const { readBytes, readCalls } = entry(this.#shards, shard, ShardRates);
    return readBytes.isOpen(now, this.limits.shardReadBytes) && readCalls.take(now, 1, this.limits.shardReadCalls);
  }

  charge(shard: string, bytes: number, now: number): void {
    if (this.limits.rates)
      entry(this.#shards, shard, ShardRates).readBytes.charge(now, bytes, this.limits.shardReadBytes);
  }
}

function entry<Value>(map: Map<string, Value>, key: string, Type: new () => Value): Value {
  let value = map.get(key);
  if (!value) {
    value = new Type();
    map.set(key, value);
  }
  return value;
}
