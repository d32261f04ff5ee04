import { type Clock, UnavailableError, type UtcTime, utcTime } from "@das/core";
import {
  type AuditFile,
  type AuditRow,
  type AuditTrail,
  appendRows,
  createAudit,
  driverRows,
  emptyTrail,
  eventTime,
  findAudit,
  flushAudit,
  pathOf,
  readAuditFiles,
  startAudit,
  type TrailBehaviour,
  VERSION_PROFILES,
} from "@das/sqlserver-emulator";
import { directoryKey } from "../src/audit-file-name.ts";
import type { AuditServer, AuditState, Flow, QueryHandlers } from "../src/audit-server.ts";
import { ServerError } from "../src/classify-error.ts";
import type { ConnectedInstance } from "../src/instance.ts";
import { AUDIT_NAME } from "../src/statements.ts";

export interface WorldOptions {
  readonly behaviour: Partial<TrailBehaviour>;
  readonly queueDelay: number;
  readonly maxRolloverFiles: number;
  /** What reading a file without a block gives. */
  readonly emptyFile: "no rows" | 33224 | 33225;
  /** Where the server tells that it skipped records: among the rows, before all of them, or after. */
  readonly infoPlace: "in place" | "first" | "last";
}

/** Something that somebody did at the server; audited or not. */
export interface Activity {
  readonly statement: string;
  readonly time: UtcTime;
}

const SELECTED = [
  "event_time",
  "sequence_number",
  "action_id",
  "session_id",
  "class_type",
  "session_server_principal_name",
  "server_principal_name",
  "sequence_group_id",
  "statement",
  "additional_information",
  "server_instance_name",
  "audit_file_offset",
];
const ROWS = driverRows(VERSION_PROFILES["2022"], SELECTED);

const INSTANCE: ConnectedInstance = {
  description: { serverHost: "10.0.1.30", serverVersion: "16", serviceName: "sqlserver-ee", databaseName: null },
  serverName: "SQLEMU01",
  oldServerName: "SQLEMU01",
  majorVersion: 16,
  reading: { statement: "", filesStatement: "", kept: undefined, isPowerful: false },
  trail: {
    columns: SELECTED.map((name) => ({ name: name === "event_time" ? "das_event_time" : name, kind: "text" })),
    actionNames: new Map(),
    classNames: new Map(),
  },
};

export const GUID = "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40";
export const DIRECTORY = "D:\\das\\";
const START = Date.UTC(2026, 10, 22, 12);

/** A server with one audit as plain data, under a clock that only moves when somebody sleeps. */
export class AuditWorld {
  readonly options: WorldOptions;
  readonly activities: Activity[] = [];
  trail: AuditTrail;
  /** Milliseconds since 1970, by the server. */
  now = START;
  /** Rows after which the next read breaks off; undefined: it does not. */
  cutAfter: number | undefined;
  /** So many attempts to take the lock find that another has it. */
  othersTurn = 0;
  /** Records were lost since the server was last looked at: only its counters tell, and they begin anew with a session. */
  hasUnseenLoss = false;
  /** A read broke off before it told that it skipped records. */
  hasUntoldDamage = false;
  /** Files that the reader has seen in a listing: that others vanished nobody can know. */
  readonly listed = new Set<string>();
  #elapsed = 0;
  #onSleep: () => void = () => undefined;

  constructor(options: WorldOptions) {
    this.options = options;
    this.trail = emptyTrail("SQLEMU01", options.behaviour);
    this.change((trail, now) => startAudit(createAudit(trail, this.definition(GUID), now), AUDIT_NAME, now));
    this.change((trail, now) => flushAudit(trail, AUDIT_NAME, now));
  }

  /** Each sleep is the occasion for something to happen. */
  set onSleep(callback: () => void) {
    this.#onSleep = callback;
  }

  readonly clock: Clock = {
    now: () => this.now,
    monotonic: () => this.#elapsed,
    sleep: async (milliseconds) => {
      this.#elapsed += milliseconds;
      this.now += milliseconds;
      this.change((trail) => trail);
      this.#onSleep();
    },
  };

  definition(guid: string, directory = DIRECTORY) {
    const { queueDelay, maxRolloverFiles } = this.options;
    return { name: AUDIT_NAME, guid, directory, queueDelay, maxRolloverFiles, maxFileSize: 40_000 };
  }

  change(transition: (trail: AuditTrail, now: number) => AuditTrail): void {
    const before = findAudit(this.trail, AUDIT_NAME)?.session;
    this.trail = appendNothing(transition(this.trail, this.now), this.now);
    const after = findAudit(this.trail, AUDIT_NAME)?.session;
    const known = after?.createdAt === before?.createdAt ? before?.droppedEvents : undefined;
    if (after && after.droppedEvents > (known ?? 0)) this.hasUnseenLoss = true;
  }

