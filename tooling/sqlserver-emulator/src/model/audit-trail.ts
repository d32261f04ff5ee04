/**
 * The audits of one instance, their files and what is in them: plain data, so that the wire server, the property tests
 * and a simulation share it. The transitions beside this file are pure: (trail, …, now) → trail. They do no I/O; `now`
 * is the server's clock in milliseconds since 1970 and may go back.
 */
import { type AuditFile, comparablePath, pathOf } from "./audit-file.ts";
import type { AuditRow } from "./audit-row.ts";

/** How an engine may behave where nobody has looked yet (SQL Server notes §10); tests run with all of them. */
export interface TrailBehaviour {
  /** Does reading from an offset begin after the block at that offset, as documented, or with it? */
  readonly offset: "exclusive" | "inclusive";
  /** May the last block still take rows after it was read? */
  readonly lastBlock: "growing" | "sealed";
  /** What reading from a file that is gone raises. */
  readonly missingFile: 33224 | 33225 | 25718 | 25722;
  /** What an offset at which no block begins raises. */
  readonly invalidOffset: 33225 | 25722;
  /** What reading exactly one file gives in which no block was written yet. */
  readonly emptyFile: "no rows" | 33224 | 33225;
  /** A file name with a NULL offset: the whole file and those after it, or message 25719. */
  readonly fileWithoutOffset: "accepted" | "refused";
  /** A reader's open handle makes the rollover's delete fail (Windows; SQL Server notes §3). */
  readonly openHandleBlocksDelete: boolean;
  /** Does STATE = ON of an audit that is on already begin a new file? */
  readonly repeatedStart: "ignored" | "new file";
  /** Bytes after which the audit's buffer is written without waiting for QUEUE_DELAY. */
  readonly bufferSize: number;
}

export const DEFAULT_BEHAVIOUR: TrailBehaviour = {
  offset: "exclusive",
  lastBlock: "growing",
  missingFile: 33225,
  invalidOffset: 33225,
  emptyFile: "no rows",
  fileWithoutOffset: "accepted",
  openHandleBlocksDelete: true,
  repeatedStart: "ignored",
  bufferSize: 64 * 1024,
};

/** The words of sys.dm_server_audit_status; their numbers differ between versions of the documentation. */
export type AuditStatus = "NOT_STARTED" | "STARTED" | "RUNTIME_FAIL" | "TARGET_CREATION_FAILED" | "SHUTTING_DOWN";

/** Counters of the audit's event session `<audit>$A`; they begin anew with it. */
export interface EventSession {
  readonly createdAt: number;
  readonly droppedEvents: number;
  readonly droppedBuffers: number;
  /** Milliseconds that user sessions waited for a free buffer. */
  readonly blockedTime: number;
}

export interface ServerAudit {
  readonly id: number;
  readonly name: string;
  readonly guid: string;
  /** Only FILE leaves files that can be read here; of the Windows logs nothing but the definition is played. */
  readonly target: "FILE" | "APPLICATION LOG" | "SECURITY LOG";
  /** FILEPATH, with the separator at its end. */
  readonly directory: string;
  /** MAXSIZE in bytes; null is UNLIMITED. */
  readonly maxFileSize: number | null;
  /** Files besides the current one. */
  readonly maxRolloverFiles: number;
  /** MAX_FILES; 0 where MAX_ROLLOVER_FILES counts. When so many files are full, nothing more is audited. */
  readonly maxFiles: number;
  readonly reserveDiskSpace: boolean;
  /** Milliseconds; 0 writes at once. */
  readonly queueDelay: number;
  readonly onFailure: "CONTINUE" | "FAIL_OPERATION" | "SHUTDOWN";
  readonly predicate: string | null;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly enabled: boolean;
  readonly status: AuditStatus;
  readonly statusSince: number;
  /** Path of the file that is written to; null while the audit does not run. */
  readonly currentFile: string | null;
  /** Of the file that was created last, decimal. */
  readonly newestFileTime: string;
  /** Rows that wait for QUEUE_DELAY, the time since when they wait, and about what they take on disk. */
  readonly pending: readonly AuditRow[];
  readonly pendingSince: number;
  readonly pendingSize: number;
  /** Rows that the audit ever took, and those of them that a failed write lost. */
  readonly audited: number;
  readonly lost: number;
  /** Writes fail while the status stays STARTED: ON_FAILURE=CONTINUE with a full disk (messages 33202, 33245). */
  readonly writesFail: boolean;
  /** No file can be created: the next one that is needed takes the audit offline (messages 33206, 33244). */
  readonly creationFails: boolean;
  readonly session: EventSession | null;
}

