/**
 * Times of events are text, never a `Date`: both engines give more than milliseconds (wire format §§5.2, 6.2).
 * All are UTC and of one length per engine, so text order is time order.
 */

/** `2022-10-06 21:34:42.7113072+00`: six fraction digits for Oracle, seven for SQL Server. */
export type UtcTime = string;

/** The wire form of a time that the engine gave as UTC text (`YYYY-MM-DD HH:MM:SS.fff…`). */
export function utcTime(text: string): UtcTime {
  return `${text}+00`;
}

/** The wire form of a moment of a clock of ours. Milliseconds since 1970; digits beyond them are zeros. */
export function utcTimeOf(epochMilliseconds: number, fractionDigits: number): UtcTime {
  const [date, time = ""] = new Date(epochMilliseconds).toISOString().slice(0, -1).split("T");
  return `${date} ${time.padEnd("HH:MM:SS.".length + fractionDigits, "0")}+00`;
}

/** Milliseconds since 1970 of a time in wire form; what is finer is cut off. NaN when the text is no such time. */
export function epochMillisecondsOf(time: UtcTime): number {
  return Date.parse(`${time.slice(0, 10)}T${time.slice(11, 23)}Z`);
}
