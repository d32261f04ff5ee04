import { type Logger, type StartPosition, silentLogger, systemClock } from "@das/core";
import { type ConformanceTrail, WaitingLog } from "@das/reader-conformance";
import {
  type AuditRow,
  appendRows,
  eventTime,
  markersOf,
  type SqlServerEmulator,
  type SqlServerEmulatorOptions,
  startSqlServerEmulator,
} from "@das/sqlserver-emulator";
import { ConnectedServer } from "../src/connected-server.ts";
import { Connection } from "../src/connection.ts";
import { AUDIT_NAME, type ConnectionOptions, SqlServerReader, type SqlServerRow } from "../src/index.ts";
import { READ } from "../src/provision/names.ts";
import { CREATE_READ } from "../src/provision/programs.ts";
import { createSigned } from "../src/provision/signed-procedure.ts";

export interface EmulatedTrail extends ConformanceTrail<SqlServerRow> {
  readonly emulator: SqlServerEmulator;
  readonly connection: ConnectionOptions;
  openReader(options?: { readonly logger?: Logger; readonly startAt?: StartPosition }): SqlServerReader;
  appendRows(rows: readonly AuditRow[]): void;
}

export interface ReadingOptions {
  /** Until 2019: through the signed procedure, without a right of its own. */
  readonly byProcedure?: boolean;
}

const RESOURCE = "db-CONFORMANCE";

/** An emulated SQL Server with its audit on, and what a reader needs to reach it. */
export async function openEmulatedTrail(
  options: SqlServerEmulatorOptions = {},
  { byProcedure = false }: ReadingOptions = {},
): Promise<EmulatedTrail> {
  const emulator = await startSqlServerEmulator({ audits: { queueDelay: 0 }, ...options });
  const { host, port, user, password, ca } = emulator;
  const connection: ConnectionOptions = {
    instanceId: "a",
    host,
    port,
    user,
    password,
    ...(ca === undefined ? { tls: "off" } : { certificateAuthority: ca }),
  };
  if (byProcedure) await installReadProcedure(emulator, connection);
  let count = 0;
  const append = (rows: readonly AuditRow[]) =>
    emulator.change((trail, now) => appendRows(trail, AUDIT_NAME, rows, now));
  const waiting = new WaitingLog();
  return {
    emulator,
    connection,
    openReader: ({ logger = waiting.logger, startAt = "oldest" } = {}) =>
      new SqlServerReader({ connection, resourceId: RESOURCE, logger, startAt }),
    lend: async () => {
      const noticed = waiting.next();
      const holder = await takeLock(emulator, connection);
      return {
        [Symbol.asyncDispose]: async () => {
          await noticed;
          await holder[Symbol.asyncDispose]();
        },
      };
    },
    appendRows: append,
    append: async (rows) => {
      append(
        Array.from({ length: rows }, () => {
          count += 1;
          return selectRow(count, emulator.now());
        }),
      );
    },
    expectedMarkers: () => [...markersOf(emulator.trail, AUDIT_NAME)],
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}

/** As das start leaves a server until 2019: the reader may not read audit files itself. */
export async function installReadProcedure(emulator: SqlServerEmulator, connection: ConnectionOptions): Promise<void> {
  const administrator = { ...connection, user: "sa" };
  await using open = await Connection.open(administrator, systemClock, silentLogger);
  for (const { sql } of createSigned(READ, CREATE_READ))
    await open.select(sql.replaceAll(":signing_password", "'Aa1!thrown away'"));
  await open.select(`REVOKE CONTROL SERVER FROM [${emulator.user}];`);
}

/** Cuts off whoever reads, and is the first one there afterwards. */
async function takeLock(emulator: SqlServerEmulator, connection: ConnectionOptions): Promise<AsyncDisposable> {
  const { signal } = new AbortController();
  const options = { connection, resourceId: RESOURCE, serverHost: undefined, audit: AUDIT_NAME } as const;
  for (;;) {
    emulator.killConnections();
    const server = await ConnectedServer.open({ ...options, clock: systemClock, logger: silentLogger }, signal);
    if (await server.takeLock(signal)) return server;
    await server[Symbol.asyncDispose]();
  }
}

/** A made-up row of an audited SELECT. */
export function selectRow(number: number, now: number): AuditRow {
  return {
    event_time: eventTime(now, number % 10_000),
    action_id: "SL  ",
    succeeded: true,
    class_type: "U ",
    session_id: 51 + (number % 9),
    server_principal_name: "app_login",
    session_server_principal_name: "app_login",
    database_name: "Sales",
    object_name: "Orders",
    statement: `SELECT * FROM dbo.Orders WHERE OrderId = ${number}`,
    sequence_group_id: `0x${number.toString(16).padStart(32, "0")}`,
  };
}
