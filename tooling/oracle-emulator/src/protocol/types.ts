/** Oracle notes §7.2: the numbers of types and character sets. */
import type { ColumnType } from "../engine-session.ts";

export const TYPE_CODE = {
  varchar: 1,
  number: 2,
  integer: 3,
  long: 8,
  date: 12,
  raw: 23,
  longRaw: 24,
  char: 96,
  binaryFloat: 100,
  binaryDouble: 101,
  clob: 112,
  timestamp: 180,
  timestampWithTimeZone: 181,
  timestampWithLocalTimeZone: 231,
  boolean: 252,
} as const;

export const CODE_OF_TYPE: Readonly<Record<ColumnType, number>> = {
  VARCHAR2: TYPE_CODE.varchar,
  NUMBER: TYPE_CODE.number,
  CLOB: TYPE_CODE.clob,
  RAW: TYPE_CODE.raw,
  DATE: TYPE_CODE.date,
  TIMESTAMP: TYPE_CODE.timestamp,
  "TIMESTAMP WITH TIME ZONE": TYPE_CODE.timestampWithTimeZone,
};

/** AL32UTF8, AL16UTF16. */
export const CHARACTER_SET = { utf8: 873, utf16: 2000 } as const;
/** Charset form of NCHAR and NVARCHAR2. */
export const NATIONAL_FORM = 2;

/** With 32 K strings (runtime capability 6), which is what is advertised. */
export const LONGEST_STRING = 32_767;
