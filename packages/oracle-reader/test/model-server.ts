import { UnavailableError, type UtcTime } from "@das/core";
import {
  clockText,
  containerMode,
  historyText,
  keyValuesOf,
  lastArchiveTimestampOf,
  rowsOf,
  type Site,
  siteNamed,
  summarizeRows,
  timeOfScn,
  valuesOf,
  type World,
} from "@das/oracle-emulator";
import {
  type AuditServer,
  type Branch,
  type ConnectedInstance,
  KEY_COLUMNS,
  type TimeSlice,
} from "../src/audit-server.ts";
import type { TrailColumn } from "../src/row.ts";

const NUMBERS = new Set(["DBID", "INSTANCE_ID", "SESSIONID", "ENTRY_ID", "STATEMENT_ID", "RETURN_CODE"]);
const NAMES = [...KEY_COLUMNS, "SQL_TEXT", "DBUSERNAME"];
const COLUMNS: readonly TrailColumn[] = NAMES.map((name) => {
  if (name === "EVENT_TIMESTAMP_UTC") return { name, kind: "time" };
  return { name, kind: NUMBERS.has(name) ? "number" : "text" };
});

export interface ModelServerOptions {
  readonly world: () => World;
  readonly now: () => number;
  readonly site: string;
  readonly container: string;
  /** Called before each question; throws what a broken connection would. */
  readonly interrupt: () => void;
  /** Default: it is always free. */
  readonly takeLock?: (sourceId: string) => boolean;
  readonly fireCanary?: () => void;
  readonly advanceArchiveTime?: (time: UtcTime) => void;
}

/** UNIFIED_AUDIT_SESSIONID of every session of the reader. */
export const READER_SESSION = "4242";

/** The model of a database behind the questions of a reader, without a wire. */
export function modelServer(options: ModelServerOptions): AuditServer {
  const { world, now, site: name, container, interrupt } = options;
  const { takeLock = () => true, fireCanary = () => undefined, advanceArchiveTime = () => undefined } = options;
  const site = (): Site => {
    interrupt();
    const found = siteNamed(world(), name);
    if (containerMode(found, container) === "MOUNTED") throw unavailable(name);
    return found;
  };
  const rowsIn = (branch: Branch, { from, to }: TimeSlice) =>
    rowsOf(site(), container, branch, { from: from.slice(0, -3), to: to.slice(0, -3) });
  const instance: ConnectedInstance = {
    description: { serverHost: "10.0.1.20", serverVersion: "19", serviceName: "oracle-ee", databaseName: "ORCL" },
    dbid: world().dbid,
    containerGuid: container,
    containerName: "ORCL",
    release: 19,
    trail: { columns: COLUMNS },
    branches: ["table", "files"],
    auditSessionId: READER_SESSION,
  };
  return {
    instance,
    observe: async () => {
      const found = site();
      return {
        now: `${clockText(found, now())}+00`,
        role: found.role,
        openMode: found.openMode,
        history: historyText(found),
      };
    },
    becamePrimaryAt: async () => {
      const found = site();
      return found.becamePrimaryScn === "0"
        ? undefined
        : `${clockText(found, timeOfScn(BigInt(found.becamePrimaryScn)))}+00`;
    },
    takeLock: async (sourceId) => {
      interrupt();
      return takeLock(sourceId);
    },
    readRows: async (branch, slice, batch) => {
      const rows = [...rowsIn(branch, slice)].map((row) => valuesOf(row, NAMES));
      for (let begin = 0; begin < rows.length; begin += 50) await batch(rows.slice(begin, begin + 50));
      return true;
    },
    readKeys: async (branch, slice, batch) => {
      await batch([...rowsIn(branch, slice)].map(keyValuesOf));
      return true;
    },
    summarize: async (branch, slice, unit) => summarizeRows(rowsIn(branch, slice), unit),
    lastArchiveTime: async () => withZone(lastArchiveTimestampOf(site(), container)),
    oldestTime: async (branch) => {
      const times = [...rowsOf(site(), container, branch)].map((row) => row.EVENT_TIMESTAMP_UTC);
      return withZone(times.toSorted()[0]);
    },
    observePolicy: async () => undefined,
    heal: async () => undefined,
    fireCanary: async () => fireCanary(),
    advanceArchiveTime: async (time) => advanceArchiveTime(time),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function withZone(time: string | undefined): UtcTime | undefined {
  return time === undefined ? undefined : `${time}+00`;
}

export function unavailable(site: string): UnavailableError {
  return new UnavailableError({ who: "model", what: `${site} is away`, remedy: "wait", code: "database-unavailable" });
}
