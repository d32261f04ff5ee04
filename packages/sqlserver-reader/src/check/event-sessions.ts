import type { CheckFinding } from "@das/core";
import { textOf } from "../instance.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";
import { about, count } from "./finding.ts";
import { type InstanceFacts, stateRight } from "./instance-facts.ts";
import type { ServerAudit } from "./server-audits.ts";
import { changeAudit, grant } from "./statement.ts";

/** Counters of the event session behind an audit; they begin anew with it. */
export interface EventSession {
  readonly droppedEvents: number;
  readonly droppedBuffers: number;
  /** Milliseconds that sessions of users waited for a free buffer. */
  readonly blockedTime: number;
  /** UTC text to the second. */
  readonly since: string;
}

/** That audits have such a session is shown by their own rows; that this view lists it is not verified (SQL Server notes §4.5). */
const SESSIONS = `SELECT name, dropped_event_count, dropped_buffer_count, blocked_event_fire_time,
       CONVERT(char(23), create_time, 121) AS created
FROM sys.dm_xe_sessions`;

/** By the name of the audit. */
export async function lookAtEventSessions(inquiry: Inquiry): Promise<Answer<ReadonlyMap<string, EventSession>>> {
  return mapAnswer(
    await inquiry.ask(SESSIONS),
    (rows) =>
      new Map(
        rows.map(([name, droppedEvents, droppedBuffers, blockedTime, since]) => [
          textOf(name).replace(/\$A$/, ""),
          {
            droppedEvents: Number(droppedEvents),
            droppedBuffers: Number(droppedBuffers),
            blockedTime: Number(blockedTime),
            since: textOf(since).slice(0, 19),
          },
        ]),
      ),
  );
}

const DROPPED = "What the audit's buffers dropped was never written, and nothing brings it back";

/** Undefined counters are no finding of an audit that does not run: that is one already. */
export function judgeEventSession(
  audit: ServerAudit,
  sessions: Answer<ReadonlyMap<string, EventSession>>,
  instance: InstanceFacts,
): readonly CheckFinding[] {
  const { name } = audit;
  const dropped = about(`dropped-events.${name}`, DROPPED);
  if (!sessions.known) {
    const repair = sessions.refused ? grant(stateRight(instance, "PERFORMANCE"), instance.login) : undefined;
    return [dropped.warning(`what ${name} dropped cannot be looked at (${sessions.reason})`, repair)];
  }
  const session = sessions.value.get(name);
  if (!session) {
    if (!audit.enabled) return [];
    return [dropped.warning(`the server shows no event session ${name}$A: what the audit drops cannot be seen`)];
  }
  return [judgeDropped(audit, session), judgeBlocked(audit, session)];
}

function judgeDropped({ name, queueDelay }: ServerAudit, session: EventSession): CheckFinding {
  const { ok, failure } = about(`dropped-events.${name}`, DROPPED);
  const { droppedEvents, droppedBuffers, since } = session;
  if (droppedEvents === 0 && droppedBuffers === 0) return ok(`${name} dropped nothing since ${since}`);
  const advice = "-- give FILEPATH a faster disk with room, or audit less; then start the count anew:";
  return failure(
    `${name} dropped ${count(droppedEvents, "event")} and ${count(droppedBuffers, "buffer")} since ${since}`,
    `${advice}\n${changeAudit(name, `WITH (QUEUE_DELAY = ${queueDelay})`)}`,
  );
}

/** Milliseconds; less than this in the life of a session is one hiccup of a disk. */
const TOLERATED_WAIT = 1_000;

function judgeBlocked({ name }: ServerAudit, { blockedTime, since }: EventSession): CheckFinding {
  const { ok, warning } = about(
    `blocked-time.${name}`,
    "When the audit's disk is too slow, sessions of users wait for a free buffer: the database waits for its audit",
  );
  if (blockedTime < TOLERATED_WAIT) return ok(`sessions waited ${blockedTime} ms for ${name} since ${since}`);
  return warning(
    `sessions waited ${(blockedTime / 1000).toFixed(1)} s for ${name} since ${since}`,
    "Give FILEPATH a faster disk, apart from data and log files",
  );
}
