import { rounded } from "./statistics.ts";

type Parameter = string | number | boolean;

/** What one case measured: a line of the output. */
export interface CaseLine {
  readonly case: string;
  /** What exactly the figures say; no bar and no comparison means anything without it. */
  readonly measures: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly figures: Readonly<Record<string, number>>;
  /** The most that a figure may be, by its name. */
  readonly bar?: Readonly<Record<string, number>>;
}

/** Compact JSON, without a line break; with a bar it says whether it is met. A figure that is no number meets none. */
export function formatLine(line: CaseLine): string {
  const { bar } = line;
  const figures = Object.fromEntries(Object.entries(line.figures).map(([name, value]) => [name, rounded(value)]));
  const met = bar && Object.entries(bar).every(([name, most]) => (line.figures[name] ?? Number.NaN) <= most);
  return JSON.stringify({ ...line, figures, ...(bar && { met }) });
}
