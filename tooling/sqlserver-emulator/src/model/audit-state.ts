/** What changes an audit as a whole: created, switched on and off, moved, dropped, made anew; the instance restarted. */
import { type AuditRow, eventTime } from "./audit-row.ts";
import {
  type AuditSpecification,
  type AuditStatus,
  type AuditTrail,
  auditNamed,
  type ServerAudit,
  withAudit,
} from "./audit-trail.ts";
import { logAuditDisabled, logChangedToContinue } from "./error-log.ts";
import { appendRows, flushAudit, openNewFile, rollOver } from "./write-rows.ts";

export interface ServerAuditOptions {
  readonly name: string;
  readonly guid: string;
  readonly directory: string;
  readonly target?: ServerAudit["target"];
  readonly maxFileSize?: number | null;
  readonly maxRolloverFiles?: number;
  readonly maxFiles?: number;
  readonly reserveDiskSpace?: boolean;
  readonly queueDelay?: number;
  readonly onFailure?: ServerAudit["onFailure"];
  readonly predicate?: string | null;
}

/** Who did it; the columns of the rows that tell it. */
export interface Actor {
  readonly sessionId: number;
  readonly principalId: number;
  readonly principalName: string;
  readonly sid: string | null;
  readonly clientAddress: string;
}

export const SERVICE_ACCOUNT: Actor = {
  sessionId: 1,
  principalId: 1,
  principalName: "sa",
  sid: "0x01",
  clientAddress: "local machine",
};

const UNLIMITED_ROLLOVER_FILES = 2_147_483_647;

/** CREATE SERVER AUDIT: it is off. */
export function createAudit(trail: AuditTrail, options: ServerAuditOptions, now: number): AuditTrail {
  const audit: ServerAudit = {
    id: trail.lastId + 1,
    name: options.name,
    guid: options.guid.toUpperCase(),
    target: options.target ?? "FILE",
    directory: options.directory,
    maxFileSize: options.maxFileSize ?? null,
    maxRolloverFiles: options.maxRolloverFiles ?? UNLIMITED_ROLLOVER_FILES,
    maxFiles: options.maxFiles ?? 0,
    reserveDiskSpace: options.reserveDiskSpace ?? false,
    queueDelay: options.queueDelay ?? 1000,
    onFailure: options.onFailure ?? "CONTINUE",
    predicate: options.predicate ?? null,
    createdAt: now,
    modifiedAt: now,
    enabled: false,
    status: "NOT_STARTED",
    statusSince: now,
    currentFile: null,
    newestFileTime: "0",
    pending: [],
    pendingSince: now,
    pendingSize: 0,
    audited: 0,
    lost: 0,
    writesFail: false,
    creationFails: false,
    session: null,
  };
  return { ...trail, lastId: audit.id, audits: [...trail.audits, audit] };
}

/** STATE = ON: a new file, whose first row says so. Without it, when it cannot be created, the audit is on but offline. */
export function startAudit(
  trail: AuditTrail,
  auditName: string,
  now: number,
  actor: Actor = SERVICE_ACCOUNT,
  startupType: "manual" | "automatic" = "manual",
): AuditTrail {
  const audit = auditNamed(trail, auditName);
  const session = { createdAt: now, droppedEvents: 0, droppedBuffers: 0, blockedTime: 0 };
  const started = withAudit(trail, { ...audit, enabled: true, status: "STARTED", statusSince: now, session });
  const row = sessionChangedRow(trail, audit, { action: "event enabled", startupType }, actor, now);
  const ready = audit.target === "FILE" ? rollOver(started, auditName, now) : started;
  return appendRows(ready, auditName, [row], now);
}

/** STATE = OFF: the last rows say so, the buffer is written, no file is current. */
export function stopAudit(
  trail: AuditTrail,
  auditName: string,
  now: number,
  actor: Actor = SERVICE_ACCOUNT,
): AuditTrail {
  const audit = auditNamed(trail, auditName);
  const rows = [
    sessionChangedRow(trail, audit, { action: "destroyed" }, actor, now),
    sessionChangedRow(trail, audit, { action: "event disabled" }, actor, now),
  ];
  return halt(appendRows(trail, auditName, rows, now), auditName, now, "NOT_STARTED", false);
}

function halt(trail: AuditTrail, auditName: string, now: number, status: AuditStatus, enabled: boolean): AuditTrail {
  const written = flushAudit(trail, auditName, now);
  const audit = auditNamed(written, auditName);
  return withAudit(written, { ...audit, enabled, status, statusSince: now, currentFile: null, session: null });
}

/** The audit stops by itself, as when a new file cannot be created: what is in the buffer is lost. */
export function failAudit(
  trail: AuditTrail,
  auditName: string,
  status: "RUNTIME_FAIL" | "TARGET_CREATION_FAILED",
  now: number,
): AuditTrail {
  return halt(withoutBuffer(trail, auditName), auditName, now, status, true);
}

/** DROP SERVER AUDIT: its files stay. */
export function dropAudit(trail: AuditTrail, auditName: string): AuditTrail {
  const dropped = auditNamed(trail, auditName);
  return { ...trail, audits: trail.audits.filter((audit) => audit !== dropped) };
}

