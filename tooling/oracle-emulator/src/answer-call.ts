/** Oracle notes §7.5: what a session's calls do, and the reply to each. */
import type { Cursor, Cursors } from "./cursors.ts";
import type { BindValue, Column, EngineSession, LogOn, QueryResult, StatementResult } from "./engine-session.ts";
import { errorOf, type FaultPlan } from "./faults.ts";
import type { Lobs } from "./lobs.ts";
import { OracleError } from "./oracle-error.ts";
import { type ScaleStyle, writeDescribe } from "./protocol/describe.ts";
import { NO_DATA_FOUND } from "./protocol/end-of-call.ts";
import type { Execute, Reexecute } from "./protocol/execute.ts";
import { LOB_OPERATION, type LobOperation, writeLobData, writeLobParameter } from "./protocol/lob-operation.ts";
import type { ReplyWriter } from "./protocol/packets.ts";
import type { Piggyback } from "./protocol/piggybacks.ts";
import type { FunctionCall } from "./protocol/requests.ts";
import { LOB_CHUNK_SIZE, RowCodec } from "./protocol/rows.ts";
import { Cancelled, Reply, unlessCancelled } from "./reply.ts";
import type { StatementLog, StatementRecord } from "./statement-log.ts";

/** A session that is logged on, as its calls see it. */
export interface WireSession {
  readonly id: number;
  readonly logOn: LogOn;
  readonly engineSession: EngineSession;
  readonly cursors: Cursors;
  readonly lobs: Lobs;
  readonly writer: ReplyWriter;
  readonly scaleStyle: ScaleStyle;
  readonly faults: FaultPlan;
  readonly log: StatementLog;
  /** Cuts the connection. */
  kill(): void;
}

/** After these the server's session is gone (Oracle notes §6). */
const ENDS_SESSION: ReadonlySet<number> = new Set([28, 603, 1012, 1089, 1092, 3113, 3114, 3135]);

export type CallOutcome = "answered" | "session ends" | "cancelled";

export async function answerCall(
  call: FunctionCall,
  session: WireSession,
  cancelled: AbortSignal,
): Promise<CallOutcome> {
  const { writer, log } = session;
  log.called(call.function);
  const reply = new Reply({ writer, cancelled, kill: () => session.kill() });
  const scope: CallScope = { session, reply, cancelled, cursor: undefined };
  const bytesBefore = writer.bytesSent;
  let outcome: CallOutcome;
  try {
    outcome = await carryOut(call, scope);
  } catch (error) {
    outcome = await endFailed(error, scope);
  }
  account(scope, writer.bytesSent - bytesBefore, outcome);
  return outcome;
}

interface CallScope {
  readonly session: WireSession;
  readonly reply: Reply;
  readonly cancelled: AbortSignal;
  /** The one that the call is about, as soon as it is known. */
  cursor: Cursor | undefined;
}

async function carryOut(call: FunctionCall, scope: CallScope): Promise<CallOutcome> {
  const { reply, session } = scope;
  switch (call.function) {
    case "execute":
      await execute(call, scope);
      return "answered";
    case "reexecute":
    case "reexecuteAndFetch":
      await reexecute(call, scope);
      return "answered";
    case "fetch":
      await fetchRows(call, scope);
      return "answered";
    case "lobOperation":
      await readLob(call, scope);
      return "answered";
    case "commit":
      session.engineSession.commit();
      break;
    case "rollback":
      session.engineSession.rollback();
      break;
    case "ping":
      break;
    case "logOff":
      await reply.status();
      return "session ends";
    default:
      throw new OracleError(3120, `two-task conversion routine: ${call.function} while logged on`);
  }
  await reply.status();
  return "answered";
}

async function execute(call: Execute, scope: CallScope): Promise<void> {
  const { session } = scope;
  const isNew = call.cursorId === 0;
  if (call.describesOnly || (isNew && !call.executes))
    throw new OracleError(3001, "unimplemented feature: a statement that is parsed and not run");
  const cursor = isNew ? session.cursors.create() : session.cursors.get(call.cursorId);
  scope.cursor = cursor;
  if (call.sql !== undefined) {
    cursor.endResult();
    cursor.sql = call.sql;
    cursor.columns = undefined;
    cursor.defines = undefined;
  }
  if (call.executes) {
    cursor.binds = call.binds;
    cursor.isPlsql = call.isPlsql;
  }
  if (call.defines) define(cursor, call.defines, session);
  if (call.executes) await run(cursor, call.bindRows, call.fetches ? call.rows : 0, call.commits, scope);
  else await further(cursor, call.fetches ? call.rows : 0, scope);
}

