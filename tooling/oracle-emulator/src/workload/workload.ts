/** Believable activity, the same for the same seed. It knows no clock: times are given. */
import { UNKNOWN_COLUMN } from "../audit-columns.ts";
import { type AuditRow, timestampText } from "../model/audit-row.ts";
import type { VersionProfile } from "../version-profiles.ts";
import {
  ACTIVITIES,
  type Activity,
  cleanUp,
  failedLogOn,
  logOff,
  logOn,
  type MakeActivity,
  proxyAuthentication,
} from "./activities.ts";
import { PEOPLE, type Person } from "./population.ts";
import { Random } from "./random.ts";
import { realRows } from "./real-rows.ts";
import { newSessionId, openWorkSession, type WorkSession } from "./work-session.ts";

export interface WorkloadOptions {
  readonly seed: number;
  readonly profile: VersionProfile;
  /** Instead of the name of the site that writes the rows, from 21c on. */
  readonly dbUniqueName?: string;
  /** Instead of that of the container that they are written in, decimal. */
  readonly dbid?: string;
  /** Only what people do in a database that is open read only. Default false. */
  readonly readOnly?: boolean;
}

export interface Workload {
  /** So many rows with rising times between two moments, in milliseconds since 1970 by the database's clock. */
  generate(count: number, from: number, to: number): readonly AuditRow[];
  /** Everybody lost the connection, without a log-off: who works on logs on again. */
  disconnect?(): void;
}

const MOST_SESSIONS = 24;
/** Of a thousand activities. */
const LOGONS = 25;
const LOGOFFS = 20;
const CLEANUPS = 2;
const FAILED_LOGONS = 12;
const REAL_ROWS = 10;
const UNKNOWN_ACTIONS = 5;
const MICROSECONDS = 1000;

const NO_TRANSACTION = "0".repeat(16);

export function createWorkload(options: WorkloadOptions): Workload {
  const { seed, profile, dbUniqueName, dbid, readOnly = false } = options;
  const random = new Random(seed);
  const sessions: WorkSession[] = [];
  const activities = ACTIVITIES.filter(
    ({ since = 12, reads = false }) => since <= profile.major && (reads || !readOnly),
  );
  const columns = new Set(profile.columns.map(({ name }) => name));
  let replayed = new Replay(random, profile);
  let scn = 5_133_083_000_000 + random.between(0, 900_000);
  let transaction = random.between(1, 0xffff);

  function record(session: WorkSession, make: MakeActivity, time: string): AuditRow {
    const activity = make(random, session);
    scn += random.between(1, 40);
    session.entry += 1;
    session.statement += random.between(1, 3);
    if (activity.inTransaction) transaction = (transaction + 1) % 0x10000;
    const own = {
      EVENT_TIMESTAMP_UTC: time,
      SCN: String(scn),
      TRANSACTION_ID: activity.inTransaction ? transactionId(transaction) : NO_TRANSACTION,
      ...(dbid !== undefined && { DBID: dbid }),
      ...(dbUniqueName !== undefined && columns.has("DB_UNIQUE_NAME") && { DB_UNIQUE_NAME: dbUniqueName }),
    };
    return rowOf(session, activity, own, columns);
  }

  function next(time: string): AuditRow {
    const dice = random.between(0, 999);
    const [session] = sessions;
    if (!session || (dice < LOGONS && sessions.length < MOST_SESSIONS)) {
      const opened = openWorkSession(random, pickPerson(random), profile);
      sessions.push(opened);
      return record(opened, opened.person.proxy === undefined ? logOn : proxyAuthentication, time);
    }
    let limit = LOGONS + LOGOFFS;
    if (dice < limit + CLEANUPS && sessions.length > 1) {
      const [closed = session] = sessions.splice(random.between(0, sessions.length - 1), 1);
      return record(closed, dice < limit ? logOff : cleanUp, time);
    }
    limit += CLEANUPS + FAILED_LOGONS;
    if (dice < limit) return record(openWorkSession(random, attacker(random), profile), failedLogOn, time);
    limit += readOnly ? 0 : REAL_ROWS;
    if (dice < limit) return replayed.next(time, columns, dbid);
    const row = record(random.pick(sessions), pickWeighted(random, activities).make, time);
    const { unknownAction } = profile;
    if (unknownAction === undefined || dice < 1000 - UNKNOWN_ACTIONS || row.AUDIT_TYPE !== "Standard") return row;
    return { ...row, ACTION_NAME: unknownAction, [UNKNOWN_COLUMN.name]: random.hex(8) };
  }

  return {
    generate: (count, from, to) => {
      const spacing = ((to - from) * MICROSECONDS) / count;
      return Array.from({ length: count }, (_, index) => {
        const microseconds = Math.floor(spacing * (index + random.fraction()));
        return next(timestampText(from + microseconds / MICROSECONDS));
      });
    },
    disconnect: () => {
      sessions.length = 0;
      replayed = new Replay(random, profile);
    },
  };
}

