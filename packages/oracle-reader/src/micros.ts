import { epochMillisecondsOf, type UtcTime, utcTimeOf } from "@das/core";

/**
 * Microseconds since 1970: the resolution of `EVENT_TIMESTAMP`. A plain number holds them exactly until the year 2255.
 */
export type Micros = number;

export const SECOND: Micros = 1_000_000;
export const MINUTE: Micros = 60 * SECOND;
export const HOUR: Micros = 60 * MINUTE;
export const DAY: Micros = 24 * HOUR;

const FRACTION_DIGITS = 6;
const UP_TO_MILLISECONDS = "YYYY-MM-DD HH:MM:SS.fff".length;

/** @param time with six fraction digits; more are cut off. NaN when the text is no such time. */
export function microsOf(time: UtcTime): Micros {
  return epochMillisecondsOf(time) * 1_000 + Number(time.slice(UP_TO_MILLISECONDS, UP_TO_MILLISECONDS + 3));
}

export function utcTimeOfMicros(micros: Micros): UtcTime {
  const milliseconds = Math.floor(micros / 1_000);
  const rest = String(micros - milliseconds * 1_000).padStart(3, "0");
  const text = utcTimeOf(milliseconds, FRACTION_DIGITS);
  return `${text.slice(0, UP_TO_MILLISECONDS)}${rest}+00`;
}
