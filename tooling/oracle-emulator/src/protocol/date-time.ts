/** Oracle notes §7.2: DATE, TIMESTAMP and TIMESTAMP WITH TIME ZONE, of 7, 11 and 13 bytes. */
import type { ByteWriter } from "./byte-writer.ts";
import { ProtocolError } from "./protocol-error.ts";

const DATE_SIZE = 7;
const TIMESTAMP_SIZE = 11;
const WITH_ZONE_SIZE = 13;
/** What is added to the hours and minutes of a time zone. */
const ZONE_HOUR = 20;
const ZONE_MINUTE = 60;
const SHAPE = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: ([+-])(\d\d):(\d\d))?$/;

/** `YYYY-MM-DD HH24:MI:SS`, as a CLR. @throws RangeError */
export function writeDate(out: ByteWriter, text: string): void {
  const parts = split(text);
  out.u8(DATE_SIZE);
  writeFields(out, parts);
}

/** With a fraction of up to nine digits, as a CLR; without one it takes no more than a DATE does. @throws RangeError */
export function writeTimestamp(out: ByteWriter, text: string): void {
  const parts = split(text);
  out.u8(parts.nanoseconds === 0 ? DATE_SIZE : TIMESTAMP_SIZE);
  writeFields(out, parts);
  if (parts.nanoseconds !== 0) out.u32(parts.nanoseconds);
}

/** The time is that of the zone behind it, and on the wire that of UTC. As a CLR. @throws RangeError */
export function writeTimestampWithTimeZone(out: ByteWriter, text: string): void {
  const local = split(text);
  out.u8(WITH_ZONE_SIZE);
  writeFields(out, shifted(local, -local.zone));
  out.u32(local.nanoseconds);
  out.u8(Math.trunc(local.zone / 60) + ZONE_HOUR);
  out.u8((local.zone % 60) + ZONE_MINUTE);
}

/** Of 7, 11 or 13 bytes: as the statements of a reader write it, with nine digits of a fraction where there is one. */
export function readDateTime(bytes: Buffer): string {
  if (![DATE_SIZE, TIMESTAMP_SIZE, WITH_ZONE_SIZE].includes(bytes.length))
    throw new ProtocolError(`a time of ${bytes.length} bytes`);
  const [century = 0, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = bytes;
  const utc = {
    year: 100 * (century - 100) + year - 100,
    month,
    day,
    hour: hour - 1,
    minute: minute - 1,
    second: second - 1,
  };
  const nanoseconds = bytes.length > DATE_SIZE ? bytes.readUInt32BE(DATE_SIZE) : 0;
  if (bytes.length < WITH_ZONE_SIZE)
    return `${textOf(utc)}${bytes.length > DATE_SIZE ? `.${padded(nanoseconds, 9)}` : ""}`;
  const zone = 60 * (bytes.readUInt8(11) - ZONE_HOUR) + bytes.readUInt8(12) - ZONE_MINUTE;
  const [zoneHour, zoneMinute] = [Math.trunc(Math.abs(zone) / 60), Math.abs(zone) % 60];
  const zoneText = `${zone < 0 ? "-" : "+"}${padded(zoneHour, 2)}:${padded(zoneMinute, 2)}`;
  return `${textOf(shifted(utc, zone))}.${padded(nanoseconds, 9)} ${zoneText}`;
}

interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

interface Parts extends Fields {
  readonly nanoseconds: number;
  /** Minutes ahead of UTC. */
  readonly zone: number;
}

function split(text: string): Parts {
  const found = SHAPE.exec(text);
  if (!found) throw new RangeError(`${JSON.stringify(text)} is no time`);
  const [, year, month, day, hour, minute, second, fraction = "", sign, zoneHour = 0, zoneMinute = 0] = found;
  const zone = 60 * Number(zoneHour) + Number(zoneMinute);
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    nanoseconds: Number(fraction.padEnd(9, "0")),
    zone: sign === "-" ? -zone : zone,
  };
}

function shifted(fields: Fields, minutes: number): Fields {
  const { year, month, day, hour, minute, second } = fields;
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for those of the twentieth century.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute + minutes, second);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

function writeFields(out: ByteWriter, { year, month, day, hour, minute, second }: Fields): void {
  out.u8(Math.trunc(year / 100) + 100);
  out.u8((year % 100) + 100);
  out.u8(month);
  out.u8(day);
  out.u8(hour + 1);
  out.u8(minute + 1);
  out.u8(second + 1);
}

function textOf({ year, month, day, hour, minute, second }: Fields): string {
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  return `${date} ${padded(hour, 2)}:${padded(minute, 2)}:${padded(second, 2)}`;
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
