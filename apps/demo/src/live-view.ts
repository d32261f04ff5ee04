import { stripVTControlCharacters, styleText } from "node:util";

import type { Arrivals } from "./arrivals.ts";

export interface ViewState {
  readonly streamName: string;
  readonly publisherPid: number | undefined;
  readonly audited: number;
  /** What happens now. */
  readonly status: string;
}

/** As many as the view shows events, so that it does not grow while they come in. */
const BLANK_LINES = new Array<string>(8).fill("");
const BARS = "▁▂▃▄▅▆▇█";
const number = new Intl.NumberFormat("en-US");

/** Draws in place on a terminal; on anything else one plain line a second; without an output nothing. */
export class LiveView implements Disposable {
  readonly #output: NodeJS.WriteStream | undefined;
  readonly #arrivals: Arrivals;
  readonly #state: () => ViewState;
  readonly #timers: NodeJS.Timeout[];
  /** Events of each second, newest last. */
  readonly #rates: number[] = [];
  #counted = 0;
  #lines = 0;

  constructor(output: NodeJS.WriteStream | undefined, arrivals: Arrivals, state: () => ViewState) {
    this.#output = output;
    this.#arrivals = arrivals;
    this.#state = state;
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
    const up = this.#lines > 0 ? `\u001b[${this.#lines}A` : "";
    output.write(`${up}${lines.map((line) => `\r\u001b[2K${line}\n`).join("")}\u001b[J`);
    this.#lines = lines.length;
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #count(): void {
    const { decoded } = this.#arrivals.tally;
    this.#rates.push(decoded - this.#counted);
    this.#counted = decoded;
  }

  #plainLine(): string {
    const { audited, status } = this.#state();
    const { tally, lags } = this.#arrivals;
    const rate = this.#rates.at(-1) ?? 0;
    return `audited ${audited}  on the stream ${tally.decoded}  rate ${rate}/s  lag ${formatLag(median(lags))}  ${status}`;
  }

  #viewLines(width: number): string[] {
    const { audited, publisherPid, streamName, status } = this.#state();
    const { tally, lags, lines } = this.#arrivals;
    const label = (text: string) => styleText("dim", text);
    const value = (text: string) => styleText("bold", text.padStart(9));
    const peak = Math.max(1, ...this.#rates);
    const chart = this.#rates
      .slice(-Math.max(0, width - 30))
      .map((rate) => BARS[Math.min(BARS.length - 1, Math.floor((rate / peak) * BARS.length))])
      .join("");
    const arrow = label("─▶");
    return [
      `${styleText(["bold", "cyan"], "das")}  emulated SQL Server ${arrow} publisher ${label(`(pid ${publisherPid ?? "-"})`)} ${arrow} ${streamName}`,
      "",
      `${label("audited   ")}${value(number.format(audited))}   ${label("on the stream")}${value(number.format(tally.decoded))}`,
      `${label("lag median")}${value(formatLag(median(lags)))}   ${label("longest      ")}${value(formatLag(Math.max(0, ...lags)))}   ${label("with the engine's own delay of up to 1 s")}`,
      `${label("events/s  ")}${value(number.format(this.#rates.at(-1) ?? 0))}   ${styleText("cyan", chart)}`,
      "",
      ...[...lines, ...BLANK_LINES].slice(0, BLANK_LINES.length),
      "",
      label(status),
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
