/** What expressions and queries become before they run. */
import type { ResultColumn, SqlType, SqlValue } from "../sql-types.ts";
import type { CatalogColumn, SqlContext } from "./context.ts";
import type { Query } from "./syntax.ts";

/** The rows that an expression is evaluated on: one of each table, undefined where an outer join found none. */
export interface Frame {
  readonly rows: unknown[];
  /** Values of GROUP BY's expressions, and of the aggregates, where the frame stands for a group. */
  readonly keys: readonly SqlValue[];
  readonly aggregated: readonly SqlValue[];
  /** ROWNUM that the row has if it passes. */
  rowNumber: number;
  readonly outer: Frame | undefined;
}

export function emptyFrame(outer?: Frame): Frame {
  return { rows: [], keys: [], aggregated: [], rowNumber: 1, outer };
}

/** Which tables of its own query an expression reads: a bit for each; ALL_TABLES where that is not known. */
type Uses = number;
export const ALL_TABLES = -1;

export interface Compiled {
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly uses: Uses;
  evaluate(frame: Frame): SqlValue;
}

/** A table of FROM, as expressions see it. */
export interface VisibleTable {
  readonly alias: string;
  /** `AUDSYS.AUD$UNIFIED`; undefined of a subquery. */
  readonly fullName?: string;
  readonly columns: readonly CatalogColumn[];
  /** Outer joins make NULL of every column. */
  readonly isOptional: boolean;
}

/** Where an expression stands for a group of rows, not for one. */
export interface Grouping {
  /** By their canonical text: where its value is in the group's keys. */
  readonly keys: ReadonlyMap<string, { readonly index: number; readonly type: SqlType }>;
  /** There is a GROUP BY: what is neither in it nor in an aggregate is ORA-00979, else ORA-00937. */
  readonly isExplicit: boolean;
  readonly aggregates: Aggregate[];
}

export interface Scope {
  readonly context: SqlContext;
  readonly tables: readonly VisibleTable[];
  readonly grouping?: Grouping;
  readonly outer: Scope | undefined;
  /** How to compile a query inside an expression: given, so that no two files need each other. */
  compileSubquery(query: Query, outer: Scope): CompiledQuery;
}

export interface CompiledQuery {
  readonly columns: readonly ResultColumn[];
  run(outer?: Frame): Iterable<readonly SqlValue[]>;
}

export interface Aggregate {
  readonly kind: "count" | "sum" | "min" | "max" | "avg";
  readonly distinct: boolean;
  /** Absent: COUNT(*). */
  readonly operand?: Compiled;
}
