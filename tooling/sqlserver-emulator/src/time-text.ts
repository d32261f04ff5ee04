/** Times are text (`yyyy-mm-dd hh:mm:ss.nnnnnnn`); the wire counts days since 0001-01-01 and 100 ns since midnight. */

const MILLISECONDS_PER_DAY = 86_400_000;
const DAYS_TO_1970 = 719_162;
const TICKS_PER_SECOND = 10_000_000;

/** Days since 0001-01-01 of a text that begins with `yyyy-mm-dd`. */
export function daysOf(text: string): number {
  // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  const midnight = new Date(0).setUTCFullYear(digits(text, 0, 4), digits(text, 5, 7) - 1, digits(text, 8, 10));
  return midnight / MILLISECONDS_PER_DAY + DAYS_TO_1970;
}

/** 100 ns since midnight of a text that ends with `hh:mm:ss` and up to seven fraction digits, from position `at`. */
export function ticksOf(text: string, at = 11): number {
  if (text.length < at + 8) return 0;
  const seconds = digits(text, at, at + 2) * 3600 + digits(text, at + 3, at + 5) * 60 + digits(text, at + 6, at + 8);
  let ticks = 0;
  for (let index = at + 9; index < at + 16; index += 1) {
    ticks = ticks * 10 + (index < text.length ? text.charCodeAt(index) - 48 : 0);
  }
  return seconds * TICKS_PER_SECOND + ticks;
}

function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let index = from; index < to; index += 1) number = number * 10 + text.charCodeAt(index) - 48;
  return number;
}

export function dateText(days: number): string {
  return new Date((days - DAYS_TO_1970) * MILLISECONDS_PER_DAY).toISOString().slice(0, 10);
}

/** `hh:mm:ss`, and as many fraction digits as asked for. */
export function clockText(ticks: number, fractionDigits = 7): string {
  const seconds = Math.floor(ticks / TICKS_PER_SECOND);
  const two = (number: number) => String(number).padStart(2, "0");
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (fractionDigits === 0) return clock;
  return `${clock}.${String(ticks % TICKS_PER_SECOND)
    .padStart(7, "0")
    .slice(0, fractionDigits)}`;
}

/** Milliseconds since 1970 → `yyyy-mm-dd hh:mm:ss.nnnnnnn`. */
export function timeText(epochMilliseconds: number, fractionDigits = 7): string {
  const iso = new Date(epochMilliseconds).toISOString();
  return `${iso.slice(0, 10)} ${iso
    .slice(11, 23)
    .padEnd(16, "0")
    .slice(0, 9 + fractionDigits)}`;
}
