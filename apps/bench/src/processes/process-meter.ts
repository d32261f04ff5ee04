import { readFileSync } from "node:fs";
import { parseCpuSeconds, parsePeakMemory } from "./proc-files.ts";

interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly cpuSeconds: number;
}

/** Milliseconds. At full speed a process uses a hundredth of a second of CPU time, the unit of /proc, in half of it. */
const INTERVAL = 20;

/** Watches another process's CPU time, so that it can be looked up afterwards for a moment that is known only later. */
export class ProcessMeter implements Disposable {
  readonly #pid: number;
  readonly #samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.sample();
    this.#timer = setInterval(() => this.#sampleWhileItRuns(), INTERVAL);
  }

  /** @returns CPU seconds up to now. @throws Error when the process has ended */
  sample(): number {
    const cpuSeconds = parseCpuSeconds(readFileSync(`/proc/${this.#pid}/stat`, "utf8"));
    this.#samples.push({ at: Date.now(), cpuSeconds });
    return cpuSeconds;
  }

  /** CPU seconds up to a moment (milliseconds since 1970): those of the first look at it or after it. */
  cpuSecondsAt(moment: number): number {
    const sample = this.#samples.find(({ at }) => at >= moment) ?? this.#samples.at(-1);
    return sample?.cpuSeconds ?? Number.NaN;
  }

  /** MiB */
  peakMemory(): number {
    return parsePeakMemory(readFileSync(`/proc/${this.#pid}/status`, "utf8"));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Who started the process learns from the process itself that it has ended. */
  #sampleWhileItRuns(): void {
    try {
      this.sample();
    } catch {
      clearInterval(this.#timer);
    }
  }
}
