/** Oracle notes §7.3: EXECUTE, REEXECUTE and REEXECUTE_AND_FETCH. */
import type { BindValue } from "../engine-session.ts";
import { readText, type TextStyle } from "./authentication.ts";
import { readBindRow } from "./bind-values.ts";
import type { ByteReader } from "./byte-reader.ts";
import { type ColumnMetadata, readColumnMetadata } from "./column-metadata.ts";
import { ProtocolError } from "./protocol-error.ts";

const OPTION = {
  parse: 0x01,
  define: 0x10,
  execute: 0x20,
  fetch: 0x40,
  commit: 0x100,
  plsqlBind: 0x400,
  describe: 0x2_0000,
} as const;
/** Of the second option word of REEXECUTE. */
const REEXECUTE_COMMIT = 0x01;

export interface Execute {
  readonly function: "execute";
  /** 0: a new one. */
  readonly cursorId: number;
  /** Undefined: that of the cursor. */
  readonly sql: string | undefined;
  readonly executes: boolean;
  readonly fetches: boolean;
  readonly commits: boolean;
  /** The statement is described and not run. */
  readonly describesOnly: boolean;
  /** How many rows the client takes along. */
  readonly rows: number;
  readonly defines: readonly ColumnMetadata[] | undefined;
  readonly binds: readonly ColumnMetadata[];
  readonly isPlsql: boolean;
  /** One row, and more of them when the statement runs several times. */
  readonly bindRows: readonly (readonly BindValue[])[];
}

export interface Reexecute {
  readonly function: "reexecute" | "reexecuteAndFetch";
  readonly cursorId: number;
  readonly rows: number;
  readonly commits: boolean;
  /** Undefined: no cursor has this number, so what follows cannot be read. */
  readonly bindRows: readonly (readonly BindValue[])[] | undefined;
}

/** What the first execution told of the placeholders. */
export interface KnownBinds {
  readonly binds: readonly ColumnMetadata[];
  readonly isPlsql: boolean;
}

/** The vector al8i4. */
const WORDS = 13;
const EXECUTIONS_WORD = 1;
const IS_QUERY_WORD = 7;

/** Of one statement in one call. */
const MOST_EXECUTIONS = 1_000_000;

const FIELD_VERSION_12_2 = 8;
const FIELD_VERSION_12_2_EXTENDED = 9;

export function readExecute(reader: ByteReader, fieldVersion: number, style: TextStyle): Execute {
  const options = reader.ub();
  const cursorId = reader.ub();
  const hasSql = reader.u8() !== 0;
  const sqlLength = reader.ub();
  reader.u8();
  reader.ub();
  reader.bytes(2);
  reader.ub();
  const rows = reader.ub();
  reader.ub();
  reader.u8();
  const bindCount = reader.count();
  reader.bytes(5);
  reader.u8();
  const defineCount = reader.count();
  reader.ub();
  reader.bytes(3);
  reader.ub();
  reader.u8();
  reader.ub();
  reader.ub();
  reader.u8();
  reader.ub();
  reader.u8();
  if (fieldVersion >= FIELD_VERSION_12_2) {
    reader.u8();
    reader.ub();
    reader.u8();
    reader.ub();
    reader.u8();
  }
  if (fieldVersion >= FIELD_VERSION_12_2_EXTENDED) {
    reader.u8();
    reader.ub();
  }
  const sql = hasSql ? readText(reader, sqlLength, style) : undefined;
  const words = Array.from({ length: WORDS }, () => reader.ub());

  const has = (option: number) => (options & option) !== 0;
  const defines = readColumns(reader, defineCount, fieldVersion);
  const binds = readColumns(reader, bindCount, fieldVersion);
  const isPlsql = has(OPTION.plsqlBind);
  // For a query the number is that of the rows: it runs once.
  const isQuery = words[IS_QUERY_WORD] === 1;
  const executions = isQuery ? 1 : Math.max(1, words[EXECUTIONS_WORD] ?? 1);
  const bindRows = readBindRows(reader, binds, isPlsql, executions);
  return {
    function: "execute",
    cursorId,
    sql,
    executes: has(OPTION.execute),
    fetches: has(OPTION.fetch),
    commits: has(OPTION.commit),
    describesOnly: has(OPTION.describe) && !has(OPTION.execute),
    rows,
    defines: has(OPTION.define) ? defines : undefined,
    binds,
    isPlsql,
    bindRows,
  };
}

export function readReexecute(
  reader: ByteReader,
  name: Reexecute["function"],
  known: (cursorId: number) => KnownBinds | undefined,
): Reexecute {
  const cursorId = reader.ub();
  const count = reader.ub();
  reader.ub();
  const options = reader.ub();
  const cursor = known(cursorId);
  const executions = name === "reexecute" ? Math.max(1, count) : 1;
  return {
    function: name,
    cursorId,
    rows: count,
    commits: name === "reexecute" && (options & REEXECUTE_COMMIT) !== 0,
    bindRows: cursor && readBindRows(reader, cursor.binds, cursor.isPlsql, executions),
  };
}

function readColumns(reader: ByteReader, count: number, fieldVersion: number): readonly ColumnMetadata[] {
  return Array.from({ length: count }, () => readColumnMetadata(reader, fieldVersion));
}

function readBindRows(
  reader: ByteReader,
  binds: readonly ColumnMetadata[],
  isPlsql: boolean,
  executions: number,
): readonly (readonly BindValue[])[] {
  if (executions > MOST_EXECUTIONS) throw new ProtocolError(`a statement that runs ${executions} times`);
  if (binds.length === 0) return new Array(executions).fill([]);
  return Array.from({ length: executions }, () => readBindRow(reader, binds, !isPlsql));
}
