/** Believable activity, the same for the same seed. It knows no clock: times are given. */
import { UNKNOWN_COLUMN } from "../audit-columns.ts";
import { failedLoginRow } from "../failed-login.ts";
import { type AuditRow, eventTime } from "../model/audit-row.ts";
import { splitRecord } from "../model/split-record.ts";
import type { VersionProfile } from "../version-profiles.ts";
import { ACTIVITIES, type Activity, logIn, logOut, type MakeActivity } from "./activities.ts";
import { PEOPLE, type Person } from "./population.ts";
import { Random } from "./random.ts";
import { type RealRow, realRows } from "./real-rows.ts";
import { openWorkSession, type WorkSession } from "./work-session.ts";

export interface WorkloadOptions {
  readonly seed: number;
  readonly profile: VersionProfile;
  /** As the rows show it. */
  readonly serverInstanceName: string;
  /** Only what people do on a secondary replica. Default false. */
  readonly readOnly?: boolean;
}

export interface WorkloadRow {
  readonly audit: "stream" | "changes";
  readonly row: AuditRow;
}

export interface Workload {
  /**
   * At least `count` rows (a split record is never cut short) with rising times between two moments, in milliseconds
   * since 1970.
   */
  generate(count: number, from: number, to: number): readonly WorkloadRow[];
  /** Everybody lost the connection, without a logout: who works on logs in again. */
  disconnect?(): void;
}

const MOST_SESSIONS = 24;
/** Of a thousand activities. */
const LOGINS = 25;
const LOGOUTS = 22;
const FAILED_LOGINS = 12;
const REAL_ROWS = 10;
const UNKNOWN_ACTIONS = 5;
/** Units of 100 ns. */
const UNITS_PER_MILLISECOND = 10_000;

export function createWorkload(options: WorkloadOptions): Workload {
  const { seed, profile, serverInstanceName, readOnly = false } = options;
  const random = new Random(seed);
  const sessions: WorkSession[] = [];
  const activities = ACTIVITIES.filter(({ since = 0, reads = false }) => since <= profile.year && (reads || !readOnly));
  const replayed = replayable(profile);
  let transactionId = 100_000 + random.between(0, 900_000);

  function record(session: WorkSession, make: MakeActivity, time: string): readonly WorkloadRow[] {
    const activity = make(random, session);
    transactionId += random.between(1, 40);
    const row = rowOf(session, activity, {
      event_time: time,
      server_instance_name: serverInstanceName,
      sequence_group_id: groupId(random),
      transaction_id: transactionId,
      database_transaction_id: transactionId,
    });
    return splitRecord(row).map((piece) => ({ audit: activity.audit, row: piece }));
  }

  function next(time: string): readonly WorkloadRow[] {
    const dice = random.between(0, 999);
    const [session] = sessions;
    if (!session || (dice < LOGINS && sessions.length < MOST_SESSIONS)) {
      const taken = new Set(sessions.map(({ sessionId }) => sessionId));
      const opened = openWorkSession(random, pickPerson(random), taken);
      sessions.push(opened);
      return record(opened, logIn, time);
    }
    if (dice < LOGINS + LOGOUTS && sessions.length > 1) {
      const [closed = session] = sessions.splice(random.between(0, sessions.length - 1), 1);
      return record(closed, logOut, time);
    }
    if (dice < LOGINS + LOGOUTS + FAILED_LOGINS) {
      return [{ audit: "stream", row: failedAttempt(random, serverInstanceName, time) }];
    }
    if (!readOnly && dice < LOGINS + LOGOUTS + FAILED_LOGINS + REAL_ROWS) {
      const { row } = random.pick(replayed);
      return [{ audit: "stream", row: { ...row, event_time: time, server_instance_name: serverInstanceName } }];
    }
    const rows = record(random.pick(sessions), pickWeighted(random, activities).make, time);
    if (profile.unknownActionId === undefined || dice < 1000 - UNKNOWN_ACTIONS) return rows;
    const unknown = { action_id: profile.unknownActionId, [UNKNOWN_COLUMN.name]: random.hex(8) };
    return rows.map(({ audit, row }) => ({ audit, row: { ...row, ...unknown } }));
  }

  return {
    generate: (count, from, to) => {
      const rows: WorkloadRow[] = [];
      const spacing = ((to - from) * UNITS_PER_MILLISECOND) / count;
      while (rows.length < count) {
        const units = Math.floor(spacing * (rows.length + random.fraction()));
        const milliseconds = Math.floor(units / UNITS_PER_MILLISECOND);
        rows.push(...next(eventTime(from + milliseconds, units % UNITS_PER_MILLISECOND)));
      }
      return rows;
    },
    disconnect: () => {
      sessions.length = 0;
    },
  };
}

/**
 * Real rows whose columns this version has. Not those of action AUSC: they tell of other audits' sessions, which a
 * reader takes for its own being switched off.
 */
function replayable(profile: VersionProfile): readonly RealRow[] {
  const columns = new Set(profile.columns.map(({ name }) => name));
  return realRows().filter(
    ({ row }) => row.action_id !== "AUSC" && Object.keys(row).every((column) => columns.has(column)),
  );
}

const WEIGHTED_PEOPLE = PEOPLE.map((person) => ({ person, weight: person.share }));

function pickPerson(random: Random): Person {
  return pickWeighted(random, WEIGHTED_PEOPLE).person;
}

function pickWeighted<T extends { readonly weight: number }>(random: Random, choices: readonly T[]): T {
  let left = random.fraction() * choices.reduce((sum, { weight }) => sum + weight, 0);
  for (const choice of choices) {
    left -= choice.weight;
    if (left < 0) return choice;
  }
  return random.pick(choices);
}

/** The bytes of a version-4 GUID with its first groups swapped, as in all real rows. */
function groupId(random: Random): string {
  const hex = random.hex(16);
  return ["0x", hex.slice(0, 14), "4", hex.slice(15, 16), random.pick(["8", "9", "a", "b"]), hex.slice(17)].join("");
}

type OwnColumns = Pick<AuditRow, "event_time"> & Readonly<Record<string, string | number>>;

/** All rows have their members in the same order, which keeps a million of them small. */
function rowOf(session: WorkSession, { statement, columns }: Activity, own: OwnColumns): AuditRow {
  const { person } = session;
  return {
    ...own,
    statement,
    sequence_number: 1,
    succeeded: true,
    session_id: session.sessionId,
    server_principal_id: person.principalId,
    database_principal_id: person.user === "dbo" ? 1 : 5,
    session_server_principal_name: person.login,
    server_principal_name: person.login,
    server_principal_sid: person.sid,
    database_principal_name: person.user,
    client_ip: person.address,
    application_name: person.application,
    connection_id: session.connectionId,
    host_name: person.host,
    client_tls_version: session.tlsVersion,
    client_tls_version_name: session.tlsVersionName,
    ...columns,
  };
}

function failedAttempt(random: Random, serverInstanceName: string, eventTime: string): AuditRow {
  const person = pickPerson(random);
  const isKnown = random.chance(0.6);
  return failedLoginRow({
    loginName: isKnown ? person.login : random.pick(["admin", "test", "root", "sa2", "användare"]),
    reason: isKnown ? "wrongPassword" : "unknownLogin",
    clientAddress: random.pick([person.address, "203.0.113.77", "2001:db8::bad:1"]),
    applicationName: person.application,
    hostName: person.host,
    serverInstanceName,
    connectionId: random.guid(),
    sequenceGroupId: groupId(random),
    eventTime,
  });
}
