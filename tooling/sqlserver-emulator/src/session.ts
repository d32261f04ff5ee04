/** One connection that has said what it wants: the login, and requests until it ends. */
import type { Socket } from "node:net";
import { releaseSession } from "./application-locks.ts";
import type { EncodedBlocks } from "./encoded-blocks.ts";
import type { Engine } from "./engine.ts";
import { type GreetingOptions, greet } from "./greeting.ts";
import { type LoginHost, logIn } from "./log-in.ts";
import { agreedVersion } from "./protocol/login7.ts";
import { type Message, PACKET_TYPE, ProtocolError, ReplyWriter } from "./protocol/packets.ts";
import { parseBatch, parseRpc, parseTransactionRequest } from "./protocol/requests.ts";
import { writeMessage } from "./protocol/short-message.ts";
import { type ServerMessage, writeDone, writeServerMessage, writeTransactionChange } from "./protocol/tokens.ts";
import { Cancelled, Reply } from "./reply.ts";
import { runTransaction } from "./run-transaction.ts";
import { recordLogout } from "./session-rows.ts";
import type { SessionState } from "./session-state.ts";
import type { Catalog, ProcedureArgument, SqlContext } from "./sql/context.ts";
import { describeText, runProcedure, runText } from "./sql/interpreter.ts";
import { ServerError } from "./sql/server-error.ts";
import type { StatementLog, StatementRecord } from "./statement-log.ts";
import { rollBack } from "./transaction.ts";

/** What the sessions of a server share. */
export interface SessionHost extends GreetingOptions, LoginHost {
  readonly catalog: Catalog;
  readonly log: StatementLog;
  readonly blocks: EncodedBlocks;
  delay(milliseconds: number): Promise<void>;
}

/** Ends when the connection has ended. Never throws: a client that breaks the protocol ends its own connection only. */
export async function serveConnection(socket: Socket, host: SessionHost, sessionId: number): Promise<void> {
  let running: AbortController | undefined;
  let deaf = false;
  const onAttention = () => {
    deaf = host.faults.take("attention") !== undefined;
    if (!deaf) running?.abort();
  };
  socket.on("error", () => socket.destroy());
  socket.on("close", () => running?.abort());
  let stream: Socket = socket;
  let session: SessionState | undefined;
  try {
    const greeted = await greet(socket, host, onAttention);
    stream = greeted.stream;
    const delay = () => (host.faults.latency > 0 ? host.delay(host.faults.latency) : undefined);
    const writer = new ReplyWriter(greeted.stream, sessionId, delay);
    session = await logIn(greeted, writer, socket, host, sessionId);
    if (!session) return;
    host.engine.sessions.set(sessionId, { state: session, kill: () => socket.resetAndDestroy() });
    const tdsVersion = agreedVersion(greeted.login.tdsVersion);
    for (let message = await greeted.source.next(); message; message = await greeted.source.next()) {
      if (message.type === PACKET_TYPE.attention) {
        if (!deaf) await writeMessage(writer, (out) => writeDone(out, "statement", { attention: true }));
      } else if (isRequest(message) && !message.ignored) {
        running = new AbortController();
        if (socket.destroyed) running.abort();
        await answer(message, { host, session, writer, tdsVersion, cancelled: running.signal, socket });
        running = undefined;
      } else if (message.type === PACKET_TYPE.transactionManager && !message.ignored) {
        await answerTransaction(message, host, session, writer);
      } else if (isRequest(message) || message.type === PACKET_TYPE.transactionManager) {
        await writeMessage(writer, (out) => writeDone(out, "statement", {}));
      } else {
        return;
      }
    }
  } catch {
    // The client broke the protocol, or left in the middle of it: nobody is there to be told.
  } finally {
    host.engine.sessions.delete(sessionId);
    if (session) {
      endSession(host.engine, session);
      recordLogout(host.engine, session);
    }
    // What was written last, such as the reason why a login failed, still goes out.
    stream.destroySoon();
  }
}

/** What a session leaves behind goes: also when the connection is used again for somebody else. */
function endSession(engine: Engine, session: SessionState): void {
  const { transaction } = session;
  if (transaction) engine.change((state) => rollBack(state, transaction.before));
  session.transaction = null;
  session.impersonated = [];
  engine.locks = releaseSession(engine.locks, session.id);
}

