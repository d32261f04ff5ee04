/** What expressions and queries become before they run. */
import type { SqlType, SqlValue } from "../sql-types.ts";
import type { CatalogTable, SqlContext } from "./context.ts";
import type { Select } from "./syntax.ts";

/** The rows that an expression is evaluated on: one of each table, undefined where a left join found none. */
export interface Frame {
  readonly rows: unknown[];
  readonly aggregated: SqlValue[];
  readonly outer: Frame | undefined;
}

export interface Compiled {
  readonly type: SqlType;
  readonly nullable: boolean;
  /** Depends on the row alone. */
  readonly pure: boolean;
  evaluate(frame: Frame): SqlValue;
}

export interface Scope {
  readonly context: SqlContext;
  readonly tables: readonly { readonly alias: string; readonly table: CatalogTable }[];
  /** Where aggregates are collected; absent where they may not stand. */
  readonly aggregates?: Aggregate[];
  readonly outer: Scope | undefined;
  /** How to compile a query inside an expression: given, so that no two files need each other. */
  compileSubquery(select: Select, outer: Scope): Subquery;
}

interface Subquery {
  readonly columns: readonly { readonly type: SqlType }[];
  run(outer: Frame): Iterable<readonly SqlValue[]>;
}

export interface Aggregate {
  readonly kind: "count" | "min" | "max";
  /** Absent: COUNT(*). */
  readonly operand?: Compiled;
}
