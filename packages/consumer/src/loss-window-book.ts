import { type DatabaseActivityEvent, eventIdentity, STREAM_CLASS, trailOf, type UtcTime } from "@das/core";

/** A span of event time in which activity may be missing from the stream, as its publisher told it. */
export interface ToldLossWindow {
  /** The audit trail that it is about: a source id up to `#`. */
  readonly trail: string;
  readonly cause: string;
  readonly startTime: UtcTime;
  /** The widest end that was told; null: it still runs, as far as was told. */
  readonly endTime: UtcTime | null;
}

/** Windows that are remembered at a time. */
const MOST = 10_000;

/** The loss windows told on a stream: each one once, with the widest end. The oldest are forgotten when there are too many. */
export class LossWindowBook {
  readonly #windows = new Map<string, ToldLossWindow>();

  /** @returns the window when it is a new one or its end has changed; undefined when all of it was known */
  tell(source: string, event: DatabaseActivityEvent): ToldLossWindow | undefined {
    const key = eventIdentity(source, "", event);
    const known = this.#windows.get(key);
    const endTime = widest(known?.endTime ?? null, event.endTime);
    if (known && endTime === known.endTime) return undefined;
    const window = {
      trail: trailOf(source),
      cause: event.errorMessage ?? "",
      startTime: event.startTime ?? event.logTime,
      endTime,
    };
    this.#windows.set(key, window);
    if (this.#windows.size > MOST) this.#forgetOldest();
    return window;
  }

  get windows(): ToldLossWindow[] {
    return [...this.#windows.values()];
  }

  #forgetOldest(): void {
    const [oldest] = this.#windows.keys();
    if (oldest === undefined) return;
    this.#windows.delete(oldest);
  }
}

export function isLossWindow(event: { readonly class?: unknown; readonly command?: unknown }): boolean {
  return event.class === STREAM_CLASS && event.command === "LOSS WINDOW";
}

/** A window is told when it begins and again when it ends, so an end says more than none. */
function widest(one: UtcTime | null, other: UtcTime | null): UtcTime | null {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
}
