import { gunzipSync, gzipSync } from "node:zlib";
import type { PutRecordsCommand, PutRecordsCommandOutput } from "@aws-sdk/client-kinesis";
import type { Stretch } from "@das/consumer";
import {
  type AuditSource,
  type Clock,
  type Cursor,
  type EventIdentity,
  eventIdentity,
  type InnerRecord,
  parseExact,
  parseMarkers,
  silentLogger,
  systemClock,
} from "@das/core";
import { ReferenceReader, ReferenceTrail } from "@das/reader-conformance";
import { Epoch } from "../src/pipeline/epoch.ts";
import type { PackLimits } from "../src/pipeline/pack.ts";
import type { PublishParts, PublishSettings } from "../src/pipeline/publish-source.ts";
import { Putting } from "../src/pipeline/put.ts";
import { Sealing } from "../src/pipeline/seal.ts";
import type { Sealer } from "../src/pipeline/seal-pool.ts";
import { StreamSearch } from "../src/stream/search-stream.ts";
import { sourceRecord } from "../src/stream/source-record.ts";
import type { StreamMemory } from "../src/stream/stream-memory.ts";

export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Short waits are over at once; a heartbeat interval lasts until it is aborted. */
export const hastyClock: Clock = {
  ...systemClock,
  sleep: (milliseconds, signal) => (milliseconds >= 60_000 ? systemClock.sleep(milliseconds, signal) : nextTurn()),
};

export type Behaviour = "ok" | "some-fail" | "all-fail" | "call-fails" | "answer-lost" | "refused";

export interface FakeRecord {
  readonly partitionKey: string;
  readonly json: string;
  readonly inner: InnerRecord;
  readonly statements: readonly string[];
}

/** A stream that misbehaves as it is told, call by call; then it behaves. */
export class FakeStream {
  readonly calls: string[][] = [];
  readonly records: FakeRecord[] = [];
  readonly #behaviours: Behaviour[];

  constructor(behaviours: readonly Behaviour[] = []) {
    this.#behaviours = [...behaviours];
  }

  async send(command: PutRecordsCommand): Promise<PutRecordsCommandOutput> {
    await nextTurn();
    const behaviour = this.#behaviours.shift() ?? "ok";
    if (behaviour === "refused") throw Object.assign(new Error("no"), { name: "AccessDeniedException" });
    if (behaviour === "call-fails") throw Object.assign(new Error("down"), { name: "InternalFailure" });
    const entries = command.input.Records ?? [];
    const results = entries.map(({ Data, PartitionKey = "" }, index) => {
      if (behaviour === "all-fail" || (behaviour === "some-fail" && index % 2 === 0)) {
        return { ErrorCode: "ProvisionedThroughputExceededException" };
      }
      const json = gunzipSync(Data as Uint8Array).toString();
      const inner = parseExact(json) as InnerRecord;
      this.records.push({ partitionKey: PartitionKey, json, inner, statements: statementsOf(inner) });
      return { SequenceNumber: String(this.records.length) };
    });
    this.calls.push(
      entries.map(({ Data }) =>
        statementsOf(parseExact(gunzipSync(Data as Uint8Array).toString()) as InnerRecord).join("|"),
      ),
    );
    if (behaviour === "answer-lost") throw Object.assign(new Error("reset"), { name: "TimeoutError" });
    return { Records: results, $metadata: {} };
  }

  statements(partitionKey?: string): string[] {
    const records = this.records.filter((record) => partitionKey === undefined || record.partitionKey === partitionKey);
    return records.flatMap(({ statements }) => statements);
  }

  get heartbeats(): number {
    return this.records.filter(({ json }) => json.includes('[{"type":"heartbeat"}]')).length;
  }
}

function statementsOf({ databaseActivityEventList: events }: InnerRecord): string[] {
  return events.flatMap((event) => (event.type === "record" ? [String(event.commandText)] : []));
}

/**
 * A memory that reads the whole stream each time: what the real one finds by searching, by the plainest rule. Its moments
 * are places of the stream.
 */
export function memoryOf(stream: FakeStream): StreamMemory {
  return {
    recall: async (source) => {
      await nextTurn();
      const records = stream.records
        .map(({ inner }) => inner)
        .filter(({ provenance }) => provenance?.source === source.id);
      const places = records.flatMap(({ provenance }) => (provenance?.watermark ? [provenance] : []));
      const own = places.filter(({ history }) => history === source.history);
      const [best] = (own.length > 0 ? own : places).toSorted((a, b) =>
        source.compare(b.watermark as never, a.watermark as never),
      );
      return {
        point: best && {
          cursor: best.watermark as never,
          history: best.history,
          published: new Set(records.flatMap((record) => identitiesOf(record, source))),
        },
        since: best && 0,
        notices: [],
      };
    },
  };
}

