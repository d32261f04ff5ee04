import type { ProvisionedState } from "@das/core";
import type { DescribedSource, StreamDescription } from "../lifecycle/describe-stream.ts";
import { printable } from "./event-line.ts";

/** A description as people read it: RDS's words first, then each source, then what the database says. */
export function describeText(description: StreamDescription, database: ProvisionedState | undefined): string {
  const { sources, publishers, generation, startedAt, changedAt, changedBy, ...rds } = description;
  const life = {
    Generation: generation,
    StartedAt: startedAt,
    LastChange: changedAt === null ? null : `${changedAt} by ${changedBy}`,
  };
  const words = Object.entries({ ...rds, ...life }).map(([name, value]) => [
    name,
    value === null ? "–" : String(value),
  ]);
  const width = Math.max(...words.map(([name = ""]) => name.length));
  const lines = words.map(([name = "", value = ""]) => `${name.padEnd(width)}  ${printable(value)}`);
  for (const source of sources) lines.push("", ...sourceLines(source));
  for (const { instance, lastHeard } of publishers) {
    lines.push("", `publisher ${printable(instance)}`, `  last heard  ${lastHeard?.toISOString() ?? "–"}`);
  }
  if (database) lines.push("", ...databaseLines(database));
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

function databaseLines({ policy, drift, parameters }: ProvisionedState): readonly string[] {
  return [
    "database",
    `  audit policy  ${policy ?? "nothing is provisioned"}`,
    ...parameters.map(
      ({ name, was, is }) => `  parameter     ${printable(name)} is ${printable(is)}, was ${printable(was)}`,
    ),
    ...drift.map((line) => `  ! drift       ${printable(line)}`),
  ];
}
