import type { Cursor, Cursors } from "./cursors.ts";
import type { EngineSession, LogOn } from "./engine-session.ts";
import type { FaultPlan } from "./faults.ts";
import type { Lobs } from "./lobs.ts";
import type { ScaleStyle } from "./protocol/describe.ts";
import type { ReplyWriter } from "./protocol/packets.ts";
import type { Reply } from "./reply.ts";
import type { StatementLog } from "./statement-log.ts";

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
  /** Has the client left, without a word? */
  hasVanished(): boolean;
  /** Cuts the connection. */
  kill(): void;
}

/** One call of a session, while it is carried out. */
export interface CallScope {
  readonly session: WireSession;
  readonly reply: Reply;
  readonly cancelled: AbortSignal;
  /** The one that the call is about, as soon as it is known. */
  cursor: Cursor | undefined;
}