/** Milliseconds between the arrivals of two records. */
const ARRIVAL_INTERVAL = 100;

/** The real search; the stream's clock goes on with each record. */
export function searchingMemoryOf(stream: FakeStream): StreamMemory {
  return {
    recall: async (source, signal) => {
      await nextTurn();
      const there = stream.records.flatMap(({ inner }, index) => sourceRecord(inner, index * ARRIVAL_INTERVAL) ?? []);
      const now = stream.records.length * ARRIVAL_INTERVAL;
      const read = async ({ from, to = now }: Stretch) => {
        await nextTurn();
        const records = there.filter((each) => each.source === source.id && each.arrival >= from && each.arrival < to);
        return { from, records };
      };
      const search = new StreamSearch({
        source,
        stretches: { bytesRead: 0, read, probe: async (stretch) => (await read(stretch)).records[0]?.arrival },
        heartbeatInterval: 0,
        now,
        horizon: 0,
      });
      const found = await search.run(signal);
      return {
        point: found && { ...found.place, published: found.published },
        since: found?.since,
        notices: [],
      };
    },
  };
}

export function identitiesOf(
  { databaseActivityEventList: events, provenance }: InnerRecord,
  { id }: Pick<AuditSource<unknown>, "id">,
): readonly EventIdentity[] {
  const markers = parseMarkers(provenance?.markers ?? "", events.length);
  return events.flatMap((event, index) =>
    event.type === "record" ? [eventIdentity(id, markers[index] ?? "", event as never)] : [],
  );
}

/** What records say of themselves in tests that are about something else. */
export function provenanceFor(watermark: Cursor = "r0" as Cursor): PackLimits["provenance"] {
  const epoch = new Epoch({
    source: { id: "reference:a:trail", history: "" },
    name: "epoch",
    generation: 1,
    lanes: 1,
    recollection: { point: { cursor: watermark, history: "" }, since: 1_795_000_000_000 },
  });
  return (markers, isHeartbeat) => epoch.provenance(0, markers, isHeartbeat);
}

/** Seals without keys and threads: what is tested here is what is sealed, and when. */
export const gzipSealer: Sealer = {
  seal: async (text) => {
    await nextTurn();
    const bytes = new Uint8Array(gzipSync(text));
    return { bytes, compressedBytes: bytes.byteLength };
  },
  [Symbol.asyncDispose]: async () => undefined,
};

export const key = { plaintext: new Uint8Array(32), encrypted: "", [Symbol.dispose]: () => undefined };

let epochs = 0;

export interface Run {
  readonly stream: FakeStream;
  readonly trail: ReferenceTrail;
  readonly reader: ReferenceReader;
  readonly parts: PublishParts;
  readonly stopping: AbortController;
  readonly giveUp: AbortController;
}

export function prepare(stream: FakeStream, settings: Partial<PublishSettings> = {}, lend = async () => key): Run {
  const trail = new ReferenceTrail();
  const common = { clock: hastyClock, random: () => 0.5, logger: silentLogger };
  return {
    stream,
    trail,
    reader: new ReferenceReader(trail, { clock: hastyClock, batchRows: 50 }),
    parts: {
      settings: {
        resourceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        generation: 1,
        nativeAuditFields: "omit",
        lanes: 1,
        maxEvents: 7,
        targetBytes: 8_192,
        heartbeatInterval: 60_000,
        maxUnderWay: 100_000,
        ...settings,
      },
      sealing: new Sealing({ sealer: gzipSealer, lender: { lend }, concurrency: 3, ...common }),
      putting: new Putting({ client: stream, streamName: "s", concurrency: 2, ...common } as never),
      memory: memoryOf(stream),
      nameEpoch: () => `epoch-${++epochs}`,
      counters: { events: 0, records: 0, heartbeats: 0, bytes: 0, cutEvents: 0, lossWindows: 0 },
      ...common,
    },
    stopping: new AbortController(),
    giveUp: new AbortController(),
  };
}

/** Waits, by turns of the event loop, until something is so. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn > 50_000) throw new Error("it never came true");
    await nextTurn();
  }
}
