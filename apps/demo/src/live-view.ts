import { stripVTControlCharacters, styleText } from "node:util";
import type { Arrivals } from "./arrivals.ts";
import type { AuditedDatabase, AuditedInstance } from "./databases/audited-database.ts";
import type { PublisherProcess } from "./publisher-process.ts";
import { RateChart } from "./rate-chart.ts";
import type { Story } from "./story.ts";

/** Of a terminal that does not say how large it is. */
const DEFAULT_SIZE = { rows: 40, columns: 100 };
const MOST_EVENTS = 3;
const LEAST_STORY = 3;
const MOST_STORY = 12;
/** Cells of what stands before the chart. */
const BEFORE_CHART = 81;
const WIDEST_CHART = 40;
const number = new Intl.NumberFormat("en-US");
const label = (text: string) => styleText("dim", text);

/** What is seen of a line. */
export interface SeenLine {
  readonly database: Pick<AuditedDatabase, "label" | "instances" | "primaryId" | "roleOf" | "isOfPrimary" | "audited">;
  readonly streamName: string;
  readonly publishers: readonly Pick<PublisherProcess, "instanceId" | "pid">[];
  readonly arrivals: Pick<Arrivals, "tally" | "feeds" | "lags" | "lines" | "duplicatesDropped">;
}

/** What is needed of a terminal, or of a file. */
export interface ViewOutput extends Pick<NodeJS.WriteStream, "isTTY" | "rows" | "columns"> {
  write(text: string): unknown;
}

/** Draws in place on a terminal; on anything else one plain line a second; without an output nothing. */
export class LiveView implements Disposable {
  readonly #output: ViewOutput | undefined;
  readonly #lines: readonly SeenLine[];
  readonly #story: Pick<Story, "lines">;
  readonly #status: () => string;
  readonly #timers: NodeJS.Timeout[];
  /** Of what comes through the publisher of each instance. */
  readonly #charts: ReadonlyMap<AuditedInstance, RateChart>;
  readonly #total: RateChart;
  #drawnLines = 0;

  /** @param status what happens now */
  constructor(
    output: ViewOutput | undefined,
    lines: readonly SeenLine[],
    story: Pick<Story, "lines">,
    status: () => string,
  ) {
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
    const { rows, columns } = { ...DEFAULT_SIZE, ...sizeOf(output) };
    // The last line of the terminal is where the cursor stands.
    const lines = this.#viewLines(rows - 1, columns).map((line) => cut(line, columns));
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

  /** Neither grows nor shrinks while things come in, and never exceeds the height. */
  #viewLines(height: number, width: number): string[] {
    const figures = [
      ...this.#lines.flatMap((line) => [...this.#lineLines(line, width), ""]),
      ...this.#figureLines(),
      "",
    ];
    const room = height - figures.length - 2;
    const story = clamp(room - 2 * this.#lines.length, LEAST_STORY, MOST_STORY);
    const events = clamp(Math.floor((room - story) / this.#lines.length), 0, MOST_EVENTS);
    return [
      ...figures,
      ...this.#lines.flatMap(({ arrivals }) => lastOf(arrivals.lines, events)),
      "",
      ...lastOf(this.#story.lines, story),
      label(this.#status()),
    ].slice(0, height);
  }

  #figureLines(): string[] {
    const lags = this.#lags;
    const figure = (name: string, value: string) =>
      `${label(name.padEnd(13))}${styleText("bold", value.padStart(9))}   `;
    const count = (name: string, value: number) => figure(name, number.format(value));
    return [
      `${count("audited", this.#audited)}${count("on the stream", this.#decoded)}${count("doubles dropped", this.#dropped)}`,
      `${figure("lag median", formatLag(median(lags)))}${figure("longest", formatLag(Math.max(0, ...lags)))}${label("the engine's delay included")}`,
    ];
  }

  #lineLines(line: SeenLine, width: number): string[] {
    const { database, streamName } = line;
    return [
      `${styleText(["bold", "cyan"], database.label.padEnd(10))} ${label("─▶ stream")} ${streamName}`,
      ...database.instances.map((instance) => this.#instanceLine(line, instance, width)),
    ];
  }

  #instanceLine({ database, publishers, arrivals }: SeenLine, instance: AuditedInstance, width: number): string {
    const role = database.roleOf(instance.id);
    const pid = publishers.find(({ instanceId }) => instanceId === instance.id)?.pid;
    const chart = this.#charts.get(instance);
    const isPrimary = instance.id === database.primaryId && role !== "down";
    const reads = readingOf(role, pid, arrivals.feeds.readBy(instance.id), (source) => database.isOfPrimary(source));
    return [
      `  ${instance.name.padEnd(6)}`,
      styleText(roleStyle(role, isPrimary), role.padEnd(10)),
      label("─▶ publisher"),
      pid === undefined ? styleText(["bold", "red"], "killed ") : String(pid).padEnd(7),
      reads.padEnd(25),
      label("─▶"),
      styleText("bold", `${number.format(chart?.rate ?? 0).padStart(6)}/s`),
      styleText(isPrimary ? "green" : "cyan", chart?.bars(clamp(width - BEFORE_CHART, 0, WIDEST_CHART)) ?? ""),
    ].join(" ");
  }
}

function roleStyle(role: string, isPrimary: boolean): Parameters<typeof styleText>[0] {
  if (role === "down") return ["bold", "red"];
  return isPrimary ? ["bold", "green"] : "cyan";
}

/** What the publisher itself says on the stream that it reads. */
function readingOf(
  role: string,
  pid: number | undefined,
  sources: readonly string[],
  isOfPrimary: (source: string) => boolean,
): string {
  if (pid === undefined) return "";
  if (role === "down") return "waits for its instance";
  if (sources.length === 0) return "begins";
  return sources.some(isOfPrimary) ? "reads the primary's trail" : "reads its own files";
}

/** The last ones, and blanks for those that there are not yet. */
function lastOf(lines: readonly string[], count: number): readonly string[] {
  const last = count > 0 ? lines.slice(-count) : [];
  return [...last, ...new Array<string>(count - last.length).fill("")];
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

/** What a terminal says of its size: nothing, or noughts, where it does not know. */
function sizeOf({ rows, columns }: ViewOutput): Partial<typeof DEFAULT_SIZE> {
  return { ...(rows > 0 && { rows }), ...(columns > 0 && { columns }) };
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
