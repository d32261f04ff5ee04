import { styleText } from "node:util";
import type { Outcome } from "./tally.ts";

const number = new Intl.NumberFormat("en-US");

/** The last word of the demo, for people. @param databases what audited: `SQL Server and Oracle` */
export function outcomeTable(databases: string, { audited, decoded, missing, duplicates }: Outcome): string {
  const row = (label: string, value: number, bad: boolean) => {
    const text = number.format(value).padStart(12);
    return `  ${label.padEnd(34)} ${bad ? styleText(["bold", "red"], text) : styleText("bold", text)}`;
  };
  const good = missing === 0 && duplicates === 0;
  return [
    "",
    row(`audited by ${databases}`, audited, false),
    row("decoded from the stream", decoded, false),
    row("missing", missing, missing > 0),
    row("duplicates", duplicates, duplicates > 0),
    "",
    good
      ? styleText("green", "  Everything that was audited is on the stream, once.")
      : styleText("red", "  The stream is not what was audited."),
    "",
  ].join("\n");
}
