/** What goes wrong with audit files: each is a transition, so that a test can play it at any moment. */
import { type AuditFile, pathOf } from "./audit-file.ts";
import { type AuditTrail, auditNamed, findFile, type OtherEntry, withAudit, withFile } from "./audit-trail.ts";

/** Somebody deletes a file by hand; of the current one the audit then writes into nothing, as if it were deleted open. */
export function deleteFile(trail: AuditTrail, path: string): AuditTrail {
  const file = existing(trail, path);
  return { ...trail, files: trail.files.filter((candidate) => candidate !== file) };
}

/** A file appears: restored, copied, or written by another replica into the same directory. Replaces its namesake. */
export function placeFile(trail: AuditTrail, file: AuditFile): AuditTrail {
  const others = trail.files.filter((candidate) => pathOf(candidate) !== pathOf(file));
  return { ...trail, files: [...others, file] };
}

/** The block is damaged or half written: reading skips its rows and says so (message 33226). */
export function damageBlock(trail: AuditTrail, path: string, offset: number): AuditTrail {
  const file = existing(trail, path);
  const blocks = file.blocks.map((block) =>
    block.offset === offset ? { ...block, unreadable: true as const } : block,
  );
  return withFile(trail, { ...file, blocks });
}

/** The half written block is complete now. */
export function repairBlock(trail: AuditTrail, path: string, offset: number): AuditTrail {
  const file = existing(trail, path);
  const blocks = file.blocks.map(({ unreadable, ...block }) =>
    block.offset === offset || !unreadable ? block : { ...block, unreadable },
  );
  return withFile(trail, { ...file, blocks });
}

/** Buffers are lost while the status stays STARTED; only the event session's counters tell (SQL Server notes §4.5). */
export function failWrites(trail: AuditTrail, auditName: string, writesFail: boolean): AuditTrail {
  return withAudit(trail, { ...auditNamed(trail, auditName), writesFail });
}

/** No new file can be created any more: the next rollover or STATE = ON takes the audit offline (SQL Server notes §3). */
export function failCreation(trail: AuditTrail, auditName: string, creationFails: boolean): AuditTrail {
  return withAudit(trail, { ...auditNamed(trail, auditName), creationFails });
}

/** Something that is no audit file lies in a directory: a folder, or what somebody left there. */
export function placeOtherEntry(trail: AuditTrail, entry: OtherEntry): AuditTrail {
  return { ...trail, otherEntries: [...trail.otherEntries, entry] };
}

/** User sessions waited for the audit's disk. */
export function blockSessions(trail: AuditTrail, auditName: string, milliseconds: number): AuditTrail {
  const audit = auditNamed(trail, auditName);
  const session = audit.session && { ...audit.session, blockedTime: audit.session.blockedTime + milliseconds };
  return withAudit(trail, { ...audit, session });
}

function existing(trail: AuditTrail, path: string): AuditFile {
  const file = findFile(trail, path);
  if (!file) throw new Error(`sqlserver-emulator: there is no file ${path}`);
  return file;
}
