import { type Clock, silentLogger, systemClock } from "@das/core";
import {
  type AuditOptions,
  type AuditRow,
  audit,
  type Branch,
  createWorld,
  markersOf,
  type NewAuditRow,
  type OracleEmulator,
  type OracleEmulatorOptions,
  type ReleaseName,
  rowsOf,
  type Site,
  siteNamed,
  startOracleEmulator,
  timestampText,
  workContainer,
} from "@das/oracle-emulator";
import { type ConformanceTrail, WaitingLog } from "@das/reader-conformance";
import { ConnectedServer } from "../src/connected-server.ts";
import { type ConnectionOptions, OracleReader, type OracleReaderOptions, type OracleRow } from "../src/index.ts";

/** How the reader may read the branches: themselves, or through the view only. */
export type Rights = "direct" | "view";

export interface EmulatedTrailOptions extends Omit<OracleEmulatorOptions, "world"> {
  readonly release?: ReleaseName;
  /** `files`: those of a standby that is open, whose table is the primary's to publish. Default `table`. */
  readonly branch?: Branch;
  readonly rights?: Rights;
  readonly nativeAuditFields?: boolean;
  /** Another database of the same world follows this one. */
  readonly hasStandby?: boolean;
}

export interface EmulatedTrail extends ConformanceTrail<OracleRow> {
  readonly emulator: OracleEmulator;
  readonly connection: ConnectionOptions;
  /** Of the container that is read. */
  readonly container: string;
  readonly site: Site;
  openReader(options?: Partial<OracleReaderOptions>): OracleReader;
  /** Exactly these rows; the time of those that have none is now. */
  appendRows(rows: readonly NewAuditRow[], options?: AuditOptions): void;
  /** In trail order. */
  rows(branch?: Branch): readonly AuditRow[];
}

export const PRIMARY = "ORCL_A";
export const STANDBY = "ORCL_B";
const RESOURCE = "db-CONFORMANCE";

/** Waits of the reader are so many times shorter than usual; what it measures is not. */
const SPEED = 20;

const impatientClock: Clock = {
  ...systemClock,
  sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / SPEED, signal),
};