async function reexecute(call: Reexecute, scope: CallScope): Promise<void> {
  const cursor = scope.session.cursors.get(call.cursorId);
  scope.cursor = cursor;
  const rows = call.function === "reexecuteAndFetch" ? call.rows : 0;
  await run(cursor, call.bindRows ?? [], rows, call.commits, scope);
}

async function fetchRows(call: Extract<FunctionCall, { function: "fetch" }>, scope: CallScope): Promise<void> {
  const cursor = scope.session.cursors.get(call.cursorId);
  scope.cursor = cursor;
  await further(cursor, call.rows, scope);
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
    const result = await unlessCancelled<StatementResult>(
      engineSession.execute(cursor.sql, binds, cancelled),
      cancelled,
    );
    if ("rows" in result) {
      await answerQuery(cursor, result, rows, scope);
      return;
    }
    rowsAffected += result.rowsAffected;
  }
  if (commits) engineSession.commit();
  record.outcome = "completed";
  // Without a cursor the client sends the whole statement again the next time (Oracle notes §7.5).
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
  await further(cursor, waitsForDefines ? 0 : rows, scope);
}

/** Sends what was asked for of the rows that are left. @throws OracleError 1002 */
async function further(cursor: Cursor, rows: number, { reply }: CallScope): Promise<void> {
  const { result, record } = cursor;
  if (!result) throw new OracleError(1002, "fetch out of sequence");
  const ended = rows > 0 && (await reply.rows(result, rows));
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

async function readLob(call: LobOperation, { session, reply }: CallScope): Promise<void> {
  const text = session.lobs.textOf(call.locator);
  if (text === undefined) throw new OracleError(22922, "nonexistent LOB value");
  switch (call.operation) {
    case LOB_OPERATION.read: {
      const from = Math.max(0, call.offset - 1);
      const piece = text.slice(from, from + (call.amount ?? text.length));
      if (piece !== "") writeLobData(reply.out, piece);
      writeLobParameter(reply.out, call.locator, call.amount === undefined ? undefined : piece.length);
      break;
    }
    case LOB_OPERATION.length:
      writeLobParameter(reply.out, call.locator, text.length);
      break;
    case LOB_OPERATION.chunkSize:
      writeLobParameter(reply.out, call.locator, LOB_CHUNK_SIZE);
      break;
    default:
      throw new OracleError(3001, `unimplemented feature: LOB operation ${call.operation}`);
  }
  await reply.end({ number: 0 });
}

function areEqual(known: readonly Column[], columns: readonly Column[]): boolean {
  if (known === columns) return true;
  return JSON.stringify(known) === JSON.stringify(columns);
}

async function endFailed(error: unknown, scope: CallScope): Promise<CallOutcome> {
  const { session, reply, cursor } = scope;
  if (error instanceof Cancelled) {
    cursor?.endResult();
    return "cancelled";
  }
  // Whatever else goes wrong in here is the emulator's own fault; the test that meets it shall see it.
  const report = error instanceof OracleError ? error : internalError(error);
  if (cursor?.record) cursor.record.error = report.number;
  const rowCount = cursor?.result?.rowsSent ?? 0;
  cursor?.endResult();
  // A statement that was never described is not known to the client.
  const cursorId = cursor?.columns ? cursor.id : 0;
  if (cursor && cursorId === 0) session.cursors.close(cursor.id);
  try {
    await reply.end({ number: report.number, text: report.message, position: report.position, cursorId, rowCount });
  } catch (cancellation) {
    if (cancellation instanceof Cancelled) return "cancelled";
    throw cancellation;
  }
  return ENDS_SESSION.has(report.number) ? "session ends" : "answered";
}

function internalError(error: unknown): OracleError {
  return new OracleError(700, `soft internal error, arguments: [oracle-emulator], [${error}]`);
}

function account({ cursor, session, reply }: CallScope, bytes: number, outcome: CallOutcome): void {
  const record: StatementRecord | undefined = cursor?.record;
  session.log.totals.bytesSent += bytes;
  session.log.totals.rowsSent += reply.rowsSent;
  if (!record) return;
  record.roundTrips += 1;
  record.bytesSent += bytes;
  record.rowsSent += reply.rowsSent;
  if (outcome === "cancelled") record.outcome = "cancelled";
  else if (record.error !== undefined) record.outcome = "failed";
}

/** Before the call that they came with. */
export function applyPiggybacks(piggybacks: readonly Piggyback[], { cursors, engineSession }: WireSession): void {
  for (const piggyback of piggybacks) {
    if (piggyback.kind === "closeCursors") for (const id of piggyback.cursorIds) cursors.close(id);
    else if (piggyback.kind === "cancelCursors") for (const id of piggyback.cursorIds) cursors.find(id)?.endResult();
    else if (piggyback.kind === "endToEnd") engineSession.setEndToEnd(piggyback.values);
  }
}
