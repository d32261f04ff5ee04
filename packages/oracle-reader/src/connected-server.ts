import { hash } from "node:crypto";
import { type Clock, type Logger, RefusedError, type UtcTime, utcTime } from "@das/core";
import type {
  AuditServer,
  Branch,
  DatabaseState,
  PeriodSummary,
  PeriodUnit,
  PolicyState,
  TimeSlice,
} from "./audit-server.ts";
import { Inquiry } from "./check/answer.ts";
import { quoteName } from "./check/statement.ts";
import { placeOf, ServerError } from "./classify-error.ts";
import { type Binds, Connection, type TakeRows } from "./connection.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { type DescribedInstance, describeInstance } from "./instance.ts";
import { lookAtLock } from "./provision/look-at-lock.ts";
import { ownerIn } from "./provision/names.ts";
import type { OracleValue } from "./row.ts";
import {
  advanceArchiveTimeStatement,
  BECAME_PRIMARY_AT,
  type BranchAccess,
  canaryStatement,
  DATABASE_STATE,
  healStatement,
  keysStatement,
  LAST_ARCHIVE_TIME,
  LOCK_HELD_ELSEWHERE,
  oldestTimeStatement,
  readStatement,
  summaryStatement,
  TAKE_LOCK,
} from "./statements.ts";

export interface ConnectedServerOptions {
  readonly connection: ConnectionOptions;
  /** The instance's own address in the events; default: what the server reports. */
  readonly serverHost: string | undefined;
  /** The resource id: part of a lock's name, so that two resources may read one database. */
  readonly resourceId: string;
  /** Whether events carry native fields: then columns are read that no other field needs. */
  readonly nativeAuditFields: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The database does not know any more when that change was. */
const SCN_TOO_OLD = 8181;

const ROOT_NAME = "CDB$ROOT";

/** One connection to one instance, and what following its trail asks there. */
export class ConnectedServer implements AuditServer {
  readonly instance: DescribedInstance;
  readonly #connection: Connection;
  readonly #options: ConnectedServerOptions;
  #archiveTimeRefused = false;

  private constructor(connection: Connection, instance: DescribedInstance, options: ConnectedServerOptions) {
    this.#connection = connection;
    this.instance = instance;
    this.#options = options;
  }

  /** @throws UnavailableError, RefusedError, ConfigurationError; one of them or the signal's reason when cancelled */
  static async open(options: ConnectedServerOptions, signal: AbortSignal): Promise<ConnectedServer> {
    const connection = await Connection.open(options.connection, options.clock, signal);
    try {
      const instance = await describeInstance(connection, options.connection, options, signal);
      return new ConnectedServer(connection, instance, options);
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      throw error;
    }
  }

  async observe(signal: AbortSignal): Promise<DatabaseState> {
    const [row = []] = await this.#connection.select(DATABASE_STATE, {}, signal);
    const [now, role, openMode, ...history] = row.map((value) => value ?? "");
    return { now: utcTime(now ?? ""), role: role ?? "", openMode: openMode ?? "", history: history.join(":") };
  }

  async becamePrimaryAt(signal: AbortSignal): Promise<UtcTime | undefined> {
    try {
      return timeOf(await this.#connection.select(BECAME_PRIMARY_AT, {}, signal));
    } catch (error) {
      if (error instanceof ServerError && error.number === SCN_TOO_OLD) return undefined;
      if (!(error instanceof ServerError || error instanceof RefusedError)) throw error;
      this.#options.logger.warn(
        { instance: this.#options.connection.instanceId, error: error.message },
        "when this database became the primary cannot be seen: more is compared than would be needed",
      );
      return undefined;
    }
  }

  async takeLock(sourceId: string, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#connection.call(TAKE_LOCK, { id: lockId(this.#options.resourceId, sourceId) }, signal);
    } catch (error) {
      if (error instanceof ServerError && error.number === LOCK_HELD_ELSEWHERE) return false;
      throw error;
    }
  }

