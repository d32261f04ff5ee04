import {
  type ActivityEvent,
  identitiesOf,
  readActivityStream,
  readOrderedEvents,
  StreamAccount,
  type StreamReport,
} from "@das/consumer";
import { type EventIdentity, type ResourceId, STREAM_CLASS, streamNameOf, type UtcTime } from "@das/core";
import type { LocalAws } from "@das/local-aws";
import { openAwsClients } from "@das/publisher";
import { digestOf } from "../witness/journal.ts";

/** An event of a trail as it stands on the stream, maybe more than once. */
interface RawEvent {
  readonly logTime: UtcTime;
  /** In the form of `AuditedDatabase.keyOf`. */
  readonly key: string;
  readonly identity: EventIdentity;
  readonly sequenceNumber: string;
  /** Which record it is in, for people. */
  readonly place: string;
  /** Milliseconds since 1970. */
  readonly arrival: number;
}

/** Milliseconds between two looks at a shard. */
const POLL_INTERVAL = 100;

/** Reads a stream from its beginning: as it stands there, while it grows, and in the end as a consumer gives it. */
export class StreamReading implements AsyncDisposable {
  readonly raw: RawEvent[] = [];
  readonly #aws: LocalAws;
  readonly #keyOf: (event: ActivityEvent) => string;
  readonly #streamName: string;
  readonly #clients: ReturnType<typeof openAwsClients>;
  readonly #account = new StreamAccount();
  readonly #identities = new Set<EventIdentity>();
  readonly #ending = new AbortController();
  readonly #following: Promise<void>;
  #records = 0;
  #failure: unknown;

  constructor(aws: LocalAws, resourceId: ResourceId, keyOf: (event: ActivityEvent) => string) {
    this.#aws = aws;
    this.#keyOf = keyOf;
    this.#streamName = streamNameOf(resourceId);
    this.#clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
    this.#following = this.#follow().catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** Different events that are there. */
  get size(): number {
    return this.#identities.size;
  }

  get report(): StreamReport {
    return this.#account.report();
  }

  /** Everything that is on the stream by now was read. */
  get isUpToDate(): boolean {
    return this.#records >= this.#recordsThere().length;
  }

  /** @throws when the stream cannot be read */
  throwIfBroken(): void {
    if (this.#failure) throw this.#failure;
  }

  /** By the digest of a record: its sequence numbers; several when it was put more than once. */
  digests(): ReadonlyMap<string, readonly string[]> {
    const digests = new Map<string, string[]>();
    for (const { data, sequenceNumber } of this.#recordsThere()) {
      const digest = digestOf(data);
      digests.set(digest, [...(digests.get(digest) ?? []), sequenceNumber]);
    }
    return digests;
  }

  /** Keys of the events that a consumer is given, each once, without what publishers say of the stream itself. */
  async consume(): Promise<readonly string[]> {
    const { kinesis, kms } = this.#clients;
    const items = readOrderedEvents({
      kinesis,
      kms,
      stream: this.#streamName,
      from: "oldest",
      until: new Date(Date.now() + 1),
      pollInterval: POLL_INTERVAL,
    });
    const keys: string[] = [];
    for await (const item of items) {
      if (item.kind !== "events") continue;
      for (const event of item.events) if (event.class !== STREAM_CLASS) keys.push(this.#keyOf(event));
    }
    return keys;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#following;
    this.#clients[Symbol.dispose]();
  }

  async #follow(): Promise<void> {
    const { kinesis, kms } = this.#clients;
    const items = readActivityStream({
      kinesis,
      kms,
      stream: this.#streamName,
      from: "oldest",
      whenMissing: "wait",
      pollInterval: POLL_INTERVAL,
      signal: this.#ending.signal,
    });
    for await (const item of items) {
      this.#account.add(item);
      this.#records += 1;
      if (item.kind === "unreadable") throw new Error(`record ${item.sequenceNumber} cannot be opened: ${item.reason}`);
      if (item.kind !== "events") continue;
      const { events, provenance, sequenceNumber, approximateArrivalTime } = item;
      const place = `${provenance?.epoch}/${provenance?.lane}/${provenance?.sequence}`;
      const arrival = approximateArrivalTime?.getTime() ?? Number.NaN;
      for (const [index, identity] of (identitiesOf(item) ?? []).entries()) {
        const event = events[index];
        if (!event || event.class === STREAM_CLASS) continue;
        this.raw.push({ logTime: event.logTime, key: this.#keyOf(event), identity, sequenceNumber, place, arrival });
        this.#identities.add(identity);
      }
    }
  }

  #recordsThere() {
    const { kinesis } = this.#aws;
    return kinesis.stream(this.#streamName) ? [...kinesis.records(this.#streamName)] : [];
  }
}
