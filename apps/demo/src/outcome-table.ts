import { styleText } from "node:util";
import { isComplete, type Outcome } from "./outcome.ts";

const number = new Intl.NumberFormat("en-US");
const LABEL_WIDTH = 46;
const COLUMN_WIDTH = 13;

/** The last word of the demo, for people: a column for each database. */
export function outcomeTable(columns: readonly { readonly label: string; readonly outcome: Outcome }[]): string {
  const row = (label: string, cells: readonly string[]) => `  ${label.padEnd(LABEL_WIDTH)}${cells.join("")}`;
  const counts = (label: string, of: (outcome: Outcome) => number, isBad: (count: number) => boolean = () => false) =>
    row(
      label,
      columns.map(({ outcome }) => {
        const text = number.format(of(outcome)).padStart(COLUMN_WIDTH);
        return isBad(of(outcome)) ? styleText(["bold", "red"], text) : styleText("bold", text);
      }),
    );
  const isAny = (count: number) => count > 0;
  const outcomes = columns.map(({ outcome }) => outcome);
  return [
    "",
    row(
      "",
      columns.map(({ label }) => styleText(["bold", "cyan"], label.padStart(COLUMN_WIDTH))),
    ),
    counts("audited on both instances", ({ audited }) => audited),
    counts("on the stream, each counted once", ({ decoded }) => decoded),
    counts("missing", ({ missing }) => missing, isAny),
    counts("left over: doubled, or never audited", ({ duplicates }) => duplicates, isAny),
    "",
    counts("duplicates, dropped by their identity", ({ duplicatesDropped }) => duplicatesDropped),
    counts("failovers", ({ failovers }) => failovers),
    counts("publishers killed with SIGKILL", ({ kills }) => kills),
    counts("spans told in which something may be missing", ({ lossWindows }) => lossWindows),
    row(
      "failover to the new primary's first event",
      columns.map(({ outcome }) => takeoverCell(outcome)),
    ),
    "",
    outcomes.every(isComplete)
      ? styleText("green", "  Everything that was audited is on its stream, once.")
      : styleText("red", "  The streams are not what was audited."),
    "",
    "",
  ].join("\n");
}

function takeoverCell({ failovers, takeoverMs }: Outcome): string {
  if (failovers === 0) return styleText("dim", "-".padStart(COLUMN_WIDTH));
  if (takeoverMs === null) return styleText(["bold", "red"], "never".padStart(COLUMN_WIDTH));
  return styleText("bold", `${(takeoverMs / 1_000).toFixed(1)} s`.padStart(COLUMN_WIDTH));
}
