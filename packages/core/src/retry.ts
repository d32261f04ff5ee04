/** How long to wait between attempts that may succeed later. Milliseconds. */
export interface RetryPolicy {
  /** Upper bound of the first wait; doubles with each attempt. */
  readonly base: number;
  /** No wait is longer. */
  readonly cap: number;
}

/**
 * Exponential back-off with full jitter: uniformly between 0 and min(cap, base · 2^attempt), so that many clients
 * that failed together do not come back together.
 * @param attempt 0 for the wait after the first failure
 * @param random uniform in [0, 1)
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelay(policy: RetryPolicy, attempt: number, random: () => number): number {
  return random() * Math.min(policy.cap, policy.base * 2 ** Math.min(attempt, 30));
}
