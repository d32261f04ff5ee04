import { epochMillisecondsOf, type UtcTime, utcTimeOf } from "@das/core";

/**
 * Windows file times: 100 ns since 1601-01-01 UTC, the resolution of `event_time` and of the names of audit files.
 */
const FILETIME_OF_1970 = 116_444_736_000_000_000n;
const UNITS_PER_MILLISECOND = 10_000n;
const FRACTION_DIGITS = 7;

/** Exact. null when the text is no such time. */
export function fileTimeOf(time: UtcTime): bigint | null {
  const milliseconds = epochMillisecondsOf(time);
  const units = time.slice("YYYY-MM-DD HH:MM:SS.fff".length, "YYYY-MM-DD HH:MM:SS.fffffff".length);
  if (Number.isNaN(milliseconds) || !/^\d{4}$/.test(units)) return null;
  return fileTimeOfMilliseconds(milliseconds) + BigInt(units);
}

/** @param milliseconds since 1970, whole */
export function fileTimeOfMilliseconds(milliseconds: number): bigint {
  return FILETIME_OF_1970 + BigInt(milliseconds) * UNITS_PER_MILLISECOND;
}

/** Exact, with seven fraction digits. */
export function utcTimeOfFileTime(fileTime: bigint): UtcTime {
  const sinceEpoch = fileTime - FILETIME_OF_1970;
  const text = utcTimeOf(Number(sinceEpoch / UNITS_PER_MILLISECOND), FRACTION_DIGITS);
  const units = String(sinceEpoch % UNITS_PER_MILLISECOND).padStart(4, "0");
  return `${text.slice(0, "YYYY-MM-DD HH:MM:SS.fff".length)}${units}+00`;
}
