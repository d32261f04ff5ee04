import { type Clock, type Logger, type RetryPolicy, retryDelay, UnavailableError } from "@das/core";

export interface RepeatSettings {
  readonly clock: Clock;
  /** Uniform in [0, 1): the jitter. */
  readonly random: () => number;
  readonly logger: Logger;
}

const RETRY: RetryPolicy = { base: 200, cap: 10_000 };
/** So many in a row are everyday life where several readers share a shard's five calls a second. */
const ORDINARY_FAILURES = 3;
/** A peer that is gone without a word must not stop a reader for good. The longest healthy answer, 10 MB, takes seconds. */
const ATTEMPT_LIMIT_MILLISECONDS = 60_000;

/**
 * Makes a call until it succeeds, as often as it fails with what may pass by itself.
 * @param what names the call in the log: `kinesis:GetRecords`
 * @throws the call's own error when it is not transient; the signal's reason once it aborts, without waiting for the call
 */
export async function repeat<Answer>(
  what: string,
  call: (signal: AbortSignal) => Promise<Answer>,
  isTransient: (error: unknown) => boolean,
  settings: RepeatSettings,
  signal: AbortSignal,
): Promise<Answer> {
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await withinLimit(what, call, settings.clock, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      const wait = retryDelay(RETRY, attempt, settings.random);
      const reason = error instanceof Error ? error.name : typeof error;
      const log = attempt < ORDINARY_FAILURES ? settings.logger.debug : settings.logger.warn;
      log.call(settings.logger, { call: what, attempt, reason, wait }, "a call failed and is repeated");
      await settings.clock.sleep(wait, signal);
    }
  }
}

/** One attempt, with a signal of its own: it aborts with the outer one, at the limit, and when the attempt is over. */
async function withinLimit<Answer>(
  what: string,
  call: (signal: AbortSignal) => Promise<Answer>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer> {
  const attempt = new AbortController();
  const end = (): void => attempt.abort();
  signal.addEventListener("abort", end, { once: true });
  const limit = async (): Promise<never> => {
    await clock.sleep(ATTEMPT_LIMIT_MILLISECONDS, attempt.signal);
    throw new UnavailableError({
      who: "consumer",
      what: `${what} gave no answer within ${ATTEMPT_LIMIT_MILLISECONDS / 1000} seconds`,
      remedy:
        "It is repeated; if this goes on, look at the network between here and AWS, or read fewer records per call",
      code: "no-answer",
    });
  };
  try {
    return await Promise.race([call(attempt.signal), limit()]);
  } finally {
    signal.removeEventListener("abort", end);
    attempt.abort();
  }
}
