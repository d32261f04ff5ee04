/** Oracle notes §7.5: the flow of a query, from its first execution to its last row, and of everything else. */
import type { Cursor } from "./cursors.ts";
import type { BindValue, Column, QueryResult, StatementResult } from "./engine-session.ts";
import { errorOf } from "./faults.ts";
import { OracleError } from "./oracle-error.ts";
import { writeDescribe } from "./protocol/describe.ts";
import { NO_DATA_FOUND } from "./protocol/end-of-call.ts";
import type { Execute, Reexecute } from "./protocol/execute.ts";
import { RowCodec } from "./protocol/rows.ts";
import { Cancelled, unlessCancelled } from "./reply.ts";
import type { CallScope, WireSession } from "./wire-session.ts";

export async function execute(call: Execute, scope: CallScope): Promise<void> {
  const { cursors } = scope.session;
  const isNew = call.cursorId === 0;
  if (call.describesOnly || (isNew && !call.executes))
    throw new OracleError(3001, "unimplemented feature: a statement that is parsed and not run");
  const cursor = isNew ? cursors.create() : cursors.get(call.cursorId);
  scope.cursor = cursor;
  if (call.sql !== undefined) {
    cursor.endResult();
    cursor.sql = call.sql;
    cursor.columns = undefined;
    cursor.defines = undefined;
  }
  if (call.defines) define(cursor, call.defines, scope.session);
  const rows = call.fetches ? call.rows : 0;
  if (!call.executes) {
    await sendRows(cursor, rows, scope);
    return;
  }
  cursor.binds = call.binds;
  cursor.isPlsql = call.isPlsql;
  await run(cursor, call.bindRows, rows, call.commits, scope);
}

/** @throws OracleError 1001 */
export async function reexecute(call: Reexecute, scope: CallScope): Promise<void> {
  const cursor = scope.session.cursors.get(call.cursorId);
  scope.cursor = cursor;
  const rows = call.function === "reexecuteAndFetch" ? call.rows : 0;
  await run(cursor, call.bindRows ?? [], rows, call.commits, scope);
}

/** @throws OracleError 1001, 1002 */
export async function fetchRows(cursorId: number, rows: number, scope: CallScope): Promise<void> {
  const cursor = scope.session.cursors.get(cursorId);
  scope.cursor = cursor;
  await sendRows(cursor, rows, scope);
}

/** Runs the statement once for each row of binds, and sends as many rows as were asked for. */
async function run(
  cursor: Cursor,
  bindRows: readonly (readonly BindValue[])[],
  rows: number,
  commits: boolean,
  scope: CallScope,
): Promise<void> {
  const { session, reply, cancelled } = scope;
  const { log, faults, engineSession } = session;
  cursor.endResult();
  const record = log.begin({ sessionId: session.id, user: session.logOn.user, text: cursor.sql, binds: bindRows });
  cursor.record = record;
  if (faults.take("call", cursor.sql)) {
    session.kill();
    throw new Cancelled();
  }
  const fault = faults.take("statement", cursor.sql);
  if (fault) throw errorOf(fault.error);
  let rowsAffected = 0;
  for (const binds of bindRows) {
    const running = engineSession.execute(cursor.sql, binds, cancelled);
    const result = await unlessCancelled<StatementResult>(running, cancelled);
    if ("rows" in result) {
      await answerQuery(cursor, result, rows, scope);
      return;
    }
    rowsAffected += result.rowsAffected;
  }
  if (commits) engineSession.commit();
  record.outcome = "completed";
  // Without a cursor the client sends the whole statement again the next time.
  session.cursors.close(cursor.id);
  await reply.end({ number: 0, rowCount: rowsAffected });
}

async function answerQuery(cursor: Cursor, result: QueryResult, rows: number, scope: CallScope): Promise<void> {
  const { session, reply } = scope;
  const { columns } = result;
  if (!cursor.columns || !areEqual(cursor.columns, columns)) {
    if (cursor.columns) cursor.defines = undefined;
    cursor.columns = columns;
    writeDescribe(reply.out, columns, session.scaleStyle);
  }
  cursor.result = {
    rows: result.rows[Symbol.iterator](),
    codec: new RowCodec(columns, cursor.defines, session.lobs.makeLocator),
    fault: session.faults.take("rows", cursor.sql),
    rowsSent: 0,
  };
  // The client first says how it wants its LOBs.
  const waitsForDefines = cursor.defines === undefined && columns.some(({ type }) => type === "CLOB");
  await sendRows(cursor, waitsForDefines ? 0 : rows, scope);
}

/** As many as were asked for of those that are left. @throws OracleError 1002 */
async function sendRows(cursor: Cursor, wanted: number, { reply }: CallScope): Promise<void> {
  const { result, record } = cursor;
  if (!result) throw new OracleError(1002, "fetch out of sequence");
  const ended = wanted > 0 && (await reply.rows(result, wanted));
  if (ended) cursor.result = undefined;
  if (record) record.outcome = ended ? "completed" : "open";
  await reply.end({
    number: ended ? NO_DATA_FOUND : 0,
    ...(ended && { text: "ORA-01403: no data found" }),
    cursorId: cursor.id,
    rowCount: result.rowsSent,
  });
}

function define(cursor: Cursor, defines: NonNullable<Execute["defines"]>, { lobs }: WireSession): void {
  cursor.defines = defines;
  if (cursor.result && cursor.columns)
    cursor.result = { ...cursor.result, codec: new RowCodec(cursor.columns, defines, lobs.makeLocator) };
}

function areEqual(known: readonly Column[], columns: readonly Column[]): boolean {
  return known === columns || JSON.stringify(known) === JSON.stringify(columns);
}
