/** The types and values that the engine side, the wire and the catalog share. */

type SqlTypeName =
  | "VARCHAR2"
  | "CHAR"
  | "NUMBER"
  | "DATE"
  | "TIMESTAMP"
  | "TIMESTAMP WITH TIME ZONE"
  | "TIMESTAMP WITH LOCAL TIME ZONE"
  | "INTERVAL DAY TO SECOND"
  | "CLOB"
  | "RAW"
  /** Of PL/SQL and of conditions; no column has it here. */
  | "BOOLEAN"
  /** Rows of names and values: what PL/SQL's FOR … IN (SELECT …) goes through. */
  | "RECORD";

export interface SqlType {
  readonly name: SqlTypeName;
  /** Bytes of VARCHAR2, CHAR and RAW. */
  readonly length?: number;
  /** Digits of a NUMBER. */
  readonly precision?: number;
  /** Fraction digits of a NUMBER. */
  readonly scale?: number;
}

/**
 * Plain and printable, whatever the type; null is NULL and the empty string, which are one in Oracle.
 * NUMBER: a number where it is a safe integer, a bigint where it is another integer, else decimal text (`.5`, `-1.25`).
 * Text and CLOB: text. RAW: upper-case hex. DATE: `YYYY-MM-DD HH24:MI:SS`. TIMESTAMP: the same and six fraction digits.
 * WITH TIME ZONE: that, local, and ` +HH:MM`. WITH LOCAL TIME ZONE: that, in UTC, as it is stored; what is sent to a
 * client is in the session's time zone. INTERVAL: microseconds.
 */
export type SqlValue = null | string | number | bigint | boolean;

export interface ResultColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
}

export const number: SqlType = { name: "NUMBER" };
export const clob: SqlType = { name: "CLOB" };
export const date: SqlType = { name: "DATE" };
export const timestamp: SqlType = { name: "TIMESTAMP" };
export const zonedTimestamp: SqlType = { name: "TIMESTAMP WITH TIME ZONE" };
export const localTimestamp: SqlType = { name: "TIMESTAMP WITH LOCAL TIME ZONE" };
export const interval: SqlType = { name: "INTERVAL DAY TO SECOND" };
export const boolean: SqlType = { name: "BOOLEAN" };
export const record: SqlType = { name: "RECORD" };
/** Of the literal NULL: text where nothing else says what it is. */
export const untyped: SqlType = { name: "VARCHAR2", length: 1 };

export function varchar2(length: number): SqlType {
  return { name: "VARCHAR2", length };
}

export function char(length: number): SqlType {
  return { name: "CHAR", length };
}

export function raw(length: number): SqlType {
  return { name: "RAW", length };
}

export function isText({ name }: SqlType): boolean {
  return name === "VARCHAR2" || name === "CHAR" || name === "CLOB";
}

export function isTime({ name }: SqlType): boolean {
  return name === "DATE" || name.startsWith("TIMESTAMP");
}
