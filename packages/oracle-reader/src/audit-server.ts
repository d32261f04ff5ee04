import type { InstanceDescription, UtcTime } from "@das/core";
import type { DriftLine } from "./provision/policy-record.ts";
import type { OracleValue, TrailDescription } from "./row.ts";

/**
 * What following a trail asks of a database. `ConnectedServer` answers over the driver; tests answer from a model, so
 * that the same following runs through thousands of histories without a socket. The counterpart of SQL Server's.
 */
export interface AuditServer extends AsyncDisposable {
  readonly instance: ConnectedInstance;
  /** The database as it is at this moment. @throws UnavailableError, RefusedError, ServerError */
  observe(signal: AbortSignal): Promise<DatabaseState>;
  /**
   * When this database became the primary, up to three seconds too early; undefined when it never was a standby, or does
   * not know any more.
   * @throws UnavailableError
   */
  becamePrimaryAt(signal: AbortSignal): Promise<UtcTime | undefined>;
  /**
   * Takes the lock of a source on this connection, whose session then holds it; again while it is held has no effect.
   * @returns whether it is held; false when another session has it
   */
  takeLock(sourceId: string, signal: AbortSignal): Promise<boolean>;
  /**
   * The rows of a branch in a half-open slice of time, in no order.
   * @param batch is told some hundred rows at a time and may be awaited: nothing more is fetched meanwhile
   * @returns whether the result ran to its end; false when it was cancelled through the signal
   */
  readRows(
    branch: Branch,
    slice: TimeSlice,
    batch: (rows: readonly (readonly OracleValue[])[]) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** The same, of the key columns only (`KEY_COLUMNS`, in that order). */
  readKeys(
    branch: Branch,
    slice: TimeSlice,
    batch: (keys: readonly (readonly OracleValue[])[]) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Counts and sums of a branch per minute, hour or day of event time; periods without a row are left out. */
  summarize(branch: Branch, slice: TimeSlice, unit: PeriodUnit, signal: AbortSignal): Promise<readonly PeriodSummary[]>;
  /** When the oldest row of a branch happened; undefined when there is none. A scan of all of it: at a first start only. */
  oldestTime(branch: Branch, signal: AbortSignal): Promise<UtcTime | undefined>;
  /** Up to when the trail may be purged, as the DBA or the publisher said; undefined when never said. */
  lastArchiveTime(signal: AbortSignal): Promise<UtcTime | undefined>;
  /**
   * What the lock protects, against what was recorded when it was locked.
   * @param withContent whether what each audit policy records is compared, too, which may take long
   * @returns undefined where nothing is provisioned, or may not be looked at
   */
  observePolicy(withContent: boolean, signal: AbortSignal): Promise<PolicyState | undefined>;
  /**
   * Lets the installed procedure put one thing back to what was recorded. Never throws.
   * @param subject `DriftLine.healable`
   * @returns why it did not; undefined when it ran
   */
  heal(subject: string, signal: AbortSignal): Promise<string | undefined>;
  /** Leaves the canary's row in the trail, with `instance.auditSessionId`. @throws RefusedError where it is not installed */
  fireCanary(signal: AbortSignal): Promise<void>;
  /** Allows the trail to be purged up to a time. @throws RefusedError where it is not installed */
  advanceArchiveTime(time: UtcTime, signal: AbortSignal): Promise<void>;
}

export interface PolicyState {
  /** When it was so, by the database's clock. */
  readonly at: UtcTime;
  readonly isLocked: boolean;
  /** What was protected when it was locked, as it stands in the database. */
  readonly recorded: string;
  /** What is not as it was recorded; nothing while it is not locked. */
  readonly drift: readonly DriftLine[];
  /** `das_heal` is installed. */
  readonly canHeal: boolean;
}

/** `table`: AUD$UNIFIED; `files`: the spillover files of this instance (Oracle notes §3.3). */
export type Branch = "table" | "files";

/** From inclusive, to exclusive; UTC with six fraction digits (`UtcTime`). */
export interface TimeSlice {
  readonly from: UtcTime;
  readonly to: UtcTime;
}

export type PeriodUnit = "minute" | "hour" | "day";

/** What a ledger compares: four numbers, because counts alone cancel out (Oracle notes §2.4). */
export interface PeriodSummary {
  /** `YYYY-MM-DD HH24:MI`, `YYYY-MM-DD HH24` or `YYYY-MM-DD`. */
  readonly period: string;
  readonly count: bigint;
  readonly entries: bigint;
  readonly sessions: bigint;
  readonly times: bigint;
}

/** What is asked once per connection. */
export interface ConnectedInstance {
  readonly description: InstanceDescription;
  /** Of the CDB, inside a PDB too: decimal. */
  readonly dbid: string;
  /** 32 hex digits. */
  readonly containerGuid: string;
  readonly containerName: string;
  /** 12, 18, 19, 21, 23, … */
  readonly release: number;
  /** What the rows of this connection's own statements bear as SESSIONID. */
  readonly auditSessionId: string;
  readonly trail: TrailDescription;
  /** Which branches can be read, and how (Oracle notes §3.3). */
  readonly branches: readonly Branch[];
}

export interface DatabaseState {
  /** By the database's clock. */
  readonly now: UtcTime;
  /** PRIMARY, PHYSICAL STANDBY, SNAPSHOT STANDBY, LOGICAL STANDBY, FAR SYNC. */
  readonly role: string;
  /** READ WRITE, READ ONLY, READ ONLY WITH APPLY, MOUNTED. */
  readonly openMode: string;
  /** `resetlogs:activation:switchover`: compared for equality only (architecture §5). */
  readonly history: string;
}

/** The columns of a row's key, `TIME` being the event's time in UTC (Oracle notes §1.4). */
export const KEY_COLUMNS = [
  "DBID",
  "INSTANCE_ID",
  "SESSIONID",
  "ENTRY_ID",
  "STATEMENT_ID",
  "EVENT_TIMESTAMP_UTC",
  "OS_PROCESS",
  "AUDIT_TYPE",
  "ACTION_NAME",
  "RETURN_CODE",
  "OBJECT_SCHEMA",
  "OBJECT_NAME",
  "FGA_POLICY_NAME",
] as const;
