/** Oracle notes §7.3: the functions that a client calls, and how each call ends. */
import { OracleError, reportOf } from "./oracle-error.ts";
import type { Piggyback } from "./protocol/piggybacks.ts";
import type { FunctionCall } from "./protocol/requests.ts";
import { readLob } from "./read-lob.ts";
import { Cancelled, Reply, unlessCancelled } from "./reply.ts";
import { execute, fetchRows, reexecute } from "./run-statement.ts";
import type { CallScope, WireSession } from "./wire-session.ts";

/** After these the server's session is gone (Oracle notes §6). */
const ENDS_SESSION: ReadonlySet<number> = new Set([28, 603, 1012, 1089, 1092, 3113, 3114, 3135]);

export type CallOutcome = "answered" | "session ends" | "cancelled";

/** @param piggybacks what the client sent along, which counts before the call */
export async function answerCall(
  call: FunctionCall,
  piggybacks: readonly Piggyback[],
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
    for (const piggyback of piggybacks) await apply(piggyback, scope);
    await carryOut(call, scope);
    outcome = call.function === "logOff" ? "session ends" : "answered";
  } catch (error) {
    outcome = await endFailed(error, scope);
  }
  account(scope, writer.bytesSent - bytesBefore, outcome);
  return outcome;
}

async function apply(piggyback: Piggyback, { session, cancelled }: CallScope): Promise<void> {
  const { cursors, engineSession } = session;
  switch (piggyback.kind) {
    case "closeCursors":
      for (const id of piggyback.cursorIds) cursors.close(id);
      return;
    case "cancelCursors":
      for (const id of piggyback.cursorIds) cursors.find(id)?.endResult();
      return;
    case "endToEnd":
      engineSession.setEndToEnd(piggyback.values);
      return;
    case "setSchema": {
      const statement = `ALTER SESSION SET CURRENT_SCHEMA = "${piggyback.schema}"`;
      await unlessCancelled(engineSession.execute(statement, [], cancelled), cancelled);
      return;
    }
    case "freeLobs":
      return;
  }
}

async function carryOut(call: FunctionCall, scope: CallScope): Promise<void> {
  const { engineSession } = scope.session;
  switch (call.function) {
    case "execute":
      return execute(call, scope);
    case "reexecute":
    case "reexecuteAndFetch":
      return reexecute(call, scope);
    case "fetch":
      return fetchRows(call.cursorId, call.rows, scope);
    case "lobOperation":
      return readLob(call, scope);
    case "commit":
      engineSession.commit();
      break;
    case "rollback":
      engineSession.rollback();
      break;
    case "ping":
    case "logOff":
      break;
    default:
      throw new OracleError(3001, `unimplemented feature: ${call.function} while logged on`);
  }
  return scope.reply.status();
}

async function endFailed(error: unknown, scope: CallScope): Promise<CallOutcome> {
  const { session, reply, cursor } = scope;
  if (error instanceof Cancelled) {
    cursor?.endResult();
    return "cancelled";
  }
  const report = reportOf(error);
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

function account({ cursor, session, reply }: CallScope, bytes: number, outcome: CallOutcome): void {
  const { totals } = session.log;
  totals.bytesSent += bytes;
  totals.rowsSent += reply.rowsSent;
  const record = cursor?.record;
  if (!record) return;
  record.roundTrips += 1;
  record.bytesSent += bytes;
  record.rowsSent += reply.rowsSent;
  if (outcome === "cancelled") record.outcome = session.hasVanished() ? "vanished" : "cancelled";
  else if (record.error !== undefined) record.outcome = "failed";
}
