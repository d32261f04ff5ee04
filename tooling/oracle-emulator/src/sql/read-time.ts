/** Times as TO_DATE, TO_TIMESTAMP and literals read them. */
import { oracleError } from "./messages.ts";
import { MONTHS, parseModel } from "./time-model.ts";

/** What a text said of a time; what it did not say is left out. */
interface Fields {
  year?: number;
  month?: number;
  day?: number;
  hour?: number;
  hour12?: number;
  afternoon?: boolean;
  minute?: number;
  second?: number;
  secondsOfDay?: number;
  microsecond?: number;
  zoneHour?: number;
  zoneMinute?: number;
  zoneNegative?: boolean;
  region?: string;
}

export interface ReadTime {
  /** `YYYY-MM-DD HH24:MI:SS.ffffff`. */
  readonly time: string;
  readonly zone?: string;
}

interface NumericCode {
  readonly width: number;
  set(fields: Fields, value: number, today: string): void;
}

const NUMERIC: Readonly<Record<string, NumericCode>> = {
  YYYY: { width: 4, set: (fields, value) => Object.assign(fields, { year: value }) },
  RRRR: { width: 4, set: (fields, value) => Object.assign(fields, { year: value < 100 ? roundedYear(value) : value }) },
  YY: {
    width: 2,
    set: (fields, value, today) => Object.assign(fields, { year: 100 * Number(today.slice(0, 2)) + value }),
  },
  RR: { width: 2, set: (fields, value) => Object.assign(fields, { year: roundedYear(value) }) },
  MM: { width: 2, set: (fields, value) => Object.assign(fields, { month: value }) },
  DD: { width: 2, set: (fields, value) => Object.assign(fields, { day: value }) },
  HH24: { width: 2, set: (fields, value) => Object.assign(fields, { hour: value }) },
  HH: { width: 2, set: (fields, value) => Object.assign(fields, { hour12: value }) },
  HH12: { width: 2, set: (fields, value) => Object.assign(fields, { hour12: value }) },
  MI: { width: 2, set: (fields, value) => Object.assign(fields, { minute: value }) },
  SS: { width: 2, set: (fields, value) => Object.assign(fields, { second: value }) },
  SSSSS: { width: 5, set: (fields, value) => Object.assign(fields, { secondsOfDay: value }) },
  TZM: { width: 2, set: (fields, value) => Object.assign(fields, { zoneMinute: value }) },
};

function roundedYear(value: number): number {
  return value < 50 ? 2000 + value : 1900 + value;
}

/**
 * Reads a text as a format model says. @param today the date that stands in for what the text leaves out
 * @throws OracleError 1821, 1830, 1840, 1841, 1843, 1847, 1850, 1851, 1852, 1858, 1861
 */
export function readTime(text: string, format: string, today: string): ReadTime {
  const fields: Fields = {};
  let at = 0;
  for (const { kind, text: code } of parseModel(format)) {
    if (kind === "fm" || kind === "fx") continue;
    if (at >= text.length) {
      if (kind === "text" || code.startsWith("FF") || code === "X") continue;
      throw oracleError(1840);
    }
    at = kind === "text" ? readPunctuation(text, at, code) : readCode(text, at, code, fields, today);
  }
  if (text.slice(at).trim() !== "") throw oracleError(1830);
  return assemble(fields, today);
}

function readPunctuation(text: string, at: number, wanted: string): number {
  if (text.slice(at, at + wanted.length).toUpperCase() === wanted.toUpperCase()) return at + wanted.length;
  // Any other punctuation will do, and missing punctuation too where digits go on.
  if (/[^\p{L}\d]/u.test(text.charAt(at)) && /^[^\p{L}\d]$/u.test(wanted)) return at + 1;
  throw oracleError(1861);
}

