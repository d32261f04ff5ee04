import {
  type AuditReader,
  type CheckReport,
  type Clock,
  type InstanceContext,
  type Logger,
  type SqlServerEvent,
  type StartPosition,
  silentLogger,
  systemClock,
} from "@das/core";
import { SqlServerAuditSource } from "./audit-source.ts";
import { checkInstance } from "./check/check-instance.ts";
import { ConnectedServer } from "./connected-server.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { toEvent } from "./map-event.ts";
import { PolicyWatch } from "./policy-watch.ts";
import type { SqlServerRow } from "./row.ts";
import { AUDIT_CHANGES_NAME, AUDIT_NAME } from "./statements.ts";

export interface SqlServerReaderOptions {
  readonly connection: ConnectionOptions;
  /** Of the resource: part of the names of the locks. */
  readonly resourceId: string;
  /** The instance's own address in the events; default: what the server reports. */
  readonly serverHost?: string;
  /** Default: `RDS_DAS_AUDIT` and `RDS_DAS_AUDIT_CHANGES`, which may also be named `RDS_DAS_CHANGES` on the server. */
  readonly audits?: readonly string[];
  /** The other configured instances of the same resource: `check` compares their audits with this one's. */
  readonly replicas?: readonly ConnectionOptions[];
  /** Where a source begins that has nothing to resume from. Default `oldest`: every row that the trail still holds. */
  readonly startAt?: StartPosition;
  /**
   * SERVERPROPERTY('ServerName') of other instances whose audits write to the same folder under the same GUIDs, each
   * with a publisher of its own: rows that bear their names are left to them. Better give each instance a folder.
   */
  readonly sharedWith?: readonly string[];
  /** Where the audits of this instance are to be written: `check` looks whether they are, and whether it is there. */
  readonly auditDirectory?: string;
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  readonly logger?: Logger;
}

const DEFAULT_AUDITS = [AUDIT_NAME, AUDIT_CHANGES_NAME] as const;

/** Reads the server audits of one SQL Server instance through `sys.fn_get_audit_file`. */
export class SqlServerReader implements AuditReader<SqlServerRow> {
  readonly engine = "sqlserver";
  readonly #options: SqlServerReaderOptions;

  constructor(options: SqlServerReaderOptions) {
    this.#options = options;
  }

  check(signal: AbortSignal): Promise<CheckReport> {
    const {
      connection,
      audits = DEFAULT_AUDITS,
      replicas = [],
      auditDirectory,
      clock = systemClock,
      logger = silentLogger,
    } = this.#options;
    return checkInstance({ connection, audits, replicas, auditDirectory, clock, logger }, signal);
  }

  /** The audits are the instance's own: they do not change with its role. */
  async *sources(signal: AbortSignal): AsyncGenerator<readonly SqlServerAuditSource[]> {
    const { audits = DEFAULT_AUDITS } = this.#options;
    yield audits.map((audit) => this.#source(audit));
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }

  toEvent(row: SqlServerRow, context: InstanceContext): SqlServerEvent {
    return toEvent(row, context);
  }

  /** Each source holds a connection of its own only while it is read. */
  async [Symbol.asyncDispose](): Promise<void> {
    return;
  }

  #source(audit: string): SqlServerAuditSource {
    const { connection, resourceId, serverHost, startAt = "oldest", sharedWith = [] } = this.#options;
    const { clock = systemClock, random = Math.random, logger = silentLogger } = this.#options;
    const connect = (signal: AbortSignal) =>
      ConnectedServer.open({ connection, resourceId, serverHost, audit, clock, logger }, signal);
    const { instanceId, user } = connection;
    const watch = audit === AUDIT_CHANGES_NAME ? new PolicyWatch({ instanceId, user, clock, logger }) : undefined;
    const own = { instanceId, user, audit, startAt, sharedWith, watch };
    return new SqlServerAuditSource({ ...own, connect, clock, random, logger });
  }
}