/** An emulated Oracle database that audits, and what a reader needs to reach it. */
export async function openEmulatedTrail(options: EmulatedTrailOptions = {}): Promise<EmulatedTrail> {
  const { release = "19c", branch = "table", rights = "direct", nativeAuditFields = true } = options;
  const { pluggables = ["SALESPDB"], hasStandby = branch === "files", ...more } = options;
  const standbys = hasStandby ? [{ uniqueName: STANDBY }] : [];
  const world = createWorld({ release, pluggables, primary: { uniqueName: PRIMARY }, standbys }, systemClock.now());
  const name = branch === "files" ? STANDBY : PRIMARY;
  const emulator = await startOracleEmulator({ tls: "off", ...more, world, site: name });
  if (rights === "view") revokeDirectReads(emulator);
  const site = () => siteNamed(emulator.world, name);
  const container = workContainer(site()).guid;
  const connection = connectionTo(emulator);
  let count = 0;
  let lastStamp = 0;
  const rows = (of: Branch = branch) => inTrailOrder(rowsOf(site(), container, of));
  const appendRows: EmulatedTrail["appendRows"] = (written, how) =>
    emulator.change((before, now) => audit(before, name, container, written, now, how));
  const waiting = new WaitingLog();
  return {
    emulator,
    connection,
    container,
    get site() {
      return site();
    },
    overlaps: true,
    openReader: (change = {}) =>
      new OracleReader({
        connection,
        resourceId: RESOURCE,
        nativeAuditFields,
        startAt: "oldest",
        clock: impatientClock,
        logger: waiting.logger,
        ...change,
      }),
    lend: async () => {
      const noticed = waiting.next();
      const holder = await takeLock(emulator, connection, branch);
      return {
        [Symbol.asyncDispose]: async () => {
          await noticed;
          await holder[Symbol.asyncDispose]();
        },
      };
    },
    appendRows,
    append: async (number) => {
      const appended = Array.from({ length: number }, () => {
        count += 1;
        // One after the other: rows of one microsecond have no order of their own.
        lastStamp = Math.max(lastStamp + 0.001, emulator.now() + site().clockShift);
        return { ...selectRow(count), EVENT_TIMESTAMP_UTC: timestampText(lastStamp), DB_UNIQUE_NAME: name };
      });
      appendRows(appended);
    },
    rows,
    expectedMarkers: () => [...markersOf(rows())],
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}

/** Cuts off whoever reads, and is the first one there afterwards. */
async function takeLock(
  emulator: OracleEmulator,
  connection: ConnectionOptions,
  branch: Branch,
): Promise<AsyncDisposable> {
  const { signal } = new AbortController();
  const options = { connection, resourceId: RESOURCE, serverHost: undefined, nativeAuditFields: false } as const;
  for (;;) {
    emulator.killConnections();
    const server = await ConnectedServer.open({ ...options, clock: systemClock, logger: silentLogger }, signal);
    const { dbid, containerGuid } = server.instance;
    const table = `oracle:${dbid}:${containerGuid}`;
    if (await server.takeLock(branch === "table" ? table : `${table}#${connection.instanceId}`, signal)) return server;
    await server[Symbol.asyncDispose]();
  }
}

/** To the container that people work in, as the reader's user. */
export function connectionTo(emulator: OracleEmulator): ConnectionOptions {
  const { host, port, serviceName, user, password, ca } = emulator;
  return {
    instanceId: "a",
    host,
    port,
    service: serviceName,
    user,
    password,
    ...(ca === undefined ? { tls: "off" } : { certificateAuthority: ca }),
  };
}

/** A made-up row of an audited SELECT, in one of a few sessions. */
export function selectRow(number: number): NewAuditRow {
  return {
    ACTION_NAME: "SELECT",
    SESSIONID: String(1_000_000 + (number % 7)),
    DBUSERNAME: "APP_LOGIN",
    OS_PROCESS: String(20_000 + (number % 7)),
    OBJECT_SCHEMA: "SALES",
    OBJECT_NAME: "ORDERS",
    CLIENT_PROGRAM_NAME: "JDBC Thin Client",
    AUTHENTICATION_TYPE: "(TYPE=(DATABASE));(CLIENT ADDRESS=((ADDRESS=(PROTOCOL=tcp)(HOST=10.0.5.17)(PORT=51522))));",
    SQL_TEXT: `SELECT * FROM orders WHERE order_id = ${number}`,
    SQL_BINDS: ` #1(1):${number % 10}`,
    TRANSACTION_ID: "0000000000000000",
    SCN: "3725618",
  };
}

/** By time, session, entry, statement (Oracle notes §2.4). */
export function inTrailOrder(rows: Iterable<AuditRow>): readonly AuditRow[] {
  const numbers = (row: AuditRow) =>
    [row.SESSIONID, row.ENTRY_ID, row.STATEMENT_ID].map((digits) => BigInt(digits ?? -1));
  return [...rows].sort((a, b) => {
    const [first, second] = [a.EVENT_TIMESTAMP_UTC, b.EVENT_TIMESTAMP_UTC];
    if (first !== second) return first < second ? -1 : 1;
    const ofB = numbers(b);
    for (const [index, number] of numbers(a).entries()) {
      const other = ofB[index] ?? 0n;
      if (number !== other) return number < other ? -1 : 1;
    }
    return 0;
  });
}

const DIRECT_READS = ["AUDSYS.AUD$UNIFIED", "SYS.GV_$UNIFIED_AUDIT_TRAIL"];

function revokeDirectReads({ shared, user: reader }: OracleEmulator): void {
  shared.changeDatabase({
    users: shared.database.users.map((user) =>
      user.name === reader
        ? { ...user, objectGrants: user.objectGrants.filter(({ object }) => !DIRECT_READS.includes(object)) }
        : user,
    ),
  });
}
