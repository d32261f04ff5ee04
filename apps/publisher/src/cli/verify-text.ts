import type {
  GenerationReport,
  MemoryHorizon,
  PublisherReport,
  SourceReport,
  StreamReport,
  ToldLossWindow,
} from "@das/consumer";
import type { HeldSource } from "@das/core";
import { printable } from "./event-line.ts";
import { countHoles, type JudgedHole, judgeHoles } from "./judge-holes.ts";

/** What was found on a stream. */
export interface Verification {
  readonly stream: string;
  readonly readFrom: "oldest" | Date;
  readonly readUntil: Date;
  readonly report: StreamReport;
  /** How far back doubles were looked for. */
  readonly horizon: MemoryHorizon;
}

type Paint = (color: keyof typeof SGR, text: string) => string;
const SGR = { green: "32", yellow: "33", red: "31", dim: "2" } as const;

/** A verification as people read it: a table of the sources by generation, then what has to be looked at, then the sum. */
export function verifyText(verification: Verification, { color }: { readonly color: boolean }): string {
  const { stream, readFrom, readUntil, report, horizon } = verification;
  const paint: Paint = (name, text) => (color ? `\u001b[${SGR[name]}m${text}\u001b[0m` : text);
  const judged = judgeHoles(report, readUntil);
  const since = readFrom === "oldest" ? "from its oldest record" : `from ${timeText(readFrom)}`;
  const lines = [`${printable(stream)}, ${since} until ${timeText(readUntil)}; all times are UTC`];
  for (const generation of report.generations) {
    const holes = judged.filter((hole) => hole.generation === generation.generation);
    lines.push("", `generation ${generation.generation}`, ...generationLines(generation, holes, paint));
  }
  lines.push("", ...remarks(report, horizon, paint));
  const holes = countHoles(report, judged);
  const parts = [
    plural(holes.open, "open hole"),
    ...(holes.underWay > 0 ? [`${holes.underWay} under way`] : []),
    `${holes.explained} explained by a loss window`,
    `${holes.closed} closed`,
    `${plural(doublesIn(report), "double")} to be dropped`,
  ];
  const verdict = holes.open > 0 ? paint("red", parts.join(", ")) : paint("green", parts.join(", "));
  return `${[...lines, verdict].join("\n")}\n`;
}

function generationLines(
  { sources, publishers }: GenerationReport,
  judged: readonly JudgedHole[],
  paint: Paint,
): readonly string[] {
  const byName = (one: SourceReport, other: SourceReport) => (one.source < other.source ? -1 : 1);
  const trails = sources.filter(({ source }) => !isPublisher(source)).sort(byName);
  const ordered = [...trails, ...sources.filter(({ source }) => isPublisher(source)).sort(byName)];
  const rows = ordered.map((source) =>
    cellsOf(
      source,
      judged.filter((hole) => hole.source === source),
    ),
  );
  const lines = table([HEADINGS, ...rows]).map((line, index) => {
    if (index === 0) return paint("dim", line);
    const mark = rows[index - 1]?.[0] ?? "";
    return paint(mark === "✗" ? "red" : "green", mark) + line.slice(mark.length);
  });
  const holes = judged.filter(({ verdict }) => verdict !== "closed").flatMap((hole) => holeLines(hole, paint));
  const windows = ordered.flatMap(({ lossWindows }) => lossWindows.map((window) => windowLine(window, paint)));
  const heard = publishers.map(publisherLine);
  const details = [...holes, ...windows, ...heard];
  return [...lines, ...(details.length > 0 ? ["", ...details] : [])];
}

const HEADINGS = ["", "complete up to", "records", "events", "doubles", "epochs", "holes", "loss windows", "source"];
const RIGHT = new Set([2, 3, 4, 5, 7]);

function cellsOf(source: SourceReport, judged: readonly JudgedHole[]): readonly string[] {
  const unlistedOpen = source.forgottenOpenHoles;
  const kinds = ["open", "under way", "explained", "closed"] as const;
  const counts = kinds.map((kind) => {
    const unlisted = kind === "open" ? unlistedOpen : kind === "closed" ? source.forgottenHoles - unlistedOpen : 0;
    return { kind, count: judged.filter(({ verdict }) => verdict === kind).length + unlisted };
  });
  const holes = counts.filter(({ count }) => count > 0).map(({ kind, count }) => `${count} ${kind}`);
  return [
    counts[0]?.count ? "✗" : "✓",
    completeText(source),
    number(source.records),
    number(source.events),
    number(source.doublesDropped),
    number(source.epochsSeen),
    holes.join(", ") || "none",
    number(source.lossWindows.length),
    printable(source.source),
  ];
}

