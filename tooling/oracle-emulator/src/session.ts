/** One connection that came to talk: greeting, log-on, and calls until it ends. */
import type { Socket } from "node:net";
import { answerCall } from "./answer-call.ts";
import { Cursors } from "./cursors.ts";
import type { LogOn } from "./engine-session.ts";
import { type Greeted, type GreetingOptions, greet, openStream } from "./greeting.ts";
import { Lobs } from "./lobs.ts";
import { type LoggedOn, type LogOnHost, logOn } from "./log-on.ts";
import { OracleError, reportOf } from "./oracle-error.ts";
import { ByteWriter } from "./protocol/byte-writer.ts";
import { writeEndOfCall } from "./protocol/end-of-call.ts";
import { MARKER, markerPacket, type ReplyWriter } from "./protocol/packets.ts";
import { ProtocolError } from "./protocol/protocol-error.ts";
import type { RequestContext } from "./protocol/requests.ts";
import { RequestStream } from "./request-stream.ts";
import type { WireSession } from "./wire-session.ts";

/** What the sessions of a server share. */
export interface SessionHost extends GreetingOptions, LogOnHost {
  /** The session is open from now on. */
  loggedOn(sessionId: number, logOn: LogOn): void;
}

/** Ends when the connection has ended. Never throws: a client that breaks the protocol ends its own connection only. */
export async function serveConnection(socket: Socket, host: SessionHost, sessionId: number): Promise<void> {
  const connection = new Connection(socket, host, sessionId);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => connection.cancel());
  await connection.serve();
}

class Connection {
  readonly #socket: Socket;
  readonly #host: SessionHost;
  readonly #sessionId: number;
  #greeted: (Greeted & { readonly requests: RequestStream }) | undefined;
  #running: AbortController | undefined;
  /** A fault: the peer no longer hears that it shall stop. */
  #deaf = false;

  constructor(socket: Socket, host: SessionHost, sessionId: number) {
    this.#socket = socket;
    this.#host = host;
    this.#sessionId = sessionId;
  }

  /** Whatever is being done is given up. */
  cancel(): void {
    this.#running?.abort();
  }

  async serve(): Promise<void> {
    const socket = this.#socket;
    const host = this.#host;
    let stream: Socket = socket;
    try {
      stream = await openStream(socket, host);
      const greeted = await greet(stream, host, (kind) => this.#onMarker(kind));
      if (!greeted) return;
      const requests = new RequestStream(greeted.source);
      const { writer, target } = greeted;
      const loggedOn = await logOn({ requests, writer, socket, stream, target }, host);
      if (!loggedOn) return;
      this.#greeted = { ...greeted, requests };
      host.loggedOn(this.#sessionId, loggedOn.logOn);
      await this.#serveSession(loggedOn, requests, writer);
    } catch {
      // The client broke the protocol, or left in the middle of it: nobody is there to be told.
    } finally {
      // What was written last, such as the reason why a log-on failed, still goes out.
      stream.destroySoon();
    }
  }

  async #serveSession(loggedOn: LoggedOn, requests: RequestStream, writer: ReplyWriter): Promise<void> {
    const { engineSession, fieldVersion, textStyle } = loggedOn;
    const cursors = new Cursors();
    const session: WireSession = {
      ...loggedOn,
      id: this.#sessionId,
      cursors,
      lobs: new Lobs(),
      writer,
      faults: this.#host.faults,
      log: this.#host.log,
      hasVanished: () => this.#socket.destroyed,
      kill: () => this.#socket.resetAndDestroy(),
    };
    const context: RequestContext = { fieldVersion, textStyle, bindsOf: (id) => cursors.find(id) };
    let end: "logged off" | "vanished" = "vanished";
    try {
      for (let request = await requests.next(context); request; request = await requests.next(context)) {
        if (!request.call) throw new ProtocolError("a negotiation while logged on");
        this.#running = new AbortController();
        if (this.#socket.destroyed) this.#running.abort();
        const outcome = await answerCall(request.call, request.piggybacks, session, this.#running.signal);
        this.#running = undefined;
        if (outcome !== "session ends") continue;
        if (request.call.function !== "logOff") return;
        end = "logged off";
        break;
      }
    } catch (error) {
      // A request that the emulator does not serve is answered, so that a test sees why; where it ends is not known.
      if (error instanceof ProtocolError) await sendError(reportOf(error), writer);
      throw error;
    } finally {
      cursors.closeAll();
      engineSession.close(end);
    }
    // Who logged off says so once more, and closes the connection itself.
    await requests.next(context);
  }

  /**
   * Oracle notes §7.6: the client's break is answered by a break, its reset by a reset and ORA-01013; nothing else is
   * sent for the call in between, and nothing of what it sent before counts.
   */
  #onMarker(kind: "break" | "reset"): void {
    const greeted = this.#greeted;
    if (kind === "break" && this.#host.faults.take("break")) this.#deaf = true;
    if (!greeted || this.#deaf) return;
    const { writer, requests } = greeted;
    this.cancel();
    requests.discard();
    writer.discard();
    if (kind === "break") {
      writer.send(markerPacket(MARKER.break));
      return;
    }
    writer.send(markerPacket(MARKER.reset));
    void sendError(new OracleError(1013, "user requested cancel of current operation"), writer);
  }
}

async function sendError({ number, message }: OracleError, writer: ReplyWriter): Promise<void> {
  const out = new ByteWriter();
  writeEndOfCall(out, { number, text: message });
  writer.discard();
  await writer.write(out.take());
  await writer.push();
}
