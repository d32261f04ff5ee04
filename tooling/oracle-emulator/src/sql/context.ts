import type { Dictionary } from "../dictionary.ts";
import type { OracleEngine } from "../engine.ts";
import type { Site } from "../model/world.ts";
import type { Rights } from "../privileges.ts";
import type { SessionState } from "../session-state.ts";
import type { SqlType, SqlValue } from "../sql-types.ts";
import type { StatementScan } from "../statement-scan.ts";
import type { SessionFormats } from "./convert-value.ts";

export interface Variable {
  readonly type: SqlType;
  value: SqlValue;
  /** Of a record: its columns by name. */
  fields?: ReadonlyMap<string, { readonly type: SqlType; readonly value: SqlValue }>;
}

/** The variables of a block, and behind them those of the blocks around it. */
export interface Variables {
  readonly own: ReadonlyMap<string, Variable>;
  readonly outer: Variables | undefined;
}

export function findVariable(name: string, variables: Variables | undefined): Variable | undefined {
  for (let at = variables; at; at = at.outer) {
    const found = at.own.get(name);
    if (found) return found;
  }
  return undefined;
}

/** What a statement is carried out in. */
export interface SqlContext {
  readonly engine: OracleEngine;
  readonly session: SessionState;
  /** Of the session's container. */
  readonly dictionary: Dictionary;
  readonly rights: Rights;
  /** The database as it was when the statement began: what happens later is not in its result. */
  readonly site: Site;
  readonly formats: SessionFormats;
  /** The moment at which the statement began by the database's clock: milliseconds since 1970, the fraction microseconds. */
  readonly now: number;
  readonly catalog: Catalog;
  readonly binds: readonly { readonly type: SqlType; readonly value: SqlValue }[];
  /** Of the block around; absent in plain SQL. */
  readonly variables: Variables | undefined;
  /** The text of the block or program, for the places of errors. */
  readonly source?: string;
  /** `DAS_OWNER.DAS_ADVANCE`, while a stored program runs. */
  readonly program?: string;
  readonly scan: StatementScan;
  /** The statement that is carried out, as it was written: what audit records show of it. */
  readonly statement: string;
}

export interface CatalogColumn<Row = never> {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  read(row: Row, context: SqlContext): SqlValue;
}

/** Half-open, as times in UTC; an end that is absent is open. */
export interface TimeBounds {
  readonly from?: string;
  /** Rows at this moment may be left out only if `to` is not part of the range. */
  readonly to?: string;
}

/** A table or view: its rows are plain objects that its columns read. */
export interface CatalogTable<Row = never> {
  /** `AUDSYS`. */
  readonly owner: string;
  readonly name: string;
  readonly columns: readonly CatalogColumn<Row>[];
  /** The column by which it is partitioned: bounds on it let partitions be left out. */
  readonly partitionKey?: string;
  /** The rows as they are at this moment: what happens later is not in what is iterated. */
  rows(context: SqlContext, bounds: TimeBounds): Iterable<Row>;
}

export interface ScalarFunction {
  readonly least: number;
  readonly most: number;
  /** Arguments after the first one that is not NULL are not evaluated. */
  readonly stopsAtFirst?: true;
  /** What its arguments are brought to; absent or undefined: they stay as they are. */
  readonly takes?: readonly (SqlType | undefined)[];
  type(args: readonly SqlType[]): SqlType;
  evaluate(args: readonly SqlValue[], context: SqlContext, types: readonly SqlType[]): SqlValue;
}

export interface Parameter {
  readonly name: string;
  readonly type: SqlType;
  readonly isOptional: boolean;
  readonly value?: SqlValue;
}

/** A procedure of a package; a function when it has a type. */
export interface PackageMember {
  readonly parameters: readonly Parameter[];
  readonly result?: SqlType;
  run(args: ReadonlyMap<string, SqlValue>, context: SqlContext): SqlValue;
}

export interface Package {
  readonly owner: string;
  readonly name: string;
  readonly constants: ReadonlyMap<string, { readonly type: SqlType; readonly value: SqlValue }>;
  readonly members: ReadonlyMap<string, PackageMember>;
  /** Everybody may execute it. */
  readonly isPublic: boolean;
}

/** Everything that a statement can name in one release; names in upper case. */
export interface Catalog {
  /** By `OWNER.NAME`. */
  readonly tables: ReadonlyMap<string, CatalogTable>;
  /** Public synonyms → `OWNER.NAME`. */
  readonly synonyms: ReadonlyMap<string, string>;
  readonly functions: ReadonlyMap<string, ScalarFunction>;
  /** By `OWNER.NAME`. */
  readonly packages: ReadonlyMap<string, Package>;
}
