import { type ActivityEvent, readOrderedEvents, StreamAccount, type StreamReport } from "@das/consumer";
import {
  type DatabaseActivityEvent,
  type EventIdentity,
  eventIdentity,
  parseMarkers,
  provenanceSchema,
  type ResourceId,
  STREAM_CLASS,
  streamNameOf,
} from "@das/core";
import { DataKeyCache, open } from "@das/envelope";
import type { LocalAws } from "@das/local-aws";
import { openAwsClients } from "@das/publisher";
import { digestOf } from "../witness/journal.ts";

/** An event as it stands on the stream, maybe more than once. */
export interface RawEvent {
  readonly event: DatabaseActivityEvent;
  readonly identity: EventIdentity;
  readonly source: string;
  /** Of the record that it is in, and which one that is. */
  readonly digest: string;
  readonly place: string;
  /** Milliseconds since 1970. */
  readonly arrival: number;
}

/** What a consumer has of the stream. */
export interface Given {
  /** Each once, without what the publishers say of the stream itself. */
  readonly events: readonly ActivityEvent[];
  readonly report: StreamReport;
}

/** A stream, read from its beginning: as it stands there, and as a consumer gives it. */
export class StreamReading implements Disposable {
  /** Events of the trails, in the order in which they were opened. */
  readonly raw: RawEvent[] = [];
  readonly #aws: LocalAws;
  readonly #resourceId: ResourceId;
  readonly #streamName: string;
  readonly #clients: ReturnType<typeof openAwsClients>;
  readonly #keys: DataKeyCache;
  readonly #opened = new Set<string>();
  readonly #identities = new Set<EventIdentity>();

  constructor(aws: LocalAws, resourceId: ResourceId) {
    this.#aws = aws;
    this.#resourceId = resourceId;
    this.#streamName = streamNameOf(resourceId);
    this.#clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
    this.#keys = new DataKeyCache({ kms: this.#clients.kms, resourceId });
  }

  /** Different events that are there. */
  get size(): number {
    return this.#identities.size;
  }

  /** Opens what came since the last time. */
  async refresh(): Promise<void> {
    if (!this.#aws.kinesis.stream(this.#streamName)) return;
    for (const { sequenceNumber, data, arrival } of this.#aws.kinesis.records(this.#streamName)) {
      if (this.#opened.has(sequenceNumber)) continue;
      this.#opened.add(sequenceNumber);
      const { inner } = await open(data, this.#keys);
      const { source, epoch, lane, sequence, markers } = provenanceSchema.parse(inner.provenance);
      const place = `${epoch}/${lane}/${sequence}`;
      const events = inner.databaseActivityEventList.filter((event) => event.type === "record");
      const marked = parseMarkers(markers, events.length);
      for (const [index, event] of events.entries()) {
        if (event.class === STREAM_CLASS) continue;
        const identity = eventIdentity(source, marked[index] ?? "", event);
        this.raw.push({ event, identity, source, digest: digestOf(data), place, arrival });
        this.#identities.add(identity);
      }
    }
  }

  /** Everything that is there by now, without doubles and in order. */
  async consume(): Promise<Given> {
    const account = new StreamAccount();
    const { kinesis, kms } = this.#clients;
    const items = readOrderedEvents({
      kinesis,
      kms,
      stream: this.#streamName,
      resourceId: this.#resourceId,
      from: "oldest",
      until: new Date(Date.now() + 1),
      pollInterval: 20,
      account,
    });
    const events: ActivityEvent[] = [];
    for await (const item of items) {
      if (item.kind === "events") events.push(...item.events.filter((event) => event.class !== STREAM_CLASS));
    }
    return { events, report: account.report() };
  }

  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
    this.#clients[Symbol.dispose]();
  }
}
