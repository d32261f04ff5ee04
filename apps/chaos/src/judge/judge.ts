import { type PublisherReport, type StreamReport, type ToldLossWindow, unexplainedHoles } from "@das/consumer";
import type { UtcTime } from "@das/core";
import type { PutRecord } from "../witness/journal.ts";

/** A publisher that was killed. */
export interface Kill {
  /** The step at which it ended itself, or who ended it. */
  readonly where: string;
  /** Records of the calls that had no answer. */
  readonly unanswered: readonly PutRecord[];
}

interface Copy {
  readonly identity: string;
  /** Of the record that it is in; and which one that is, for people. */
  readonly sequenceNumber: string;
  readonly place: string;
}

interface Audited {
  readonly key: string;
  readonly time: UtcTime;
  readonly trail: string;
  readonly count: number;
  readonly isWithinReach: boolean;
}

export interface Evidence {
  readonly audited: Iterable<Audited>;
  /** As they stand on the stream. */
  readonly raw: readonly Copy[];
  /** Keys of the events that a consumer gives. */
  readonly given: Iterable<string>;
  readonly report: StreamReport;
  readonly kills: readonly Kill[];
  /** By the digest of a record: its sequence numbers. */
  readonly digests: ReadonlyMap<string, readonly string[]>;
}

export interface Comparison {
  readonly audited: number;
  /** Audited, not given, and in no loss window that the stream tells. */
  readonly missing: number;
  /** Audited, not given, and inside of such a window. */
  readonly declared: number;
  /** Audited, not given, and in files of an instance that is down: they come when it is up again. */
  readonly outOfReach: number;
  /** Given more often than audited, or never audited at all. */
  readonly doubled: number;
  /** A few of what should not be, for people. */
  readonly samples: readonly string[];
}

export interface Verdict extends Comparison {
  /** Events on the stream, doubles included. */
  readonly onStream: number;
  readonly rawDoubles: number;
  /** Of these: their other copy is in no call either that had no answer when its publisher was killed. */
  readonly unexplainedDoubles: number;
  readonly kills: readonly KillVerdict[];
  /** That no loss window explains. */
  readonly openHoles: number;
  /** Causes, each once. */
  readonly lossWindows: readonly string[];
  /** Source ids of trails, and who said last that it reads them. */
  readonly sources: Readonly<Record<string, readonly string[]>>;
}

interface KillVerdict {
  readonly where: string;
  /** Events of the calls that had no answer. */
  readonly unanswered: number;
  /** Copies in these calls of events that are on the stream elsewhere, too. */
  readonly doubles: number;
}

const SAMPLES = 5;
/** Milliseconds after which a publisher that beats every second is dead. */
const SILENCE = 5_000;
const PUBLISHER = /^publisher:/;

/** What was audited against what is given. Pure. */
export function compare(
  audited: Iterable<Audited>,
  given: Iterable<string>,
  windows: readonly ToldLossWindow[],
): Comparison {
  const left = countsOf(given);
  const samples: string[] = [];
  const counts = { audited: 0, missing: 0, declared: 0, outOfReach: 0 };
  for (const { key, time, trail, count, isWithinReach } of audited) {
    counts.audited += count;
    const had = left.get(key) ?? 0;
    left.set(key, Math.max(0, had - count));
    const lacking = Math.max(0, count - had);
    if (lacking === 0) continue;
    if (!isWithinReach) counts.outOfReach += lacking;
    else if (windows.some((window) => window.trail === trail && isWithin(time, window))) counts.declared += lacking;
    else {
      counts.missing += lacking;
      if (samples.length < SAMPLES) samples.push(`missing: ${key}`);
    }
  }
  for (const [key, count] of left) if (count > 0 && samples.length < 2 * SAMPLES) samples.push(`doubled: ${key}`);
  return { ...counts, doubled: left.values().reduce((sum, count) => sum + count, 0), samples };
}

/** Pure. */
export function judge({ audited, raw, given, report, kills, digests }: Evidence): Verdict {
  const windows = lossWindowsOf(report);
  const comparison = compare(audited, given, windows);
  const copies = copiesOf(raw);
  const unanswered = kills.map((kill) => new Set(kill.unanswered.flatMap(({ digest }) => digests.get(digest) ?? [])));
  const unexplained = [...copies.values()]
    .map((each) => each.filter(({ sequenceNumber }) => !unanswered.some((own) => own.has(sequenceNumber))))
    .filter((each) => each.length > 1);
  const twice = unexplained.slice(0, SAMPLES).map((each) => each.map(({ place }) => place).join(", "));
  return {
    ...comparison,
    onStream: raw.length,
    rawDoubles: raw.length - copies.size,
    unexplainedDoubles: unexplained.reduce((sum, each) => sum + each.length - 1, 0),
    kills: kills.map((kill, index) => verdictOf(kill, unanswered[index] ?? new Set(), copies)),
    openHoles: unexplainedHoles(report).length,
    lossWindows: [...new Set(windows.map(({ cause }) => cause))].toSorted(),
    sources: readersOf(report),
    samples: [...comparison.samples, ...twice.map((places) => `put more than once: ${places}`)],
  };
}

export function lossWindowsOf(report: StreamReport): readonly ToldLossWindow[] {
  return report.generations.flatMap(({ sources }) => sources.flatMap(({ lossWindows }) => lossWindows));
}

function verdictOf(
  { where, unanswered }: Kill,
  own: ReadonlySet<string>,
  copies: ReadonlyMap<string, readonly Copy[]>,
): KillVerdict {
  const doubles = copies.values().reduce((sum, each) => {
    return sum + Math.min(each.length - 1, each.filter(({ sequenceNumber }) => own.has(sequenceNumber)).length);
  }, 0);
  return { where, unanswered: unanswered.reduce((sum, { events }) => sum + events, 0), doubles };
}

/** By identity. */
function copiesOf(raw: readonly Copy[]): ReadonlyMap<string, readonly Copy[]> {
  const copies = new Map<string, Copy[]>();
  for (const copy of raw) {
    const others = copies.get(copy.identity);
    if (others) others.push(copy);
    else copies.set(copy.identity, [copy]);
  }
  return copies;
}

function countsOf(keys: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function isWithin(time: UtcTime, { startTime, endTime }: ToldLossWindow): boolean {
  return startTime <= time && (endTime === null || time <= endTime);
}

/** A publisher that was killed says nothing any more, and what it said last does not hold. */
export function readersOf(report: StreamReport): Verdict["sources"] {
  const publishers = report.generations.flatMap((generation) => generation.publishers);
  const heardAt = ({ lastHeard }: PublisherReport) => lastHeard?.getTime() ?? 0;
  const newest = Math.max(...publishers.map(heardAt));
  const living = publishers.filter((publisher) => heardAt(publisher) > newest - SILENCE);
  const sources = report.generations.flatMap((generation) => generation.sources.map(({ source }) => source));
  return Object.fromEntries(
    sources
      .filter((source) => !PUBLISHER.test(source))
      .map((source) => [
        source,
        living.filter((publisher) => reads(publisher, source)).map(({ instance }) => instance),
      ]),
  );
}

function reads({ sources }: PublisherReport, source: string): boolean {
  return sources.some(({ id, state }) => id === source && state === "reading");
}
