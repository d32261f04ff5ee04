import { type DatabaseActivityEvent, type Heartbeat, type Provenance, publisherSourceId } from "@das/core";
import type { GenerationReport, PublisherReport, StreamReport } from "./account-report.ts";
import type { IntegerForm } from "./activity-event.ts";
import { isHeartbeat } from "./record-items.ts";
import { SourceAccount } from "./source-account.ts";
import type { EventsItem, HeartbeatItem, StreamItem } from "./stream-item.ts";

/** Sources and publishers of one generation. */
const MOST_SOURCES = 1_000;
/** Of these the newest are kept: an older life of the stream is over. */
const MOST_GENERATIONS = 16;

const PUBLISHER_PREFIX = publisherSourceId("");

interface Generation {
  readonly sources: Map<string, SourceAccount>;
  readonly publishers: Map<string, PublisherReport>;
}

/**
 * Keeps account of what was read of a stream: what is there, what is missing, what was told to be missing, and up to
 * where it is complete. Give it every item of `readActivityStream`, in the order in which they come, and ask for the
 * report whenever you like. Bounded in memory, whatever the stream holds: it remembers ranges, not records.
 *
 * A report is about what was read. While one shard is read behind another, what was told on the one may still have to
 * be read on the other, and shows as an open hole until then.
 */
export class StreamAccount {
  readonly #generations = new Map<number, Generation>();
  #withoutProvenance = 0;
  #malformed = 0;
  #unreadable = 0;
  #lostShards = 0;
  #unaccounted = 0;

  add<Integers extends IntegerForm>(item: StreamItem<Integers>): void {
    if (item.kind === "unreadable") this.#unreadable += 1;
    else if (item.kind === "lost-shard") this.#lostShards += 1;
    else if (item.provenance) this.#addRecord(item, item.provenance);
    // The other item of a record that was counted with its events.
    else if (item.kind === "heartbeat" && item.inner.databaseActivityEventList.some(isEvent)) return;
    else if (item.malformedProvenance !== undefined) this.#malformed += 1;
    else this.#withoutProvenance += 1;
  }

  /** Of the events of such a record so many were left out, because they had been given already. */
  dropped({ generation, source }: Provenance, doubles: number): void {
    const account = this.#generations.get(generation)?.sources.get(source);
    if (account) account.doublesDropped += doubles;
  }

  report(): StreamReport {
    const generations = [...this.#generations].sort(([one], [other]) => one - other);
    return {
      generations: generations.map(([generation, account]) => reportOf(generation, account)),
      withoutProvenance: this.#withoutProvenance,
      malformed: this.#malformed,
      unreadable: this.#unreadable,
      lostShards: this.#lostShards,
      unaccounted: this.#unaccounted,
    };
  }

  #addRecord<Integers extends IntegerForm>(item: EventsItem<Integers> | HeartbeatItem, provenance: Provenance): void {
    const generation = this.#generationOf(provenance.generation);
    const account = generation && accountOf(generation, provenance.source);
    if (!account) {
      this.#unaccounted += 1;
      return;
    }
    // The whole record, before anything was left out or spelled.
    const events = item.kind === "events" ? item.inner.databaseActivityEventList : [];
    account.add(provenance, item.approximateArrivalTime, events.filter(isEvent));
    if (provenance.sources) notePublisher(generation.publishers, provenance, item.approximateArrivalTime);
  }

  #generationOf(generation: number): Generation | undefined {
    const known = this.#generations.get(generation);
    if (known) return known;
    if (this.#generations.size >= MOST_GENERATIONS) {
      const oldest = Math.min(...this.#generations.keys());
      if (generation < oldest) return undefined;
      this.#generations.delete(oldest);
    }
    const fresh = { sources: new Map(), publishers: new Map() };
    this.#generations.set(generation, fresh);
    return fresh;
  }
}

function accountOf({ sources }: Generation, source: string): SourceAccount | undefined {
  const known = sources.get(source);
  if (known || sources.size >= MOST_SOURCES) return known;
  const fresh = new SourceAccount(source);
  sources.set(source, fresh);
  return fresh;
}

function notePublisher(
  publishers: Map<string, PublisherReport>,
  { source, sources = [] }: Provenance,
  arrival: Date | undefined,
): void {
  if (!source.startsWith(PUBLISHER_PREFIX)) return;
  const lastHeard = publishers.get(source)?.lastHeard;
  if (lastHeard && arrival && arrival < lastHeard) return;
  publishers.set(source, { instance: source.slice(PUBLISHER_PREFIX.length), lastHeard: arrival, sources });
}

function reportOf(generation: number, { sources, publishers }: Generation): GenerationReport {
  const heard = [...publishers.values()];
  const holders = (source: string, state: "reading" | "waiting") =>
    heard.filter((publisher) => publisher.sources.some((held) => held.id === source && held.state === state));
  const instances = (found: readonly PublisherReport[]) => found.map(({ instance }) => instance);
  return {
    generation,
    sources: [...sources.values()].map((account) => ({
      ...account.report(),
      readBy: instances(holders(account.source, "reading")),
      waitedForBy: instances(holders(account.source, "waiting")),
    })),
    publishers: heard,
  };
}

function isEvent(element: DatabaseActivityEvent | Heartbeat): element is DatabaseActivityEvent {
  return !isHeartbeat(element);
}