/** BEGIN, COMMIT and ROLLBACK as drivers send them. */
async function answerTransaction(
  message: Message,
  { engine }: SessionHost,
  session: SessionState,
  writer: ReplyWriter,
): Promise<void> {
  const { verb, beginsNext } = parseTransactionRequest(message.payload);
  await writeMessage(writer, (out) => {
    try {
      if (!verb) throw new ServerError(102, "sqlserver-emulator: this transaction request is not served.", 15);
      for (const step of beginsNext ? ([verb, "begin"] as const) : [verb]) {
        const descriptor = runTransaction(step, engine, session);
        if (descriptor !== undefined) writeTransactionChange(out, step, descriptor);
      }
      writeDone(out, "statement", {});
    } catch (error) {
      const report = error instanceof ServerError ? error.report : internalError(error);
      writeServerMessage(out, report, engine.instance.serverName);
      writeDone(out, "statement", { error: true });
    }
  });
}

function isRequest({ type }: Message): boolean {
  return type === PACKET_TYPE.batch || type === PACKET_TYPE.rpc;
}

interface RequestScope {
  readonly host: SessionHost;
  readonly session: SessionState;
  readonly writer: ReplyWriter;
  readonly tdsVersion: number;
  readonly cancelled: AbortSignal;
  readonly socket: Socket;
}

interface Request {
  readonly kind: "batch" | "rpc";
  readonly text: string;
  /** The procedure and its arguments; absent for a batch. */
  readonly call?: { readonly name: string; readonly arguments: readonly ProcedureArgument[] };
}

function requestOf(message: Message): Request {
  if (message.type === PACKET_TYPE.batch) return { kind: "batch", text: parseBatch(message.payload) };
  const { procedure, parameters } = parseRpc(message.payload);
  const args = parameters.map(({ name, value }) => ({ value, ...(name !== "" && { name }) }));
  const isText = procedure.toLowerCase() === "sp_executesql";
  return {
    kind: "rpc",
    text: isText ? String(args[0]?.value ?? "") : procedure,
    call: { name: procedure, arguments: args },
  };
}

/** A request that the emulator cannot read is answered, so that a test sees why. */
function parsed(message: Message): Request | ProtocolError {
  try {
    return requestOf(message);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

function internalError(error: unknown): ServerMessage {
  return { number: 50_000, severity: 16, state: 1, text: `sqlserver-emulator: ${error}` };
}

async function answer(message: Message, scope: RequestScope): Promise<void> {
  const { host, session, writer, socket } = scope;
  const { engine, faults } = host;
  const request = parsed(message);
  if (request instanceof ProtocolError) {
    await writeMessage(writer, (out) => {
      writeServerMessage(out, internalError(request), engine.instance.serverName);
      writeDone(out, "statement", { error: true });
    });
    return;
  }
  const { kind, text, call } = request;
  const parameters = Object.fromEntries(
    (call?.arguments ?? []).map(({ name, value }, index) => [name ?? String(index), value]),
  );
  const record = host.log.begin({ sessionId: session.id, login: session.login.name, kind, text, parameters });
  const bytesBefore = writer.bytesSent;
  const reply = new Reply({
    ...scope,
    kind,
    serverName: engine.instance.serverName,
    faults,
    blocks: host.blocks,
    record,
    readErrors: engine.instance.readErrors,
    kill: () => socket.resetAndDestroy(),
  });
  const context: SqlContext = {
    engine,
    session,
    variables: new Map(),
    lent: [],
    catalog: host.catalog,
    statement: text,
    inform: (info) => reply.message(info),
    describe: (sql) => describeText(sql, context),
  };
  if (message.resetConnection) {
    endSession(engine, session);
    reply.resetConnection();
  }
  const outcome = await carryOut(request, context, reply, record, faults.take("statement", text)?.error);
  record.bytesSent = writer.bytesSent - bytesBefore;
  host.log.end(record, outcome === "cancelled" && socket.destroyed ? "vanished" : outcome);
}

async function carryOut(
  { text, call }: Request,
  context: SqlContext,
  reply: Reply,
  record: StatementRecord,
  fault: ServerMessage | undefined,
): Promise<"completed" | "failed" | "cancelled"> {
  try {
    if (fault) throw new ServerError(fault.number, fault.text, fault.severity, fault.state);
    let status = 0;
    if (call) status = await runProcedure(call.name, call.arguments, context, reply);
    else await runText(text, context, reply);
    await reply.complete(status);
    return "completed";
  } catch (error) {
    if (error instanceof Cancelled) {
      await reply.fail(undefined);
      return "cancelled";
    }
    // Whatever else goes wrong in here is the emulator's own fault; the test that meets it shall see it.
    const report = error instanceof ServerError ? error.report : internalError(error);
    record.error = report.number;
    await reply.fail(report);
    return "failed";
  }
}