/** Real rows again and again, each as a session of its own whose ENTRY_ID goes on. */
class Replay {
  readonly #random: Random;
  readonly #rows: readonly { readonly row: AuditRow; readonly sessionId: string; entry: number }[];

  constructor(random: Random, profile: VersionProfile) {
    this.#random = random;
    this.#rows = realRows().map(({ row }) => ({ row, sessionId: newSessionId(random, profile), entry: 0 }));
  }

  next(time: string, columns: ReadonlySet<string>, dbid: string | undefined): AuditRow {
    const replayed = this.#random.pick(this.#rows);
    replayed.entry += 1;
    const entry = String(replayed.entry);
    const { DBID: _, INSTANCE_ID: __, ...row } = replayed.row;
    return {
      ...onlyKnown(row, columns),
      AUDIT_TYPE: replayed.row.AUDIT_TYPE,
      EVENT_TIMESTAMP_UTC: time,
      ...(dbid !== undefined && { DBID: dbid }),
      SESSIONID: replayed.sessionId,
      ENTRY_ID: entry,
      STATEMENT_ID: entry,
    };
  }
}

const WEIGHTED_PEOPLE = PEOPLE.map((person) => ({ person, weight: person.share }));

function pickPerson(random: Random): Person {
  return pickWeighted(random, WEIGHTED_PEOPLE).person;
}

/** Somebody who may exist, from where nobody works. */
function attacker(random: Random): Person {
  const person = pickPerson(random);
  return {
    ...person,
    user: random.chance(0.6) ? person.user : random.pick(["ADMIN", "TEST", "SCOTT", "BENUTZER"]),
    address: random.pick([person.address, "203.0.113.77", "2001:db8::bad:1"]),
    network: "tcp",
    authentication: "DATABASE",
  };
}

function pickWeighted<T extends { readonly weight: number }>(random: Random, choices: readonly T[]): T {
  let left = random.fraction() * choices.reduce((sum, { weight }) => sum + weight, 0);
  for (const choice of choices) {
    left -= choice.weight;
    if (left < 0) return choice;
  }
  return random.pick(choices);
}

/** Undo segment, slot and sequence, as Oracle numbers them. */
function transactionId(number: number): string {
  const hex = number.toString(16).toUpperCase().padStart(4, "0");
  return `0${number % 10}000${number % 8}00${hex.slice(2)}${hex.slice(0, 2)}0000`;
}

type Columns = Readonly<Record<string, string | null | undefined>>;

/** All rows of a session have the same members in the same order, which keeps a million of them small. */
function rowOf(
  session: WorkSession,
  { columns: acted, statement }: Activity,
  own: Columns & { readonly EVENT_TIMESTAMP_UTC: string },
  known: ReadonlySet<string>,
): AuditRow {
  const { person } = session;
  const isLogOn = acted.ACTION_NAME === "LOGON" || acted.ACTION_NAME === "PROXY AUTHENTICATION";
  return {
    AUDIT_TYPE: "Standard",
    SESSIONID: session.sessionId,
    PROXY_SESSIONID: session.proxySessionId,
    OS_USERNAME: person.osUser,
    USERHOST: person.host,
    TERMINAL: person.terminal,
    AUTHENTICATION_TYPE: isLogOn ? session.logonAuthenticationType : session.authenticationType,
    DBUSERNAME: person.user,
    DBPROXY_USERNAME: person.proxy ?? null,
    EXTERNAL_USERID: person.authentication === "GLOBAL" ? `cn=${person.osUser},ou=people,dc=example` : null,
    CLIENT_PROGRAM_NAME: person.program,
    ENTRY_ID: String(session.entry),
    STATEMENT_ID: String(session.statement),
    RETURN_CODE: "0",
    OS_PROCESS: session.osProcess,
    CURRENT_USER: person.user,
    SQL_TEXT: statement?.text ?? null,
    SQL_BINDS: statement?.binds ?? null,
    APPLICATION_CONTEXTS: isLogOn ? null : (person.contexts ?? null),
    CLIENT_IDENTIFIER: isLogOn ? null : session.clientIdentifier,
    ...own,
    ...onlyKnown(acted, known),
  };
}

function onlyKnown(row: Columns, known: ReadonlySet<string>): Columns {
  const kept: Record<string, string | null> = {};
  for (const column in row) {
    const value = row[column];
    if (value !== undefined && value !== null && known.has(column)) kept[column] = value;
  }
  return kept;
}
