import {
  type LossWindowItem,
  type NewEventsItem,
  type OrderedItem,
  readOrderedEvents,
  StreamAccount,
  unexplainedHoles,
} from "@das/consumer";
import { epochMillisecondsOf, publisherSourceId, STREAM_CLASS, systemClock } from "@das/core";
import type { LocalAws } from "@das/local-aws";
import { eventLine, openAwsClients } from "@das/publisher";
import type { AuditedDatabase } from "./databases/audited-database.ts";
import { Feeds } from "./feeds.ts";
import { Tally } from "./tally.ts";

/** Of how many events the lag is kept, and how many are shown. */
const LAG_SAMPLE = 500;
const SHOWN_EVENTS = 6;
/** Milliseconds between two looks at a shard. */
const POLL_INTERVAL = 50;
/** Milliseconds between two looks at what is waited for. */
const LOOK_INTERVAL = 20;
/** Milliseconds for which a record waits for one that it overtook. */
const MAX_WAIT = 5_000;
const PUBLISHER_PREFIX = publisherSourceId("");

/** The first event of a new primary is awaited. */
interface Awaited {
  /** When it became the primary: milliseconds since 1970. */
  readonly since: number;
  /** When the old one went, on the monotonic clock. */
  readonly from: number;
  readonly came: (milliseconds: number) => void;
}

/** What has come out of the stream so far, read as any consumer reads it: each event once, and in order. */
export class Arrivals {
  readonly #database: Pick<AuditedDatabase, "keyOf" | "isOfPrimary">;
  readonly #tell: (text: string) => void;
  readonly #account = new StreamAccount();
  /** Told by the publishers: spans in which activity may be missing. */
  readonly #lossWindows = new Set<string>();
  #awaited: Awaited | undefined;
  #lastPlace = "";
  readonly tally = new Tally();
  readonly feeds = new Feeds();
  /** Milliseconds from the engine's time of an event to its arrival here; the last ones. */
  readonly lags: number[] = [];
  /** The last events, for people. */
  readonly lines: string[] = [];
  /** What could not be read. */
  readonly problems: string[] = [];
  /** Events that were left out because they had come before. */
  duplicatesDropped = 0;
  records = 0;
  /** Milliseconds for which the stream was without the new primary's events; undefined as long as it is. */
  takeover: number | undefined;

  /** @param tell what the publishers told of, for people */
  constructor(database: Pick<AuditedDatabase, "keyOf" | "isOfPrimary">, tell: (text: string) => void) {
    this.#database = database;
    this.#tell = tell;
  }

  get lossWindows(): number {
    return this.#lossWindows.size;
  }

  async follow(aws: LocalAws, streamName: string, signal: AbortSignal): Promise<void> {
    using clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
    const items = readOrderedEvents({
      kinesis: clients.kinesis,
      kms: clients.kms,
      stream: streamName,
      from: "oldest",
      whenMissing: "wait",
      pollInterval: POLL_INTERVAL,
      maxWait: MAX_WAIT,
      account: this.#account,
      signal,
    });
    for await (const item of items) this.#take(item);
  }

  /** Another instance is primary now: counts the time until the first event arrives that it audited as such. */
  awaitPrimary(from: number, came: (milliseconds: number) => void): void {
    this.takeover = undefined;
    this.#awaited = { since: Date.now(), from, came };
  }

  /** Resolves when it is so, after so many milliseconds, or when aborted. */
  async until(condition: () => boolean, patience: number, signal?: AbortSignal): Promise<void> {
    const deadline = performance.now() + patience;
    while (!condition() && performance.now() < deadline && !signal?.aborted) {
      await systemClock.sleep(LOOK_INTERVAL, signal);
    }
  }

  /** Records that the publishers numbered, and nobody can read, though no loss window says why. */
  get openHoles(): readonly string[] {
    return unexplainedHoles(this.#account.report()).map(
      ({ source, hole }) => `${source.source}: records ${hole.from} to ${hole.to} of epoch ${hole.epoch} are missing`,
    );
  }

  #take(item: OrderedItem): void {
    if (item.kind === "unreadable") {
      this.problems.push(`record ${item.sequenceNumber} cannot be opened: ${item.reason}`);
    }
    if (item.kind === "lost-shard") this.problems.push(`shard ${item.shardId} was gone before it was read`);
    if (item.kind === "loss-window") this.#takeLossWindow(item);
    if (item.kind === "heartbeat" && item.provenance?.sources) {
      const { source, sources } = item.provenance;
      this.feeds.heard(source.slice(PUBLISHER_PREFIX.length), sources);
    }
    if (item.kind === "events") this.#takeEvents(item);
    if (item.kind === "hole" || item.kind === "lost-shard") return;
    // A record may come in several parts, one behind the other.
    const place = `${item.shardId} ${item.sequenceNumber}`;
    if (place !== this.#lastPlace) this.records += 1;
    this.#lastPlace = place;
  }

  /** It may come twice: when it is found, and when its end is known. */
  #takeLossWindow({ trail, cause, startTime }: LossWindowItem): void {
    const window = JSON.stringify([trail, cause, startTime]);
    if (this.#lossWindows.has(window)) return;
    this.#lossWindows.add(window);
    this.#tell(`a publisher tells a loss window on the stream: ${cause}, from ${startTime.slice(11, 23)}`);
  }

  #takeEvents({ provenance, events, doubles }: NewEventsItem): void {
    const now = Date.now();
    const audited = events.filter((event) => event.class !== STREAM_CLASS);
    this.duplicatesDropped += doubles;
    for (const event of audited) {
      const time = epochMillisecondsOf(event.logTime);
      this.tally.arrived(this.#database.keyOf(event));
      this.lags.push(now - time);
      if (provenance && this.#awaited && time >= this.#awaited.since) this.#noteTakeover(provenance.source);
    }
    if (provenance) this.feeds.arrived(provenance, audited.length);
    this.#show(events.slice(-SHOWN_EVENTS));
    this.lags.splice(0, this.lags.length - LAG_SAMPLE);
  }

  #noteTakeover(source: string): void {
    if (!this.#awaited || !this.#database.isOfPrimary(source)) return;
    const { from, came } = this.#awaited;
    this.#awaited = undefined;
    this.takeover = Math.round(performance.now() - from);
    came(this.takeover);
  }

  #show(events: readonly Parameters<typeof eventLine>[0][]): void {
    const { stdout } = process;
    const style = { color: stdout.isTTY && stdout.hasColors(), width: stdout.columns };
    this.lines.push(...events.map((event) => eventLine(event, style)));
    this.lines.splice(0, this.lines.length - SHOWN_EVENTS);
  }
}
