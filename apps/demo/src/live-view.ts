import { stripVTControlCharacters, styleText } from "node:util";
import type { AuditedInstance } from "./databases/audited-database.ts";
import type { Line } from "./line.ts";
import { RateChart } from "./rate-chart.ts";
import type { Story } from "./story.ts";

/** As many as the view shows events and lines of the story, so that it does not grow while they come in. */
const BLANK_EVENTS = new Array<string>(6).fill("");
const BLANK_STORY = new Array<string>(9).fill("");
const CHART_WIDTH = 24;
const number = new Intl.NumberFormat("en-US");
const label = (text: string) => styleText("dim", text);

/** Draws in place on a terminal; on anything else one plain line a second; without an output nothing. */
export class LiveView implements Disposable {
  readonly #output: NodeJS.WriteStream | undefined;
  readonly #lines: readonly Line[];
  readonly #story: Story;
  readonly #status: () => string;
  readonly #timers: NodeJS.Timeout[];
  /** Of what comes through the publisher of each instance. */
  readonly #charts: ReadonlyMap<AuditedInstance, RateChart>;
  readonly #total: RateChart;
  #drawnLines = 0;

  /** @param status what happens now */
  constructor(output: NodeJS.WriteStream | undefined, lines: readonly Line[], story: Story, status: () => string) {
    this.#output = output;
    this.#lines = lines;
    this.#story = story;
    this.#status = status;
    this.#charts = new Map(
      lines.flatMap(({ database, arrivals }) =>
        database.instances.map((instance) => [instance, new RateChart(() => arrivals.feeds.eventsOf(instance.id))]),
      ),
    );
    this.#total = new RateChart(() => this.#decoded);
    this.#timers = [
      setInterval(() => this.#count(), 1_000),
      setInterval(() => this.draw(), output?.isTTY ? 200 : 1_000),
    ];
  }

  draw(): void {
    const output = this.#output;
    if (!output) return;
    if (!output.isTTY) {
      output.write(`${this.#plainLine()}\n`);
      return;
    }
    const lines = this.#viewLines().map((line) => cut(line, output.columns));
    // Up to the first line of the last picture, then each line anew, then away with what is left of it.
    const up = this.#drawnLines > 0 ? `\u001b[${this.#drawnLines}A` : "";
    output.write(`${up}${lines.map((line) => `\r\u001b[2K${line}\n`).join("")}\u001b[J`);
    this.#drawnLines = lines.length;
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  get #audited(): number {
    return this.#lines.reduce((sum, { database }) => sum + database.audited(), 0);
  }

  get #decoded(): number {
    return this.#lines.reduce((sum, { arrivals }) => sum + arrivals.tally.decoded, 0);
  }

  get #dropped(): number {
    return this.#lines.reduce((sum, { arrivals }) => sum + arrivals.duplicatesDropped, 0);
  }

  get #lags(): readonly number[] {
    return this.#lines.flatMap(({ arrivals }) => arrivals.lags);
  }

  #count(): void {
    for (const chart of [this.#total, ...this.#charts.values()]) chart.count();
  }

  #plainLine(): string {
    const figures = [
      `audited ${this.#audited}`,
      `on the stream ${this.#decoded}`,
      `dropped ${this.#dropped}`,
      `rate ${this.#total.rate}/s`,
      `lag ${formatLag(median(this.#lags))}`,
    ];
    return `${figures.join("  ")}  ${this.#status()}`;
  }

  #viewLines(): string[] {
    const lags = this.#lags;
    const shown = Math.floor(BLANK_EVENTS.length / this.#lines.length);
    const events = this.#lines.flatMap(({ arrivals }) =>
      [...arrivals.lines.slice(-shown), ...BLANK_EVENTS].slice(0, shown),
    );
    const value = (text: string) => styleText("bold", text.padStart(9));
    return [
      ...this.#lines.flatMap((line) => [...this.#lineLines(line), ""]),
      `${label("audited      ")}${value(number.format(this.#audited))}   ${label("on the stream")}${value(number.format(this.#decoded))}   ${label("duplicates dropped")}${value(number.format(this.#dropped))}`,
      `${label("lag median   ")}${value(formatLag(median(lags)))}   ${label("longest      ")}${value(formatLag(Math.max(0, ...lags)))}   ${label("of the last events; SQL Server writes up to 1 s late")}`,
      "",
      ...events,
      "",
      ...[...this.#story.lines.slice(-BLANK_STORY.length), ...BLANK_STORY].slice(0, BLANK_STORY.length),
      label(this.#status()),
    ];
  }

  #lineLines(line: Line): string[] {
    const { database, streamName } = line;
    return [
      `${styleText(["bold", "cyan"], database.label)}  ${label("two instances, a publisher each, one stream:")} ${streamName}`,
      ...database.instances.map((instance) => this.#instanceLine(line, instance)),
    ];
  }

  #instanceLine({ database, publishers, arrivals }: Line, instance: AuditedInstance): string {
    const role = database.roleOf(instance.id);
    const pid = publishers.find(({ instanceId }) => instanceId === instance.id)?.pid;
    const chart = this.#charts.get(instance);
    const isPrimary = instance.id === database.primaryId && role !== "down";
    const feeds = feedOf(role, pid, arrivals.feeds.readBy(instance.id), (source) => database.isOfPrimary(source));
    return [
      `  ${instance.name.padEnd(6)}`,
      styleText(roleStyle(role, isPrimary), role.padEnd(10)),
      label("─▶ publisher"),
      pid === undefined ? styleText(["bold", "red"], "killed ") : String(pid).padEnd(7),
      label("─▶"),
      feeds.padEnd(26),
      styleText("bold", `${number.format(chart?.rate ?? 0).padStart(6)}/s`),
      styleText(isPrimary ? "green" : "cyan", chart?.bars(CHART_WIDTH) ?? ""),
    ].join(" ");
  }
}

function roleStyle(role: string, isPrimary: boolean): Parameters<typeof styleText>[0] {
  if (role === "down") return ["bold", "red"];
  return isPrimary ? ["bold", "green"] : "cyan";
}

/** What the publisher itself says on the stream that it reads. */
function feedOf(
  role: string,
  pid: number | undefined,
  sources: readonly string[],
  isOfPrimary: (source: string) => boolean,
): string {
  if (pid === undefined) return "";
  if (role === "down") return "waits for its instance";
  if (sources.length === 0) return "waits";
  return sources.some(isOfPrimary) ? "feeds the primary's trail" : "feeds this instance's files";
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function formatLag(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(2)} s`;
}

/** Cuts a coloured line to so many cells; what is cut loses its colours. */
function cut(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= width ? line : `${plain.slice(0, width - 1)}…`;
}
