import { stripVTControlCharacters, styleText } from "node:util";

import type { Line } from "./line.ts";

/** As many as the view shows events, so that it does not grow while they come in. */
const BLANK_LINES = new Array<string>(8).fill("");
const BARS = "▁▂▃▄▅▆▇█";
const number = new Intl.NumberFormat("en-US");

/** Draws in place on a terminal; on anything else one plain line a second; without an output nothing. */
export class LiveView implements Disposable {
  readonly #output: NodeJS.WriteStream | undefined;
  readonly #lines: readonly Line[];
  readonly #status: () => string;
  readonly #timers: NodeJS.Timeout[];
  /** Events of each second, newest last. */
  readonly #rates: number[] = [];
  #counted = 0;
  #drawnLines = 0;

  /** @param status what happens now */
  constructor(output: NodeJS.WriteStream | undefined, lines: readonly Line[], status: () => string) {
    this.#output = output;
    this.#lines = lines;
    this.#status = status;
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
    const lines = this.#viewLines(output.columns).map((line) => cut(line, output.columns));
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

  get #lags(): readonly number[] {
    return this.#lines.flatMap(({ arrivals }) => arrivals.lags);
  }

  #count(): void {
    const decoded = this.#decoded;
    this.#rates.push(decoded - this.#counted);
    this.#counted = decoded;
  }

  #plainLine(): string {
    const lag = formatLag(median(this.#lags));
    const rate = this.#rates.at(-1) ?? 0;
    return `audited ${this.#audited}  on the stream ${this.#decoded}  rate ${rate}/s  lag ${lag}  ${this.#status()}`;
  }

  #viewLines(width: number): string[] {
    const lags = this.#lags;
    const shown = Math.floor(BLANK_LINES.length / this.#lines.length);
    const events = this.#lines.flatMap(({ arrivals }) => [...arrivals.lines, ...BLANK_LINES].slice(0, shown));
    const label = (text: string) => styleText("dim", text);
    const value = (text: string) => styleText("bold", text.padStart(9));
    const peak = Math.max(1, ...this.#rates);
    const chart = this.#rates
      .slice(-Math.max(0, width - 30))
      .map((rate) => BARS[Math.min(BARS.length - 1, Math.floor((rate / peak) * BARS.length))])
      .join("");
    const arrow = label("─▶");
    const titles = this.#lines.map(
      ({ database, publisher, streamName }) =>
        `${styleText(["bold", "cyan"], "das")}  emulated ${database.label.padEnd(10)} ${arrow} publisher ${label(`(pid ${publisher.pid ?? "-"})`)} ${arrow} ${streamName}`,
    );
    return [
      ...titles,
      "",
      `${label("audited   ")}${value(number.format(this.#audited))}   ${label("on the stream")}${value(number.format(this.#decoded))}`,
      `${label("lag median")}${value(formatLag(median(lags)))}   ${label("longest      ")}${value(formatLag(Math.max(0, ...lags)))}   ${label("with the engine's own delay of up to 1 s")}`,
      `${label("events/s  ")}${value(number.format(this.#rates.at(-1) ?? 0))}   ${styleText("cyan", chart)}`,
      "",
      ...events,
      "",
      label(this.#status()),
    ];
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function formatLag(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(2)} s`;
}

/** Cuts a coloured line to so many cells. Only uncoloured tails are ever too long, so colours stay whole. */
function cut(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= width ? line : `${plain.slice(0, width - 1)}…`;
}