  restart(transition: (trail: AuditTrail, now: number) => AuditTrail): void {
    this.change(transition);
    this.cutAfter = 0;
  }

  /** So many statements, each a millisecond after the one before. */
  act(count: number): void {
    for (let n = 0; n < count; n += 1) {
      const statement = `S${this.activities.length} ${"x".repeat((this.activities.length * 37) % 900)}`;
      const time = eventTime(this.now);
      this.activities.push({ statement, time: utcTime(time) });
      if (findAudit(this.trail, AUDIT_NAME)) {
        this.change((trail, now) => appendRows(trail, AUDIT_NAME, [rowOf(statement, time)], now));
      }
      this.now += 1;
    }
  }

  files(): readonly AuditFile[] {
    return this.trail.files;
  }

  async connect(): Promise<AuditServer> {
    if (this.cutAfter === 0) {
      this.cutAfter = undefined;
      throw cut();
    }
    return {
      instance: INSTANCE,
      observe: async () => this.#observe(),
      takeLock: async () => this.#takeLock(),
      listFiles: async (directory) => {
        const key = directoryKey(directory);
        const files = this.trail.files.filter((file) => directoryKey(file.directory) === key);
        for (const file of files) this.listed.add(pathOf(file));
        return files.map(({ name }) => name);
      },
      readRows: (path, offset, handlers, signal) => this.#readRows(path, offset, handlers, signal),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  #takeLock(): boolean {
    if (this.othersTurn === 0) return true;
    this.othersTurn -= 1;
    return false;
  }

  #observe(): AuditState {
    if (this.cutAfter === 0) throw cut();
    this.hasUnseenLoss = false;
    const audit = findAudit(this.trail, AUDIT_NAME);
    return {
      observedAt: utcTime(eventTime(this.now, 9_999)),
      audit: audit && {
        name: audit.name,
        auditGuid: audit.guid,
        directory: audit.directory,
        status: audit.status,
        currentFile: audit.currentFile?.slice(audit.directory.length),
        dropped: audit.session
          ? { session: String(audit.session.createdAt), count: BigInt(audit.session.droppedEvents) }
          : undefined,
      },
    };
  }

  async #readRows(path: string, offset: bigint | null, handlers: QueryHandlers, signal: AbortSignal): Promise<boolean> {
    const file = this.trail.files.find((candidate) => pathOf(candidate).toLowerCase() === path.toLowerCase());
    const { emptyFile, infoPlace } = this.options;
    if (file?.blocks.length === 0 && emptyFile !== "no rows") throw new ServerError(emptyFile, undefined);
    const read = readAuditFiles(this.trail, { pattern: path, initialFile: offset === null ? null : path, offset });
    if (read.error !== undefined) throw new ServerError(read.error, undefined);
    const parts = [...read.parts];
    const inform = (offsets: readonly number[]) => {
      for (const at of offsets)
        handlers.onInfo?.({ number: 33226, message: `skipping records from '${path}' at offset ${at}.` });
    };
    const unreadable = parts.filter(({ block }) => block.unreadable).map(({ block }) => block.offset);
    if (infoPlace === "first") inform(unreadable);
    for (const part of parts) {
      if (part.block.unreadable && infoPlace === "in place") inform([part.block.offset]);
      for (const values of ROWS.of(part)) {
        if (signal.aborted) return false;
        if (this.cutAfter !== undefined) {
          if (this.cutAfter === 0) {
            this.hasUntoldDamage ||= unreadable.length > 0;
            throw cut();
          }
          this.cutAfter -= 1;
        }
        handlers.onRow(values, NO_FLOW);
      }
      // Rows arrive in packets: between them others may work.
      await Promise.resolve();
    }
    if (infoPlace === "last") inform(unreadable);
    if (unreadable.length > 0) this.hasUntoldDamage = false;
    return !signal.aborted;
  }
}

const NO_FLOW: Flow = { pause: () => undefined, resume: () => undefined };

/** What QUEUE_DELAY made due is written. */
function appendNothing(trail: AuditTrail, now: number): AuditTrail {
  return findAudit(trail, AUDIT_NAME) ? appendRows(trail, AUDIT_NAME, [], now) : trail;
}

function cut(): UnavailableError {
  return new UnavailableError({ who: "world", what: "cut", remedy: "wait", code: "database-unavailable" });
}

function rowOf(statement: string, time: string): AuditRow {
  return {
    event_time: time,
    action_id: "SL  ",
    succeeded: true,
    class_type: "U ",
    session_id: 51,
    session_server_principal_name: "app",
    server_principal_name: "app",
    sequence_group_id: `0x${statement.slice(1, 9).trim().split(" ")[0]?.padStart(32, "0")}`,
    statement,
  };
}
