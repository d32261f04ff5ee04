/** From one type to another, and parts of times. */
import {
  clob,
  date,
  isText,
  isTime,
  number,
  type SqlType,
  timestamp,
  untyped,
  varchar2,
  zonedTimestamp,
} from "../sql-types.ts";
import type { ScalarFunction, SqlContext } from "./context.ts";
import { convertValue, readTimeAs, showTime, toText, utcOf } from "./convert-value.ts";
import { canonicalNumber, type ExactNumber, isNumberText } from "./exact-number.ts";
import { oracleError } from "./messages.ts";
import { formatNumber } from "./number-format.ts";
import { emptyIsNull, strict, text } from "./scalar-function.ts";
import { fromZone, zonedText } from "./time-zone.ts";

/** TO_CHAR of text, numbers, times. */
const TO_CHAR: ScalarFunction = {
  least: 1,
  most: 3,
  type: ([first = untyped]) => {
    if (first.name === "BOOLEAN" || first.name === "RECORD") throw oracleError(932, ["CHAR", first.name]);
    return isTime(first) ? varchar2(100) : first.name === "NUMBER" ? varchar2(64) : text;
  },
  evaluate: ([value = null, format], { formats }, [type = untyped]) => {
    if (value === null || format === null) return null;
    if (format === undefined) return toText(value, type, formats);
    if (isTime(type)) return emptyIsNull(showTime(String(value), type, String(format), formats));
    const asNumber = convertValue(value, type, number, formats);
    return asNumber === null ? null : formatNumber(asNumber as ExactNumber, String(format));
  },
};

function toTimeAs(to: SqlType, formatOf: (context: SqlContext) => string): ScalarFunction {
  return {
    least: 1,
    most: 3,
    takes: [undefined, text, text],
    type: () => to,
    evaluate: ([value = null, format], context, [type = untyped]) => {
      if (value === null || format === null) return null;
      const { formats } = context;
      // A time is shown by the session's format and read again, as the server does it.
      const shown = isText(type) ? String(value) : toText(value, type, formats);
      return shown === null
        ? null
        : readTimeAs(shown, to, format === undefined ? formatOf(context) : String(format), formats);
    },
  };
}

const TO_NUMBER: ScalarFunction = {
  least: 1,
  most: 3,
  takes: [undefined, text, text],
  type: ([first = untyped]) => {
    if (isTime(first)) throw oracleError(932, ["NUMBER", first.name]);
    return number;
  },
  evaluate: ([value = null, format], { formats }, [type = untyped]) => {
    if (value === null) return null;
    if (format === undefined || format === null || !isText(type)) return convertValue(value, type, number, formats);
    const digits = String(value).trim();
    if (/^x+$/i.test(String(format))) {
      if (!/^[0-9a-f]+$/i.test(digits)) throw oracleError(1722);
      return canonicalNumber(BigInt(`0x${digits}`).toString());
    }
    const plain = digits.replaceAll(/[,$]/g, "");
    if (!isNumberText(plain)) throw oracleError(1722);
    return canonicalNumber(plain);
  },
};

const EXTRACT: ScalarFunction = {
  least: 2,
  most: 2,
  type: () => number,
  evaluate: ([field = null, value = null], { formats }, [, type = untyped]) => {
    if (value === null) return null;
    if (!isTime(type)) throw oracleError(30076);
    const shown = showTime(String(value), type, "YYYY-MM-DD HH24:MI:SS", formats);
    const hasClock = type.name !== "DATE";
    switch (field) {
      case "YEAR":
        return Number(shown.slice(0, 4));
      case "MONTH":
        return Number(shown.slice(5, 7));
      case "DAY":
        return Number(shown.slice(8, 10));
      case "HOUR":
        if (hasClock) return Number(utcOf(String(value), type, formats.timeZone).slice(11, 13));
        break;
      case "MINUTE":
        if (hasClock) return Number(shown.slice(14, 16));
        break;
      case "SECOND":
        if (hasClock) return canonicalNumber(`${shown.slice(17, 19)}.${showTime(String(value), type, "FF6", formats)}`);
        break;
    }
    throw oracleError(30076);
  },
};

export const CONVERSION_FUNCTIONS: readonly (readonly [name: string, called: ScalarFunction])[] = [
  ["TO_CHAR", TO_CHAR],
  ["TO_NUMBER", TO_NUMBER],
  ["TO_DATE", toTimeAs(date, ({ formats }) => formats.dateFormat)],
  ["TO_TIMESTAMP", toTimeAs(timestamp, ({ formats }) => formats.timestampFormat)],
  ["TO_TIMESTAMP_TZ", toTimeAs(zonedTimestamp, ({ formats }) => formats.zonedFormat)],
  ["TO_CLOB", strict([text], clob, ([value = null]) => value)],
  [
    "FROM_TZ",
    strict([timestamp, text], zonedTimestamp, ([value = "", zone = ""]) =>
      zonedText(fromZone(String(value), String(zone)), String(zone)),
    ),
  ],
  [
    "SYS_EXTRACT_UTC",
    strict(
      [undefined],
      ([type = untyped]) => {
        if (type !== untyped && (!isTime(type) || type.name === "DATE"))
          throw oracleError(932, ["TIMESTAMP", type.name]);
        return timestamp;
      },
      ([value = ""], { formats }, [type = untyped]) => utcOf(String(value), type, formats.timeZone),
    ),
  ],
  ["EXTRACT", EXTRACT],
];
