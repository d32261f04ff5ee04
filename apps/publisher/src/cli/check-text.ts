import type { CheckFinding } from "@das/core";
import { printable } from "./event-line.ts";

export interface CheckStyle {
  /** Why it matters, also of what is well. */
  readonly verbose: boolean;
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

export interface FindingCounts {
  readonly failures: number;
  readonly warnings: number;
  readonly ok: number;
}

export function countFindings(findings: readonly CheckFinding[]): FindingCounts {
  const count = (wanted: CheckFinding["status"]) => findings.filter(({ status }) => status === wanted).length;
  return { failures: count("failure"), warnings: count("warning"), ok: count("ok") };
}

const MARKS = { ok: "✓", warning: "!", failure: "✗" } as const;
/** SGR: green, yellow, red; 2 is dim. */
const COLORS = { ok: "32", warning: "33", failure: "31" } as const;
const DIM = "2";

/** Under the mark and its blank. */
const WHAT_INDENT = 2;
const DETAIL_INDENT = 6;

/** What was found of one thing. */
interface CheckSection {
  readonly title: string;
  readonly findings: readonly CheckFinding[];
}

/** The findings as a table that a person can act on: a mark and what is; of what is not well also why and what repairs it. */
export function checkText(sections: readonly CheckSection[], style: CheckStyle): string {
  const lines = sections.flatMap(({ title, findings }) => [printable(title), "", ...findingLines(findings, style), ""]);
  const { failures, warnings, ok } = countFindings(sections.flatMap(({ findings }) => findings));
  const sum = [plural(failures, "failure"), plural(warnings, "warning"), `${ok} well`].join(", ");
  const worst = failures > 0 ? "failure" : warnings > 0 ? "warning" : "ok";
  return `${[...lines, paint(COLORS[worst], sum, style)].join("\n")}\n`;
}

function findingLines(findings: readonly CheckFinding[], style: CheckStyle): readonly string[] {
  const lines: string[] = [];
  for (const finding of findings) {
    const mark = paint(COLORS[finding.status], MARKS[finding.status], style);
    const [first = "", ...rest] = wrap(printable(finding.what), style.width - WHAT_INDENT);
    lines.push(`${mark} ${first}`, ...rest.map((line) => indent(line, WHAT_INDENT)));
    if (finding.status === "ok" && !style.verbose) continue;
    const why = wrap(`${printable(finding.why)}.`, style.width - DETAIL_INDENT);
    lines.push(...why.map((line) => paint(DIM, indent(line, DETAIL_INDENT), style)));
    lines.push(...repairLines(finding.repair, style.width).map((line) => indent(line, DETAIL_INDENT)));
  }
  return lines;
}

function paint(sgr: string, text: string, { color }: CheckStyle): string {
  return color ? `\u001b[${sgr}m${text}\u001b[0m` : text;
}

/** A statement or a command keeps its lines, so that it can be pasted; advice in words is wrapped. */
function repairLines(repair: string | undefined, width: number): readonly string[] {
  if (repair === undefined) return [];
  const lines = repair.split("\n").map((line) => (/^ */.exec(line)?.[0] ?? "") + printable(line));
  const isAdvice = lines.length === 1 && !repair.includes(";") && !repair.startsWith("aws ");
  return isAdvice ? wrap(lines[0] ?? "", width - DETAIL_INDENT) : lines;
}

/** Breaks at blanks; what is longer than a line alone stays whole. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function indent(line: string, columns: number): string {
  return " ".repeat(columns) + line;
}

function plural(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
