/** The types and values that the engine side, the wire and the catalog share. */

export type SqlTypeName =
  | "tinyint"
  | "smallint"
  | "int"
  | "bigint"
  | "bit"
  | "float"
  | "decimal"
  | "uniqueidentifier"
  | "date"
  | "time"
  | "datetime"
  | "datetime2"
  | "datetimeoffset"
  | "char"
  | "varchar"
  | "nchar"
  | "nvarchar"
  | "binary"
  | "varbinary"
  | "sql_variant";

export interface SqlType {
  readonly name: SqlTypeName;
  /** Characters (char, varchar, nchar, nvarchar) or bytes (binary, varbinary). */
  readonly length?: number | "max";
  /** Fraction digits of times and decimals. */
  readonly scale?: number;
}

/**
 * Plain and printable, whatever the type: times as `yyyy-mm-dd hh:mm:ss.nnnnnnn`, binary values as `0x` and lower-case
 * hex, GUIDs as upper-case text, integers as number or, where a number would round, as bigint or decimal text.
 */
export type SqlValue = null | boolean | number | bigint | string;

export const tinyint: SqlType = { name: "tinyint" };
export const smallint: SqlType = { name: "smallint" };
export const int: SqlType = { name: "int" };
export const bigint: SqlType = { name: "bigint" };
export const bit: SqlType = { name: "bit" };
export const uniqueidentifier: SqlType = { name: "uniqueidentifier" };
export const datetime: SqlType = { name: "datetime" };
export const datetime2: SqlType = { name: "datetime2", scale: 7 };
export const variant: SqlType = { name: "sql_variant" };
/** Of the literal NULL: an int where nothing else says what it is. */
export const untyped: SqlType = { name: "int" };
export const sysname: SqlType = { name: "nvarchar", length: 128 };

export function char(length: number): SqlType {
  return { name: "char", length };
}

export function nchar(length: number): SqlType {
  return { name: "nchar", length };
}

export function varchar(length: number | "max"): SqlType {
  return { name: "varchar", length };
}

export function nvarchar(length: number | "max"): SqlType {
  return { name: "nvarchar", length };
}

export function varbinary(length: number | "max"): SqlType {
  return { name: "varbinary", length };
}

const CHARACTER_TYPES: ReadonlySet<SqlTypeName> = new Set(["char", "varchar", "nchar", "nvarchar"]);
const INTEGER_TYPES: ReadonlySet<SqlTypeName> = new Set(["tinyint", "smallint", "int", "bigint"]);

export function isCharacterType(type: SqlType): boolean {
  return CHARACTER_TYPES.has(type.name);
}

export function isIntegerType(type: SqlType): boolean {
  return INTEGER_TYPES.has(type.name);
}

/** As sys.dm_exec_describe_first_result_set shows it: `nvarchar(128)`, `datetime2(7)`, `int`. */
export function typeText(type: SqlType): string {
  if (type.length !== undefined) return `${type.name}(${type.length})`;
  return type.scale === undefined || type.name === "decimal" ? type.name : `${type.name}(${type.scale})`;
}
