import type { Engine } from "../engine.ts";
import type { AuditRow } from "../model/audit-row.ts";
import type { AuditReadPart } from "../model/read-rows.ts";
import type { ResultColumn, ServerMessage } from "../protocol/tokens.ts";
import type { SessionState } from "../session-state.ts";
import type { SqlType, SqlValue } from "../sql-types.ts";
import type { ServerError } from "./server-error.ts";

interface Variable {
  readonly type: SqlType;
  readonly value: SqlValue;
}

/** What a statement is carried out in. */
export interface SqlContext {
  readonly engine: Engine;
  readonly session: SessionState;
  /** By name with its `@`, in lower case. */
  readonly variables: Map<string, Variable>;
  /** Permissions that a signed procedure lends. */
  readonly lent: readonly string[];
  readonly catalog: Catalog;
  /** Of the statement that a trigger fired for: EVENTDATA(). */
  readonly eventData?: string;
  /** Of a trigger: what ROLLBACK in it does. */
  rollBack?(): void;
  /** What the CATCH block that is carried out has caught. */
  readonly caught?: ServerError;
  /** The statement that is carried out, as it was written: what audits show of it. */
  readonly statement: string;
  /** Sends a message of severity 10 or less. */
  inform(message: ServerMessage): void;
  /** The columns that a query would give. */
  describe(sql: string): readonly ResultColumn[];
}

export interface CatalogColumn<Row> {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  read(row: Row): SqlValue;
}

/** A view, or a function with arguments. */
export interface CatalogTable<Row = unknown> {
  readonly columns: readonly CatalogColumn<Row>[];
  rows(context: SqlContext, args: readonly SqlValue[]): Iterable<Row>;
  /** sys.fn_get_audit_file only: block by block, so that a block is encoded once. */
  parts?(context: SqlContext, args: readonly SqlValue[]): Iterable<AuditReadPart>;
}

/** A row of sys.fn_get_audit_file with the place that it stands at. */
export interface AuditCursor {
  row: AuditRow;
  readonly path: string;
  readonly offset: number;
}

export interface ScalarFunction {
  type(args: readonly SqlType[]): SqlType;
  /** The same arguments give the same value, whoever asks and whenever. */
  readonly pure: boolean;
  evaluate(args: readonly SqlValue[], context: SqlContext): SqlValue;
}

export interface ProcedureArgument {
  readonly name?: string;
  readonly value: SqlValue;
}

interface ProcedureResult {
  readonly status: number;
  readonly columns?: readonly ResultColumn[];
  readonly rows?: Iterable<readonly SqlValue[]>;
}

export type Procedure = (args: readonly ProcedureArgument[], context: SqlContext) => ProcedureResult;

/** By name in lower case: tables with their schema, functions and procedures without `sys`. */
export interface Catalog {
  readonly tables: ReadonlyMap<string, CatalogTable>;
  readonly functions: ReadonlyMap<string, ScalarFunction>;
  readonly procedures: ReadonlyMap<string, Procedure>;
}
