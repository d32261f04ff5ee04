import { type Clock, DasError, retryDelay } from "@das/core";
import { classifyAwsError } from "./classify-aws-error.ts";

export interface Insisting {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

const RETRY = { base: 250, cap: 8_000 };
const ATTEMPTS = 8;

/**
 * A call that somebody waits for: what may pass is tried again, for half a minute at most.
 * @param setting of the configuration that the call is about
 * @throws RefusedError, UnavailableError; the signal's reason
 */
export async function insist<Value>(
  setting: string,
  { clock, random, signal }: Insisting,
  call: () => Promise<Value>,
): Promise<Value> {
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      const classified = error instanceof DasError ? error : classifyAwsError(error, setting);
      if (!classified.retryable || attempt + 1 >= ATTEMPTS) throw classified;
      await clock.sleep(retryDelay(RETRY, attempt, random), signal);
    }
  }
}
