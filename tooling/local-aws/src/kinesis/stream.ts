import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { formatArn } from "../arn.ts";
import { readFileIfAny, replaceFile } from "../durable-file.ts";
import { hashKeyOfDecimal } from "./hash-key.ts";
import { byHashKey, isOpen } from "./resharding.ts";
import type { NewRecord } from "./segment.ts";
import { shardIdOf } from "./shard-description.ts";
import { ShardLog } from "./shard-log.ts";
import { type ShardState, type StreamState, settle, trimHorizon } from "./stream-state.ts";

const STATE_FILE = "stream.json";

/** One stream: its state, the records of its shards, and the directory that holds both. */
export class Stream {
  readonly arn: string;
  readonly #directory: string;
  readonly #logs = new Map<number, ShardLog>();
  #state: StreamState;
  /** Tags that are shown instead of the real ones until a moment: a scripted fault. */
  #staleTags: { readonly tags: Readonly<Record<string, string>>; readonly until: number } | undefined;
  #routes: readonly { readonly start: string; readonly shard: ShardState }[] = [];

  private constructor(directory: string, region: string, state: StreamState) {
    this.#directory = directory;
    this.#state = state;
    this.arn = formatArn({ service: "kinesis", region, accountId: state.accountId, resource: `stream/${state.name}` });
  }

  static create(directory: string, region: string, state: StreamState): Stream {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const stream = new Stream(directory, region, state);
    stream.replaceState(state);
    return stream;
  }

  /** Undefined when a crash left a directory without a state: the stream's creation was never answered. */
  static open(directory: string, region: string): Stream | undefined {
    const json = readFileIfAny(join(directory, STATE_FILE));
    if (json === undefined) return undefined;
    const stream = new Stream(directory, region, JSON.parse(json) as StreamState);
    stream.#openLogs();
    return stream;
  }

  get state(): StreamState {
    return this.#state;
  }

  /** Lets happen what was due. False when the stream is gone; it is then closed and its files are deleted. */
  settle(now: number): boolean {
    const settled = settle(this.#state, now);
    if (!settled) {
      this.close();
      rmSync(this.#directory, { recursive: true });
      return false;
    }
    if (settled !== this.#state) this.replaceState(settled);
    return true;
  }

  replaceState(state: StreamState): void {
    replaceFile(join(this.#directory, STATE_FILE), `${JSON.stringify(state, undefined, 2)}\n`);
    this.#state = state;
    this.#openLogs();
  }

  /** The tags that a reader sees: for a scripted while those of the moment at which `holdTags` was called. */
  visibleTags(now: number): Readonly<Record<string, string>> {
    return this.#staleTags && now < this.#staleTags.until ? this.#staleTags.tags : this.#state.tags;
  }

  holdTags(until: number): void {
    this.#staleTags = { tags: this.#state.tags, until };
  }

  /** @param hashKey 32 hexadecimal digits */
  route(hashKey: string): ShardState {
    const found = this.#routes.findLast(({ start }) => start <= hashKey);
    if (!found) throw new Error(`no shard of stream ${this.#state.name} is open`);
    return found.shard;
  }

  log(shard: ShardState): ShardLog {
    const log = this.#logs.get(shard.number);
    if (!log) throw new Error(`shard ${shard.number} of stream ${this.#state.name} has expired`);
    return log;
  }

  /** Stores records of one shard; gives back the files of those that have expired. */
  append(shard: ShardState, records: readonly NewRecord[], now: number): void {
    const log = this.log(shard);
    log.trim(trimHorizon(this.#state, now));
    log.append(records);
  }

  /** The position of the oldest record of a shard that has not expired. */
  firstPosition(shard: ShardState, now: number): number {
    return this.log(shard).positionAt(trimHorizon(this.#state, now));
  }

  close(): void {
    for (const log of this.#logs.values()) log.close();
    this.#logs.clear();
  }

  #openLogs(): void {
    const shards = this.#state.shards;
    for (const [number, log] of this.#logs) {
      if (shards.some((shard) => shard.number === number)) continue;
      log.close();
      this.#logs.delete(number);
      rmSync(this.#logDirectory(number), { recursive: true });
    }
    for (const { number } of shards) {
      if (!this.#logs.has(number)) this.#logs.set(number, new ShardLog(this.#logDirectory(number)));
    }
    this.#routes = shards
      .filter(isOpen)
      .toSorted(byHashKey)
      .map((shard) => ({ start: hashKeyOfDecimal(shard.startingHashKey), shard }));
  }

  #logDirectory(number: number): string {
    return join(this.#directory, shardIdOf(number));
  }
}
