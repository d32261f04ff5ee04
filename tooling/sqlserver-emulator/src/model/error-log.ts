/** The SQL Server error log, as far as audits write to it (SQL Server notes §3): the texts of sys.messages. */
import type { AuditTrail, ServerAudit } from "./audit-trail.ts";

/** Older entries are forgotten, as when the log is cycled. */
const MOST_ENTRIES = 500;

export function logError(trail: AuditTrail, text: string, now: number): AuditTrail {
  return { ...trail, errorLog: [...trail.errorLog.slice(1 - MOST_ENTRIES), { at: now, text }] };
}

const DISK =
  "Make sure that the disk is not full and that the SQL Server service account has the required permissions to create and write to the file.";

/** A buffer could not be written (33202 of all versions, 33245 that names the audit). */
export function logFailedWrite(trail: AuditTrail, audit: ServerAudit, now: number): AuditTrail {
  const file = audit.currentFile ?? audit.directory;
  return logNumbered(
    logNumbered(trail, 33202, 17, `SQL Server Audit could not write to file '${file}'.`, now),
    33245,
    17,
    `SQL Server Audit failed to write to an audit file related to the audit '${audit.name}' in the directory '${audit.directory}'. ${DISK}`,
    now,
  );
}

/** A file could not be created (33206 of all versions, 33244 that names the audit). */
export function logFailedCreation(trail: AuditTrail, audit: ServerAudit, path: string, now: number): AuditTrail {
  return logNumbered(
    logNumbered(trail, 33206, 17, `SQL Server Audit failed to create the audit file '${path}'. ${DISK}`, now),
    33244,
    17,
    `SQL Server Audit failed to create an audit file related to the audit '${audit.name}' in the directory '${audit.directory}'. ${DISK}`,
    now,
  );
}

export function logAuditDisabled(trail: AuditTrail, now: number): AuditTrail {
  const text =
    "SQL Server was started using the -f flag. SQL Server Audit is disabled. This is an informational message. No user action is required.";
  return logError(trail, text, now);
}

/** The doubled end is the message's own. */
export function logChangedToContinue(trail: AuditTrail, audit: ServerAudit, now: number): AuditTrail {
  const text = `Audit '${audit.name}' has been changed to ON_FAILURE=CONTINUE because the server was started by using the -m flag. because the server was started with the -m flag.`;
  return logError(trail, text, now);
}

/** The log gives an error's number and severity a line of their own. */
function logNumbered(trail: AuditTrail, number: number, severity: number, text: string, now: number): AuditTrail {
  return logError(logError(trail, `Error: ${number}, Severity: ${severity}, State: 1.`, now), text, now);
}
