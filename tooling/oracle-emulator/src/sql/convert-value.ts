/** Conversions between types, those that a statement asks for and those that it implies. */
import { isText, isTime, type SqlType, type SqlValue } from "../sql-types.ts";
import {
  canonicalNumber,
  type ExactNumber,
  isNumberText,
  limitScale,
  numberText,
  wholeDigits,
} from "./exact-number.ts";
import { oracleError } from "./messages.ts";
import { intervalLiteral, readTime } from "./read-time.ts";
import { formatTime } from "./time-format.ts";
import { fromZone, offsetText, toZone, utcOfZoned, zonedText } from "./time-zone.ts";

/** What conversions take from the session. */
export interface SessionFormats {
  readonly timeZone: string;
  readonly dateFormat: string;
  readonly timestampFormat: string;
  readonly zonedFormat: string;
  /** `YYYY-MM-DD HH24:MI:SS` of the session's clock. */
  readonly today: string;
}

export type Family = "text" | "number" | "time" | "raw" | "interval" | "boolean" | "record";

export function familyOf(type: SqlType): Family {
  if (isText(type)) return "text";
  if (isTime(type)) return "time";
  switch (type.name) {
    case "NUMBER":
      return "number";
    case "RAW":
      return "raw";
    case "BOOLEAN":
      return "boolean";
    case "RECORD":
      return "record";
    default:
      return "interval";
  }
}

/** Is there an implied conversion? Everything can be read from text and shown as text. */
export function isConvertible(from: SqlType, to: SqlType): boolean {
  const [a, b] = [familyOf(from), familyOf(to)];
  if (a === b) return true;
  if (a === "boolean" || b === "boolean" || a === "record" || b === "record") return false;
  return a === "text" || b === "text";
}

/** @throws OracleError 1722 and those of dates, when a text does not say what it should */
export function convertValue(value: SqlValue, from: SqlType, to: SqlType, session: SessionFormats): SqlValue {
  if (value === null) return null;
  switch (familyOf(to)) {
    case "text":
      return toText(value, from, session);
    case "number":
      return toNumber(value, from);
    case "time":
      return toTime(value, from, to, session);
    case "raw":
      return toHex(value, from);
    case "interval":
      return isText(from) ? readInterval(String(value)) : value;
    default:
      return value;
  }
}

export function toText(value: SqlValue, from: SqlType, session: SessionFormats): string | null {
  if (value === null) return null;
  switch (from.name) {
    case "NUMBER":
      return numberText(value as ExactNumber);
    case "DATE":
      return formatTime(String(value), session.dateFormat);
    case "TIMESTAMP":
      return formatTime(String(value), session.timestampFormat);
    case "TIMESTAMP WITH TIME ZONE":
      return formatTime(String(value).slice(0, -7), session.zonedFormat, String(value).slice(-6));
    case "TIMESTAMP WITH LOCAL TIME ZONE":
      return formatTime(toZone(String(value), session.timeZone).time, session.timestampFormat);
    case "INTERVAL DAY TO SECOND":
      return intervalText(Number(value));
    default:
      return String(value);
  }
}

/** TO_CHAR of a time with a format. */
export function showTime(value: string, type: SqlType, format: string, session: SessionFormats): string {
  if (type.name === "TIMESTAMP WITH TIME ZONE") return formatTime(value.slice(0, -7), format, value.slice(-6));
  if (type.name !== "TIMESTAMP WITH LOCAL TIME ZONE") return formatTime(value, format);
  const { time, offset } = toZone(value, session.timeZone);
  return formatTime(time, format, offsetText(offset));
}

function toNumber(value: SqlValue, from: SqlType): SqlValue {
  if (value === null || !isText(from)) return value;
  const text = String(value).trim();
  if (!isNumberText(text)) throw oracleError(1722);
  return canonicalNumber(text);
}

function toHex(value: SqlValue, from: SqlType): SqlValue {
  if (!isText(from)) return value;
  const hex = String(value).toUpperCase();
  if (!/^[0-9A-F]*$/.test(hex)) throw oracleError(1465);
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}