function readCode(text: string, at: number, code: string, fields: Fields, today: string): number {
  const rest = text.slice(at);
  const numeric = NUMERIC[code];
  if (numeric) {
    const found = new RegExp(`^ *[+]?(\\d{1,${numeric.width}})`).exec(rest);
    if (!found) throw oracleError(1858);
    numeric.set(fields, Number(found[1]), today);
    return at + found[0].length;
  }
  if (code.startsWith("FF")) {
    const found = /^\d{1,9}/.exec(rest);
    if (!found) throw oracleError(1858);
    fields.microsecond = Number(found[0].padEnd(9, "0").slice(0, 6));
    return at + found[0].length;
  }
  switch (code) {
    case "X":
      return /^[.,]/.test(rest) ? at + 1 : at;
    case "MON":
    case "MONTH": {
      const name = /^\p{L}+/u.exec(rest)?.[0].toUpperCase() ?? "";
      const month = MONTHS.findIndex((known) => known === name || known.slice(0, 3) === name) + 1;
      if (month === 0) throw oracleError(1843);
      fields.month = month;
      return at + name.length;
    }
    case "AM":
    case "PM":
    case "A.M.":
    case "P.M.": {
      const found = /^([ap])\.?m\.?/i.exec(rest);
      if (!found) throw oracleError(1861);
      fields.afternoon = found[1]?.toLowerCase() === "p";
      return at + found[0].length;
    }
    case "TZH": {
      const found = /^([-+]?)(\d{1,2})/.exec(rest);
      if (!found) throw oracleError(1858);
      fields.zoneHour = Number(found[2]);
      fields.zoneNegative = found[1] === "-";
      return at + found[0].length;
    }
    case "TZR": {
      const found = /^(?:[-+]\d{1,2}:\d{2}|[A-Za-z][\w/+-]*)/.exec(rest);
      if (!found) throw oracleError(1882);
      fields.region = found[0];
      return at + found[0].length;
    }
  }
  throw oracleError(1821);
}

function assemble(fields: Fields, today: string): ReadTime {
  const year = fields.year ?? Number(today.slice(0, 4));
  const month = fields.month ?? (fields.year === undefined ? Number(today.slice(5, 7)) : Number(today.slice(5, 7)));
  const day = fields.day ?? 1;
  let { hour = 0, minute = 0, second = 0 } = fields;
  if (year < 1 || year > 9999) throw oracleError(1841);
  if (month < 1 || month > 12) throw oracleError(1843);
  if (day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) throw oracleError(1847);
  if (fields.hour12 !== undefined) {
    if (fields.hour12 < 1 || fields.hour12 > 12) throw oracleError(1849);
    hour = (fields.hour12 % 12) + (fields.afternoon ? 12 : 0);
  }
  if (fields.secondsOfDay !== undefined) {
    hour = Math.floor(fields.secondsOfDay / 3600);
    minute = Math.floor(fields.secondsOfDay / 60) % 60;
    second = fields.secondsOfDay % 60;
  }
  if (hour > 23) throw oracleError(1850);
  if (minute > 59) throw oracleError(1851);
  if (second > 59) throw oracleError(1852);
  const two = (value: number) => String(value).padStart(2, "0");
  const fraction = String(fields.microsecond ?? 0).padStart(6, "0");
  const time = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}.${fraction}`;
  const zone =
    fields.region ??
    (fields.zoneHour === undefined
      ? undefined
      : `${fields.zoneNegative ? "-" : "+"}${two(fields.zoneHour)}:${two(fields.zoneMinute ?? 0)}`);
  return { time, ...(zone !== undefined && { zone }) };
}

/** The text of a DATE or TIMESTAMP literal. */
export function parseTimeText(text: string, kind: "date" | "timestamp"): string {
  const today = "2000-01-01";
  if (kind === "date") return readTime(text, "YYYY-MM-DD", today).time.slice(0, 19);
  const zoned = / ?([-+]\d{1,2}:\d{2})$/.exec(text);
  const plain = zoned ? text.slice(0, zoned.index) : text;
  const { time } = readTime(plain, "YYYY-MM-DD HH24:MI:SS.FF", today);
  if (!zoned) return time;
  const [, offset = "+00:00"] = zoned;
  return `${time} ${offset.length === 5 ? `${offset.charAt(0)}0${offset.slice(1)}` : offset}`;
}

const FIELD_SECONDS = { day: 86_400, hour: 3600, minute: 60, second: 1 } as const;

/** Microseconds of an INTERVAL literal; undefined when the text does not say what the fields ask for. */
export function intervalLiteral(
  text: string,
  from: keyof typeof FIELD_SECONDS,
  to: keyof typeof FIELD_SECONDS,
): number | undefined {
  const fields = Object.keys(FIELD_SECONDS) as (keyof typeof FIELD_SECONDS)[];
  const asked = fields.slice(fields.indexOf(from), fields.indexOf(to) + 1);
  const match = /^\s*([-+]?)\s*([\d.: ]+?)\s*$/.exec(text);
  if (!match || asked.length === 0) return undefined;
  const parts = (match[2] ?? "").split(/[: ]+/);
  if (parts.length !== asked.length) return undefined;
  let microseconds = 0;
  for (const [index, part] of parts.entries()) {
    const field = asked[index];
    const pattern = field === "second" ? /^\d{1,9}(?:\.\d{1,9})?$/ : /^\d{1,9}$/;
    if (!field || !pattern.test(part)) return undefined;
    microseconds += Math.round(Number(part) * FIELD_SECONDS[field] * 1e6);
  }
  return match[1] === "-" ? -microseconds : microseconds;
}
