import type { AuditSource, Cursor } from "@das/core";
import { EpochRecords } from "./epoch-records.ts";
import type { SourceRecord } from "./source-record.ts";

export interface Place {
  readonly cursor: Cursor;
  readonly history: string;
}

/** What some records of a source, all that arrived from a moment on, say of where the source goes on. */
export interface Assessment {
  /** The greatest watermark; undefined: there is none. */
  readonly place: Place | undefined;
  /** Everything that may stand behind the place arrived at this moment or later. */
  readonly neededFrom: number;
  /** Records from before may matter, too. */
  readonly isIncomplete: boolean;
  /** From when on, if that is known. */
  readonly missingFrom?: number;
}

/** What has to be read so that what a record says can be relied on. */
interface Need {
  readonly from: number;
  readonly isMet: boolean;
  /** If it is known. */
  readonly missingFrom?: number;
}

export type Comparing = Pick<AuditSource<unknown>, "history" | "compare" | "rereadFrom" | "ledger">;

/**
 * The resume rule (architecture §5). Pure.
 *
 * The place is the greatest watermark of the own history, whatever epoch or lane it stands in: epochs are names. Without
 * one it is the greatest of the history that was written last.
 *
 * Rows behind it stand in the epoch that says it from `behind` on, and in those of before from `since` on. An epoch that
 * was writing at the same time (a publisher that had stalled) may have rows behind it, too: its own greatest watermark
 * says from where. Where the source reads again from before the place, the same holds for that earlier one.
 *
 * @param records in any order, without doubles
 * @param readFrom nothing that arrived later is missing; -Infinity: the stream holds nothing older
 * @param margin milliseconds by which the records of a call, and of lanes that wait for each other, may be apart
 */
export function assess(
  records: readonly SourceRecord[],
  readFrom: number,
  source: Comparing,
  margin: number,
): Assessment {
  const history = placeHistory(records, source.history);
  const epochs = groupByEpoch(records, readFrom, margin);
  const carrier = greatest(
    records.filter((record) => record.history === history),
    source,
  );
  if (carrier?.watermark == null) return withoutPlace(epochs, readFrom);
  const place: Place = { cursor: carrier.watermark as Cursor, history: carrier.history };
  const needs = [needOf(carrier, epochs, readFrom)];
  const writingFrom = Math.min(...needs.map(({ from }) => from));
  for (const epoch of epochs.values()) {
    const own = epoch.records.filter((record) => record.history === place.history || record.history === source.history);
    if (epoch.name === carrier.epoch || !own.some(({ arrival }) => arrival >= writingFrom)) continue;
    const speaking = greatest(own, source) ?? own.at(-1);
    if (speaking) needs.push(needOf(speaking, epochs, readFrom));
  }
  const overlap = overlapNeed(place, records, epochs, readFrom, source);
  return conclude(place, overlap ? [...needs, overlap] : needs);
}

function conclude(place: Place | undefined, needs: readonly Need[]): Assessment {
  const unmet = needs.filter(({ isMet }) => !isMet);
  const known = unmet.map(({ missingFrom }) => missingFrom).filter((from) => from !== undefined);
  return {
    place,
    neededFrom: Math.min(...needs.map(({ from }) => from)),
    isIncomplete: unmet.length > 0,
    ...(known.length > 0 && { missingFrom: Math.min(...known) }),
  };
}

/** Records that carry no watermark: of an epoch that began in a new history, or with nothing at all. */
function withoutPlace(epochs: ReadonlyMap<string, EpochRecords>, readFrom: number): Assessment {
  const needs = [...epochs.values()].map((epoch) => needOf(epoch.newest, epochs, readFrom));
  return conclude(undefined, needs.length > 0 ? needs : [{ from: readFrom, isMet: readFrom === -Infinity }]);
}

/** The own one if it has a watermark; else that of the watermark which arrived last. */
function placeHistory(records: readonly SourceRecord[], own: string): string {
  let newest: SourceRecord | undefined;
  for (const record of records) {
    if (record.watermark === null) continue;
    if (record.history === own) return own;
    if (!newest || record.arrival >= newest.arrival) newest = record;
  }
  return newest?.history ?? own;
}

/** The record with the greatest watermark; of several the one that was closed last, because it knows most. */
function greatest(records: readonly SourceRecord[], source: Comparing): SourceRecord | undefined {
  let best: SourceRecord | undefined;
  for (const record of records) {
    if (record.watermark === null) continue;
    const order = best ? source.compare(record.watermark as Cursor, best.watermark as Cursor) : 1;
    if (order > 0 || (order === 0 && best && isCloser(record, best))) best = record;
  }
  return best;
}

/** One that still refers to earlier epochs never takes precedence over one that need not. */
function isCloser(record: SourceRecord, best: SourceRecord): boolean {
  return (best.since !== undefined && record.since === undefined) || record.arrival > best.arrival;
}

function needOf(record: SourceRecord, epochs: ReadonlyMap<string, EpochRecords>, readFrom: number): Need {
  const { since, arrival } = record;
  if (since !== undefined) {
    const isMet = readFrom <= since;
    return { from: Math.min(since, arrival), isMet, ...(!isMet && { missingFrom: since }) };
  }
  const epoch = epochs.get(record.epoch);
  const lanes = record.behind.map(
    (sequence, lane) => epoch?.laneFrom(lane, sequence) ?? { from: arrival, isMet: true },
  );
  return {
    from: Math.min(arrival, ...lanes.map(({ from }) => from)),
    isMet: lanes.every(({ isMet }) => isMet),
  };
}

/** The source reads again from before the place: the greatest watermark up to there has to be there, and what it needs. */
function overlapNeed(
  place: Place,
  records: readonly SourceRecord[],
  epochs: ReadonlyMap<string, EpochRecords>,
  readFrom: number,
  source: Comparing,
): Need | undefined {
  const reread = source.rereadFrom?.(place.cursor);
  if (reread === undefined || source.compare(reread, place.cursor) >= 0) return undefined;
  const earlier = records.filter(
    ({ history, watermark }) =>
      history === place.history && watermark !== null && source.compare(watermark as Cursor, reread) <= 0,
  );
  const best = greatest(earlier, source);
  if (best) return needOf(best, epochs, readFrom);
  // Nothing was published before the source's very first epoch.
  const first = [...epochs.values()].find((epoch) => epoch.isFirst);
  return { from: first?.startArrival ?? readFrom, isMet: first !== undefined || readFrom === -Infinity };
}

function groupByEpoch(
  records: readonly SourceRecord[],
  readFrom: number,
  margin: number,
): ReadonlyMap<string, EpochRecords> {
  const epochs = new Map<string, EpochRecords>();
  for (const record of records) {
    let epoch = epochs.get(record.epoch);
    if (!epoch) {
      epoch = new EpochRecords(record.epoch, readFrom + margin);
      epochs.set(record.epoch, epoch);
    }
    epoch.add(record);
  }
  return epochs;
}
