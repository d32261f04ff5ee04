import type { DescribedSource, StreamDescription } from "../lifecycle/describe-stream.ts";
import type { ToldDrift } from "../lifecycle/drift-book.ts";
import type { DescribedDatabase } from "./describe-databases.ts";
import { printable } from "./event-line.ts";

/** A description as people read it: RDS's words first, then each source, then what the databases say. */
export function describeText(description: StreamDescription, databases: readonly DescribedDatabase[]): string {
  const { sources, publishers, drift, readFrom, notRead, generation, startedAt, changedAt, changedBy, ...rds } =
    description;
  const life = {
    Generation: generation,
    StartedAt: startedAt,
    LastChange: changedAt === null ? null : `${changedAt} by ${changedBy}`,
    ReadFrom: readFrom?.toISOString() ?? null,
  };
  const words = Object.entries({ ...rds, ...life }).map(([name, value]) => [
    name,
    value === null ? "–" : String(value),
  ]);
  const width = Math.max(...words.map(([name = ""]) => name.length));
  const lines = words.map(([name = "", value = ""]) => `${name.padEnd(width)}  ${printable(value)}`);
  if (notRead !== null) lines.push("", `! the stream was not read: ${printable(notRead)}`);
  for (const source of sources) lines.push("", ...sourceLines(source));
  for (const { instance, lastHeard } of publishers) {
    lines.push("", `publisher ${printable(instance)}`, `  last heard  ${lastHeard?.toISOString() ?? "–"}`);
  }
  if (drift.length > 0) lines.push("", "policy drift", ...drift.map(driftLine));
  for (const database of databases) lines.push("", ...databaseLines(database));
  return `${lines.join("\n")}\n`;
}

function sourceLines({
  source,
  lastEventTime,
  watermark,
  lagSeconds,
  lossWindows,
}: DescribedSource): readonly string[] {
  return [
    `source ${printable(source)}`,
    `  last event  ${lastEventTime === undefined ? "–" : printable(lastEventTime)}`,
    `  watermark   ${watermark === undefined ? "–" : printable(watermark)}`,
    `  lag         ${lagSeconds === undefined ? "–" : `${lagSeconds} s`}`,
    ...lossWindows.map(
      ({ cause, startTime, endTime }) =>
        `  ! loss window from ${printable(startTime)} ${endTime === null ? "on" : `to ${printable(endTime)}`}: ${printable(cause)}`,
    ),
  ];
}

function driftLine({ cause, startTime, endTime }: ToldDrift): string {
  return endTime === null
    ? `  ! since ${printable(startTime)}: ${printable(cause)}`
    : `  ${printable(startTime)} to ${printable(endTime)}: ${printable(cause)}`;
}

function databaseLines(database: DescribedDatabase): readonly string[] {
  const title = `database of instance ${printable(database.instance)}`;
  if ("notSeen" in database) return [title, `  not seen      ${printable(database.notSeen)}`];
  const { policy, drift, parameters, protection = [] } = database;
  return [
    title,
    `  audit policy  ${policy ?? "nothing is provisioned"}`,
    ...protection.map((line) => `  protection    ${printable(line)}`),
    ...parameters.map(
      ({ name, was, is }) => `  parameter     ${printable(name)} is ${printable(is)}, was ${printable(was)}`,
    ),
    ...drift.map((line) => `  ! drift       ${printable(line)}`),
  ];
}
