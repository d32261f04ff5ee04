import { type StreamReport, type ToldLossWindow, unexplainedHoles } from "@das/consumer";
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
  /** Of the record that it is in, and which one that is, for people. */
  readonly digest: string;
  readonly place: string;
}

export interface Evidence {
  readonly audited: Iterable<{
    readonly key: string;
    readonly time: UtcTime;
    readonly trail: string;
    readonly count: number;
  }>;
  /** As they stand on the stream. */
  readonly raw: readonly Copy[];
  /** Keys of the events that a consumer gives. */
  readonly given: Iterable<string>;
  readonly report: StreamReport;
  readonly kills: readonly Kill[];
}

export interface Verdict {
  readonly audited: number;
  /** Events on the stream, doubles included. */
  readonly onStream: number;
  /** Audited, not given, and in no loss window that the stream tells. */
  readonly missing: number;
  /** Audited, not given, and inside of such a window. */
  readonly declared: number;
  /** Given more often than audited, or never audited at all. */
  readonly doubled: number;
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
  /** A few of what should not be, for people. */
  readonly samples: readonly string[];
}

interface KillVerdict {
  readonly where: string;
  /** Events of the calls that had no answer. */
  readonly unanswered: number;
  /** Copies in these calls of events that are on the stream elsewhere, too. */
  readonly doubles: number;
}

const SAMPLES = 5;
const PUBLISHER = /^publisher:/;

/** Pure. */
export function judge({ audited, raw, given, report, kills }: Evidence): Verdict {
  const windows = report.generations.flatMap(({ sources }) => sources.flatMap(({ lossWindows }) => lossWindows));
  const left = countsOf(given);
  const samples: string[] = [];
  const counts = { audited: 0, missing: 0, declared: 0 };
  for (const { key, time, trail, count } of audited) {
    counts.audited += count;
    const had = left.get(key) ?? 0;
    left.set(key, Math.max(0, had - count));
    const lacking = Math.max(0, count - had);
    if (lacking === 0) continue;
    if (windows.some((window) => window.trail === trail && isWithin(time, window))) counts.declared += lacking;
    else {
      counts.missing += lacking;
      if (samples.length < SAMPLES) samples.push(`missing: ${key}`);
    }
  }
  for (const [key, count] of left) if (count > 0 && samples.length < 2 * SAMPLES) samples.push(`doubled: ${key}`);
  const copies = copiesOf(raw);
  const excused = new Set(kills.flatMap(({ unanswered }) => unanswered.map(({ digest }) => digest)));
  const unexplained = [...copies.values()]
    .map((each) => each.filter(({ digest }) => !excused.has(digest)).map(({ place }) => place))
    .filter((places) => places.length > 1);
  samples.push(...unexplained.slice(0, SAMPLES).map((places) => `put more than once: ${places.join(", ")}`));
  return {
    ...counts,
    onStream: raw.length,
    doubled: left.values().reduce((sum, count) => sum + count, 0),
    rawDoubles: raw.length - copies.size,
    unexplainedDoubles: unexplained.reduce((sum, places) => sum + places.length - 1, 0),
    kills: kills.map((kill) => verdictOf(kill, copies)),
    openHoles: unexplainedHoles(report).length,
    lossWindows: [...new Set(windows.map(({ cause }) => cause))].toSorted(),
    sources: readersOf(report),
    samples,
  };
}

function verdictOf({ where, unanswered }: Kill, copies: ReadonlyMap<string, readonly Copy[]>): KillVerdict {
  const own = new Set(unanswered.map(({ digest }) => digest));
  const doubles = copies.values().reduce((sum, each) => {
    return sum + Math.min(each.length - 1, each.filter(({ digest }) => own.has(digest)).length);
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

function readersOf(report: StreamReport): Verdict["sources"] {
  const sources = report.generations.flatMap((generation) => generation.sources);
  return Object.fromEntries(
    sources.filter(({ source }) => !PUBLISHER.test(source)).map(({ source, readBy }) => [source, readBy]),
  );
}