  readRows(branch: Branch, slice: TimeSlice, batch: TakeRows, signal: AbortSignal): Promise<boolean> {
    const text = readStatement(this.#accessTo(branch), this.instance.trail.columns);
    return this.#connection.query(text, bindsOf(slice), batch, signal);
  }

  readKeys(branch: Branch, slice: TimeSlice, batch: TakeRows, signal: AbortSignal): Promise<boolean> {
    return this.#connection.query(keysStatement(this.#accessTo(branch)), bindsOf(slice), batch, signal);
  }

  async summarize(
    branch: Branch,
    slice: TimeSlice,
    unit: PeriodUnit,
    signal: AbortSignal,
  ): Promise<readonly PeriodSummary[]> {
    const text = summaryStatement(this.#accessTo(branch), unit);
    const rows = await this.#connection.select(text, bindsOf(slice), signal);
    return rows.map(([period, count, entries, sessions, times]) => ({
      period: String(period),
      count: BigInt(count ?? 0),
      entries: BigInt(entries ?? 0),
      sessions: BigInt(sessions ?? 0),
      times: BigInt(times ?? 0),
    }));
  }

  async oldestTime(branch: Branch, signal: AbortSignal): Promise<UtcTime | undefined> {
    return timeOf(await this.#connection.select(oldestTimeStatement(this.#accessTo(branch)), {}, signal));
  }

  async lastArchiveTime(signal: AbortSignal): Promise<UtcTime | undefined> {
    if (this.#archiveTimeRefused) return undefined;
    const { dbid, containerDbid } = this.instance;
    try {
      return timeOf(await this.#connection.select(LAST_ARCHIVE_TIME, { dbid, con_dbid: containerDbid }, signal));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#archiveTimeRefused = true;
      this.#options.logger.warn(
        { instance: this.#options.connection.instanceId, error: error.message },
        "the archive timestamp may not be looked at: a purge ahead of the reader is seen only when rows are gone; grant READ on SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS",
      );
      return undefined;
    }
  }

  async observePolicy(withContent: boolean, signal: AbortSignal): Promise<PolicyState | undefined> {
    const lock = await lookAtLock(new Inquiry(this.#connection, signal), this.#owner, withContent);
    return lock.known ? lock.value : undefined;
  }

  async heal(subject: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      await this.#connection.call(healStatement(this.#owner), { subject }, signal);
      return undefined;
    } catch (error) {
      // A connection that is lost is found out by whatever is asked next.
      return (error as Error).message;
    }
  }

  /** Leaves the canary's row in the trail, with `instance.auditSessionId`. @throws RefusedError where it is not installed */
  async fireCanary(signal: AbortSignal): Promise<void> {
    await this.#connection.call(canaryStatement(this.#owner), {}, signal);
  }

  /** Allows the trail to be purged up to a time. @throws RefusedError where it is not installed; ServerError */
  async advanceArchiveTime(time: UtcTime, signal: AbortSignal): Promise<void> {
    await this.#connection.call(advanceArchiveTimeStatement(this.#owner), { ts: sqlTime(time) }, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]();
  }

  /** The schema of what `das start` installs, as SQL names it. */
  get #owner(): string {
    return quoteName(ownerIn(this.instance.containerName === ROOT_NAME));
  }

  #accessTo(branch: Branch): BranchAccess {
    const access = this.instance.access.get(branch);
    if (access) return access;
    const { connection } = this.#options;
    throw new RefusedError({
      who: "oracle-reader",
      what: `${placeOf(connection)}: user "${connection.user}" cannot read the ${branch} of the trail apart from the rest`,
      remedy: "Grant READ on AUDSYS.AUD$UNIFIED and on SYS.GV_$UNIFIED_AUDIT_TRAIL",
      code: "right-missing",
    });
  }
}

/** The first 30 bits of a hash, which is as many as DBMS_LOCK has ids for its users (Oracle notes §3.3). */
export function lockId(resourceId: string, sourceId: string): string {
  return String(hash("sha256", `das:${resourceId}:${sourceId}`, "buffer").readUInt32BE() >>> 2);
}

function bindsOf({ from, to }: TimeSlice): Binds {
  return { lo: sqlTime(from), hi: sqlTime(to) };
}

/** `2022-10-06 21:34:42.711307+00` without its zone, which the session has. */
function sqlTime(time: UtcTime): string {
  return time.slice(0, "YYYY-MM-DD HH:MM:SS.ffffff".length);
}

function timeOf([row]: readonly (readonly OracleValue[])[]): UtcTime | undefined {
  const time = row?.[0];
  return time === null || time === undefined ? undefined : utcTime(time);
}