/** Another GUID, so another set of files; the name and everything else stay. */
export function recreateAudit(trail: AuditTrail, auditName: string, guid: string, now: number): AuditTrail {
  const old = auditNamed(trail, auditName);
  const stopped = old.status === "STARTED" ? stopAudit(trail, auditName, now) : trail;
  return startAudit(createAudit(dropAudit(stopped, auditName), { ...old, guid }, now), auditName, now);
}

/** FILEPATH: later files lie elsewhere, the earlier ones stay where they are. */
export function moveAudit(trail: AuditTrail, auditName: string, directory: string, now: number): AuditTrail {
  const stopped = stopAudit(trail, auditName, now);
  const moved = withAudit(stopped, { ...auditNamed(stopped, auditName), directory, modifiedAt: now });
  return startAudit(moved, auditName, now);
}

/** The instance goes down. A clean stop is audited and loses nothing; with a crash the buffers are gone. */
export function stopInstance(trail: AuditTrail, kind: "clean" | "crash", now: number): AuditTrail {
  return trail.audits.reduce((changed, { name, enabled }) => {
    if (!enabled) return changed;
    const ready =
      kind === "clean" ? appendRows(changed, name, [serverRow(trail, "SVSD", now)], now) : withoutBuffer(changed, name);
    return halt(ready, name, now, "NOT_STARTED", true);
  }, trail);
}

function withoutBuffer(trail: AuditTrail, auditName: string): AuditTrail {
  const audit = auditNamed(trail, auditName);
  const lost = audit.lost + audit.pending.length;
  return withAudit(trail, { ...audit, pending: [], pendingSize: 0, lost });
}

/**
 * The instance comes up, and the audits that were on with it, but for a start with `-f`, which audits nothing; one with
 * `-m` lets no audit shut the server down (SQL Server notes §7.4).
 */
export function startInstance(stopped: AuditTrail, now: number, flag?: "-f" | "-m"): AuditTrail {
  if (flag === "-f") return logAuditDisabled(stopped, now);
  let trail = stopped;
  if (flag === "-m") {
    for (const audit of trail.audits.filter(({ onFailure }) => onFailure === "SHUTDOWN")) {
      trail = withAudit(logChangedToContinue(trail, audit, now), { ...audit, onFailure: "CONTINUE" });
    }
  }
  return trail.audits.reduce((changed, { name, enabled }) => {
    if (!enabled) return changed;
    const up = startAudit(changed, name, now, SERVICE_ACCOUNT, "automatic");
    return appendRows(up, name, [serverRow(trail, "SVSR", now)], now);
  }, trail);
}

/** Down and up at once. */
export function restartInstance(
  trail: AuditTrail,
  kind: "clean" | "crash",
  now: number,
  flag?: "-f" | "-m",
): AuditTrail {
  return startInstance(stopInstance(trail, kind, now), now, flag);
}

/** A file that no row was written to yet. */
export function openEmptyFile(trail: AuditTrail, auditName: string, now: number): AuditTrail {
  return openNewFile(flushAudit(trail, auditName, now), auditName, now);
}

export function addSpecification(
  trail: AuditTrail,
  specification: Omit<AuditSpecification, "id" | "createdAt" | "modifiedAt">,
  now: number,
): AuditTrail {
  const added = { ...specification, id: trail.lastId + 1, createdAt: now, modifiedAt: now };
  return { ...trail, lastId: added.id, specifications: [...trail.specifications, added] };
}

interface SessionChange {
  readonly action: "event enabled" | "event disabled" | "destroyed";
  readonly startupType?: "manual" | "automatic";
}

/** Action AUSC: outside of any sequence group, hence without a group id (SQL Server notes §§2.1, 2.3). */
function sessionChangedRow(
  trail: AuditTrail,
  audit: ServerAudit,
  change: SessionChange,
  actor: Actor,
  now: number,
): AuditRow {
  const information = [
    `<action_info xmlns="http://schemas.microsoft.com/sqlserver/2008/sqlaudit_data">`,
    `<session><![CDATA[${audit.name}$A]]></session><action>${change.action}</action>`,
    change.startupType ? `<startup_type>${change.startupType}</startup_type>` : "",
    change.action === "destroyed" ? "" : "<object><![CDATA[audit_event]]></object>",
    "</action_info>",
  ];
  return {
    event_time: eventTime(now),
    action_id: "AUSC",
    class_type: "A ",
    ...actorColumns(trail, actor),
    additional_information: information.join(""),
  };
}

function serverRow(trail: AuditTrail, actionId: "SVSD" | "SVSR", now: number): AuditRow {
  return {
    event_time: eventTime(now),
    action_id: actionId,
    class_type: "SR",
    ...actorColumns(trail, SERVICE_ACCOUNT),
  };
}

function actorColumns(trail: AuditTrail, actor: Actor) {
  return {
    succeeded: true,
    session_id: actor.sessionId,
    server_principal_id: actor.principalId,
    session_server_principal_name: actor.principalName,
    server_principal_name: actor.principalName,
    server_principal_sid: actor.sid,
    server_instance_name: trail.serverInstanceName,
    client_ip: actor.clientAddress,
  };
}