/** Of the newest history: the time of the last event; where that is not known, when the stream was told that it is. */
function completeText({ completeUpTo }: SourceReport): string {
  const point = completeUpTo.at(-1);
  if (!point) return "–";
  if (point.eventTime !== undefined) return shortTime(point.eventTime);
  return point.arrival ? `as of ${timeText(point.arrival)}` : "known";
}

function holeLines({ source, hole, verdict }: JudgedHole, paint: Paint): readonly string[] {
  const { epoch, lane, from, to, acknowledged, before, after } = hole;
  const records = from === to ? `record ${from}` : `records ${from} to ${to}`;
  const fate = acknowledged ? "missing, though confirmed" : "missing, never confirmed";
  const reason = {
    open: "",
    closed: "",
    "under way": ", may still come",
    explained: ", explained by a loss window",
  };
  const mark = verdict === "open" ? paint("red", "✗") : paint("yellow", "!");
  const earliest = before.eventTime ? shortTime(before.eventTime) : "?";
  const latest = after.eventTime ? shortTime(after.eventTime) : after.arrival ? timeText(after.arrival) : "?";
  return [
    `${mark} ${printable(source.source)}: ${records} of epoch ${printable(epoch)}, lane ${lane}, ${fate}${reason[verdict]}`,
    paint("dim", `    events from between ${earliest} and ${latest}`),
  ];
}

function windowLine({ trail, cause, startTime, endTime }: ToldLossWindow, paint: Paint): string {
  const span = `from ${shortTime(startTime)} ${endTime === null ? "on" : `to ${shortTime(endTime)}`}`;
  return `${paint("yellow", "!")} ${printable(trail)}: loss window ${span}: ${printable(cause)}`;
}

function publisherLine({ instance, lastHeard, sources }: PublisherReport): string {
  const idsOf = (wanted: HeldSource["state"]) =>
    sources.filter(({ state }) => state === wanted).map(({ id }) => printable(id));
  const [reading, waiting] = [idsOf("reading"), idsOf("waiting")];
  const doing = [
    reading.length > 0 ? `reads ${reading.join(", ")}` : "reads nothing",
    ...(waiting.length > 0 ? [`waits for ${waiting.join(", ")}`] : []),
  ];
  return `· publisher ${printable(instance)}, last heard ${lastHeard ? timeText(lastHeard) : "?"}: ${doing.join("; ")}`;
}

/** What a reader of the table has to know of what is not in it. */
function remarks(report: StreamReport, horizon: MemoryHorizon, paint: Paint): readonly string[] {
  const { withoutProvenance, malformed, unreadable, lostShards, unaccounted } = report;
  const found: readonly (readonly [number, string, string])[] = [
    [unreadable, "record", "impossible to open, and so missing from whatever source put it there"],
    [malformed, "record", "with a provenance that cannot be understood: counted as missing from its source"],
    [lostShards, "shard", "gone from the stream before all of it was read"],
    [unaccounted, "record", "of sources or generations that were too many to be accounted for"],
    [withoutProvenance, "record", "without provenance, such as AWS's own: nothing can be found missing among them"],
  ];
  const lines = found
    .filter(([count]) => count > 0)
    .map(([count, thing, text]) => `${paint("yellow", "!")} ${plural(count, thing)} ${text}`);
  const { forgottenUpTo, remembered } = horizon;
  if (forgottenUpTo) {
    const text = `doubles were looked for among ${number(remembered)} events at a time: there may be more`;
    lines.push(`${paint("yellow", "!")} ${text}`);
  }
  return lines.length > 0 ? [...lines, ""] : [];
}

/** Columns as wide as their widest cell; the last one, which may be long, is not filled up. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(1, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        RIGHT.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .map((cell, column) => (column === 0 ? cell : `${column === 1 ? " " : "  "}${cell}`))
      .join("")
      .trimEnd(),
  );
}

function isPublisher(source: string): boolean {
  return source.startsWith("publisher:");
}

export function doublesIn({ generations }: StreamReport): number {
  const sources = generations.flatMap((generation) => generation.sources);
  return sources.reduce((sum, { doublesDropped }) => sum + doublesDropped, 0);
}

/** Of an event: all digits that it has; the column is in UTC anyway. */
function shortTime(time: string): string {
  return printable(time.replace(/\+00$/, ""));
}

function timeText(time: Date): string {
  return time.toISOString().slice(0, 19).replace("T", " ");
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function plural(value: number, thing: string): string {
  return `${number(value)} ${thing}${value === 1 ? "" : "s"}`;
}
