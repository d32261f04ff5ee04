/**
 * Milliseconds since some moment that is the same for all processes of this machine (CLOCK_MONOTONIC):
 * `performance.now()` counts from the start of each process.
 */
export function monotonicMilliseconds(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
