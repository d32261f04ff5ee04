/** Time zones: fixed offsets (`+02:00`) and regions (`Europe/Zurich`), as ALTER SESSION SET TIME_ZONE takes them. */
import { oracleError } from "./messages.ts";

/** Minutes east of UTC at a moment in milliseconds since 1970. */
interface Zone {
  readonly fixed?: number;
  offsetAt(utc: number): number;
}

const zones = new Map<string, Zone>();
const MINUTE = 60_000;

/** @throws OracleError 1874, 1882 */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  const zone = makeZone(name.trim());
  zones.set(name, zone);
  return zone;
}

function makeZone(name: string): Zone {
  // Older drivers of this computer's clock send a single digit of minutes: `-00:0`.
  const offset = /^([-+]?)(\d{1,2}):(\d{1,2})$/.exec(name);
  if (offset) {
    const [, sign, hours, minutes] = offset;
    const fixed = (sign === "-" ? -1 : 1) * (60 * Number(hours) + Number(minutes));
    if (Math.abs(fixed) > 15 * 60) throw oracleError(1874);
    return { fixed, offsetAt: () => fixed };
  }
  if (/^(utc|gmt|z)$/i.test(name)) return { fixed: 0, offsetAt: () => 0 };
  return regionZone(name);
}

function regionZone(name: string): Zone {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    throw oracleError(1882);
  }
  const byQuarter = new Map<number, number>();
  return {
    offsetAt(utc) {
      // Every change of every zone falls on a quarter of an hour.
      const quarter = Math.floor(utc / (15 * MINUTE));
      let offset = byQuarter.get(quarter);
      if (offset === undefined) {
        const begin = quarter * 15 * MINUTE;
        const parts = Object.fromEntries(format.formatToParts(begin).map(({ type, value }) => [type, Number(value)]));
        const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
        offset = Math.round((Date.UTC(year, month - 1, day, hour, minute, second) - begin) / MINUTE);
        byQuarter.set(quarter, offset);
      }
      return offset;
    },
  };
}

/** `2026-01-02 03:04:05.123456`: times as texts of one form, which compare as they follow each other. */
export type TimeText = string;

function millisecondsOf(text: TimeText): number {
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`);
}

/** Adds whole minutes; the fraction stays as it is. */
function shift(text: TimeText, minutes: number): TimeText {
  if (minutes === 0) return text;
  const iso = new Date(millisecondsOf(text) + minutes * MINUTE).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${text.slice(19)}`;
}

/** A time in UTC, as the clocks of a zone show it. */
export function toZone(utc: TimeText, zone: string): { readonly time: TimeText; readonly offset: number } {
  const { fixed, offsetAt } = zoneOf(zone);
  const offset = fixed ?? offsetAt(millisecondsOf(utc));
  return { time: shift(utc, offset), offset };
}

/** What the clocks of a zone showed, in UTC; of an hour that came twice, the first. */
export function fromZone(local: TimeText, zone: string): TimeText {
  const { fixed, offsetAt } = zoneOf(zone);
  if (fixed !== undefined) return shift(local, -fixed);
  const asUtc = millisecondsOf(local);
  const before = offsetAt(asUtc - 24 * 60 * MINUTE);
  const after = offsetAt(asUtc + 24 * 60 * MINUTE);
  const fits = [before, after].find((offset) => offsetAt(asUtc - offset * MINUTE) === offset);
  return shift(local, -(fits ?? before));
}

/** `+02:00`. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** A value WITH TIME ZONE from a time in UTC. */
export function zonedText(utc: TimeText, zone: string): string {
  const { time, offset } = toZone(utc, zone);
  return `${time} ${offsetText(offset)}`;
}

/** The UTC time of a value WITH TIME ZONE. */
export function utcOfZoned(zoned: string): TimeText {
  return fromZone(zoned.slice(0, -7), zoned.slice(-6));
}
