import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { type CheckFinding, type Clock, checkTopic } from "@das/core";

/** By how much AWS's clock is ahead of ours, in milliseconds: somewhere between the two. */
interface ClockBounds {
  readonly low: number;
  readonly high: number;
}

const UNKNOWN: ClockBounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** The header has no fractions of a second. */
const DATE_STEP = 1_000;

/**
 * Compares this host's clock with the `Date` of every answer that a client gets, until it is disposed. Each answer
 * narrows what is known.
 */
export class ClockObserver implements Disposable {
  bounds = UNKNOWN;
  readonly #clock: Pick<Clock, "now">;
  readonly #end: () => void;

  constructor({ middlewareStack }: KinesisClient, clock: Pick<Clock, "now">) {
    this.#clock = clock;
    const name = "dasClockObserver";
    middlewareStack.add(
      (next) => async (args) => {
        const sent = clock.now();
        const result = await next(args);
        const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
        this.bounds = narrow(this.bounds, Date.parse(headers?.date ?? ""), sent, clock.now());
        return result;
      },
      // Next to the network, so that an answer that says no counts as well.
      { step: "deserialize", priority: "low", name },
    );
    this.#end = () => middlewareStack.remove(name);
  }

  /** Milliseconds since 1970, by AWS's clock, which refuses times that are still to come for it. */
  now(): number {
    const { low } = this.bounds;
    return this.#clock.now() + (low === UNKNOWN.low ? 0 : low);
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}

/**
 * The answer was dated between the two moments at which we sent and had it.
 * @param date milliseconds since 1970, by AWS's clock, cut to the second; NaN when the answer bore none
 */
function narrow({ low, high }: ClockBounds, date: number, sent: number, received: number): ClockBounds {
  if (Number.isNaN(date)) return { low, high };
  return { low: Math.max(low, date - received), high: Math.min(high, date + DATE_STEP - sent) };
}

/** Milliseconds: from then on a person who compares logs is misled. */
const TOLERATED = 5_000;
/** AWS refuses a signature that is five minutes old, or so much ahead. */
const REFUSED = 5 * 60_000;

export function judgeClock({ low, high }: ClockBounds): CheckFinding {
  const { ok, warning, failure } = checkTopic(
    "clock.aws",
    "Signatures bear this host's time, and so do the ends of the windows in which activity may be missing",
  );
  if (low === Number.NEGATIVE_INFINITY)
    return warning("this host's clock was not compared: no answer of AWS said a time");
  // A clock that was set meanwhile leaves no room between the two.
  const distance = low > 0 ? low : high < 0 ? high : 0;
  const off = Math.abs(distance);
  if (off < TOLERATED) return ok("this host's clock agrees with AWS's within seconds");
  const what = `this host's clock is ${Math.round(off / 1_000)} s ${distance > 0 ? "behind" : "ahead of"} AWS's`;
  const repair = "Let this host follow a service of time, such as chrony";
  return off < REFUSED ? warning(what, repair) : failure(`${what}, and AWS refuses what is signed so far off`, repair);
}