/** One audited action of a specification: a group, or an action on an object by a principal. */
export interface SpecificationDetail {
  /** `FAILED_LOGIN_GROUP`, `SELECT`. */
  readonly action: string;
  readonly isGroup: boolean;
  /** DATABASE, SCHEMA or OBJECT_OR_COLUMN; absent for a group of a server specification. */
  readonly classDescription?: string;
  readonly majorId?: number;
  readonly principalId?: number;
}

export interface AuditSpecification {
  readonly id: number;
  readonly name: string;
  readonly auditGuid: string;
  /** The database of a database audit specification; null for a server audit specification. */
  readonly database: string | null;
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly details: readonly SpecificationDetail[];
}

/** A line of the SQL Server error log. */
export interface ErrorLogEntry {
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  readonly text: string;
}

/** Something beside the audits' files in a directory that a client may list. */
export interface OtherEntry {
  /** With the separator at its end. */
  readonly directory: string;
  readonly name: string;
  readonly isDirectory: boolean;
}

export interface AuditTrail {
  /** As new rows show it: `server\instance`. */
  readonly serverInstanceName: string;
  readonly behaviour: TrailBehaviour;
  readonly audits: readonly ServerAudit[];
  readonly specifications: readonly AuditSpecification[];
  /** Everything that lies in the audits' directories, in the order of creation. */
  readonly files: readonly AuditFile[];
  /** The id that an audit or a specification was given last; none is given twice. */
  readonly lastId: number;
  /** What else lies there. */
  readonly otherEntries: readonly OtherEntry[];
  /** What audits and mishaps left in the error log, oldest first. */
  readonly errorLog: readonly ErrorLogEntry[];
  /** How many readers have a file open, by path. */
  readonly openHandles: Readonly<Record<string, number>>;
}

export function emptyTrail(serverInstanceName: string, behaviour: Partial<TrailBehaviour> = {}): AuditTrail {
  return {
    serverInstanceName,
    behaviour: { ...DEFAULT_BEHAVIOUR, ...behaviour },
    audits: [],
    specifications: [],
    files: [],
    lastId: 65_535,
    otherEntries: [],
    errorLog: [],
    openHandles: {},
  };
}

/** Names of audits are compared as the catalog does it: without regard to case. @throws when there is none. */
export function auditNamed(trail: AuditTrail, name: string): ServerAudit {
  const found = findAudit(trail, name);
  if (!found) throw new Error(`sqlserver-emulator: there is no server audit ${name}`);
  return found;
}

export function findAudit(trail: AuditTrail, name: string): ServerAudit | undefined {
  return trail.audits.find((audit) => audit.name.toLowerCase() === name.toLowerCase());
}

export function findFile(trail: AuditTrail, path: string): AuditFile | undefined {
  const wanted = comparablePath(path);
  return trail.files.find((file) => comparablePath(pathOf(file)) === wanted);
}

/** The files of one audit's set, wherever its FILEPATH pointed, in the order of creation. */
export function filesOfAudit(trail: AuditTrail, audit: Pick<ServerAudit, "guid" | "name">): readonly AuditFile[] {
  return trail.files.filter((file) => file.auditGuid === audit.guid && file.name.startsWith(`${audit.name}_`));
}

export function withAudit(trail: AuditTrail, changed: ServerAudit): AuditTrail {
  return { ...trail, audits: trail.audits.map((audit) => (audit.id === changed.id ? changed : audit)) };
}

/** Replaces the file of the same directory and name. */
export function withFile(trail: AuditTrail, changed: AuditFile): AuditTrail {
  const same = (file: AuditFile) => file.name === changed.name && file.directory === changed.directory;
  return { ...trail, files: trail.files.map((file) => (same(file) ? changed : file)) };
}