function toTime(value: SqlValue, from: SqlType, to: SqlType, session: SessionFormats): SqlValue {
  if (value === null || from.name === to.name) return value;
  if (isText(from)) return readText(String(value), to, session);
  const text = String(value);
  const { timeZone } = session;
  switch (to.name) {
    case "DATE":
      return localOf(text, from, timeZone).slice(0, 19);
    case "TIMESTAMP":
      return withFraction(localOf(text, from, timeZone));
    case "TIMESTAMP WITH TIME ZONE":
      return zonedOf(text, from, timeZone);
    default:
      return utcOf(text, from, timeZone);
  }
}

function withFraction(text: string): string {
  return text.length === 19 ? `${text}.000000` : text;
}

/** As the clocks of its zone show it. */
function localOf(text: string, from: SqlType, timeZone: string): string {
  if (from.name === "TIMESTAMP WITH TIME ZONE") return text.slice(0, -7);
  return from.name === "TIMESTAMP WITH LOCAL TIME ZONE" ? toZone(text, timeZone).time : text;
}

/** @returns the time in UTC; what has no zone is in the session's */
export function utcOf(text: string, from: SqlType, timeZone: string): string {
  if (from.name === "TIMESTAMP WITH LOCAL TIME ZONE") return text;
  if (from.name === "TIMESTAMP WITH TIME ZONE") return utcOfZoned(text);
  return fromZone(withFraction(text), timeZone);
}

function zonedOf(text: string, from: SqlType, timeZone: string): string {
  return zonedText(utcOf(text, from, timeZone), timeZone);
}

function readText(text: string, to: SqlType, session: SessionFormats): string {
  const format =
    to.name === "DATE"
      ? session.dateFormat
      : to.name === "TIMESTAMP WITH TIME ZONE"
        ? session.zonedFormat
        : session.timestampFormat;
  return readTimeAs(text, to, format, session);
}

/** TO_DATE, TO_TIMESTAMP and TO_TIMESTAMP_TZ. */
export function readTimeAs(text: string, to: SqlType, format: string, session: SessionFormats): string {
  const { time, zone } = readTime(text, format, session.today);
  switch (to.name) {
    case "DATE":
      return time.slice(0, 19);
    case "TIMESTAMP":
      return time;
    case "TIMESTAMP WITH TIME ZONE": {
      const where = zone ?? session.timeZone;
      return zonedText(fromZone(time, where), where);
    }
    default:
      return fromZone(time, zone ?? session.timeZone);
  }
}

function readInterval(text: string): number {
  const value = intervalLiteral(text, "day", "second");
  if (value === undefined) throw oracleError(1867);
  return value;
}

/** `+000000001 02:03:04.500000`. */
function intervalText(microseconds: number): string {
  const size = Math.abs(microseconds);
  const digits = (value: number, width: number) => String(Math.floor(value)).padStart(width, "0");
  const seconds = size / 1e6;
  const clock = [digits((seconds / 3600) % 24, 2), digits((seconds / 60) % 60, 2), digits(seconds % 60, 2)].join(":");
  return `${microseconds < 0 ? "-" : "+"}${digits(seconds / 86_400, 9)} ${clock}.${digits(size % 1e6, 6)}`;
}

/** CAST: like an implied conversion, but to the length or precision that is asked for. */
export function castValue(value: SqlValue, from: SqlType, to: SqlType, session: SessionFormats): SqlValue {
  const converted = convertValue(value, from, to, session);
  if (converted === null) return null;
  if (to.name === "CHAR" || to.name === "VARCHAR2") {
    const text = String(converted);
    if (Buffer.byteLength(text) > (to.length ?? 4000)) throw oracleError(25137);
    return to.name === "CHAR" ? text.padEnd(to.length ?? 1) : text;
  }
  return to.name === "NUMBER" && to.precision !== undefined ? toPrecision(converted as ExactNumber, to) : converted;
}

function toPrecision(value: ExactNumber, { precision = 38, scale = 0 }: SqlType): ExactNumber {
  const rounded = limitScale(value, scale, "round");
  if (wholeDigits(rounded) > precision - scale) throw oracleError(1438);
  return rounded;
}
