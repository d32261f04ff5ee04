/** Rows → buffer → blocks of the current file → rollover and eviction. */
import {
  type AuditBlock,
  type AuditFile,
  auditFileName,
  blockSize,
  byFileTime,
  comparablePath,
  FIRST_BLOCK_OFFSET,
  fileTimeOf,
  pathOf,
} from "./audit-file.ts";
import { type AuditRow, storedSize } from "./audit-row.ts";
import {
  type AuditTrail,
  auditNamed,
  filesOfAudit,
  findFile,
  type ServerAudit,
  withAudit,
  withFile,
} from "./audit-trail.ts";
import { logFailedCreation, logFailedWrite } from "./error-log.ts";
import { passesPredicate } from "./predicate.ts";

/** The rows enter the audit's buffer; whatever is due is written. An audit that does not run takes nothing. */
export function appendRows(trail: AuditTrail, auditName: string, rows: readonly AuditRow[], now: number): AuditTrail {
  const audit = auditNamed(trail, auditName);
  if (audit.status !== "STARTED") return advance(trail, now);
  const { predicate } = audit;
  const taken = predicate === null ? rows : rows.filter((row) => passesPredicate(predicate, row));
  if (taken.length === 0) return advance(trail, now);
  const buffered: ServerAudit = {
    ...audit,
    pending: audit.pending.length === 0 ? taken : [...audit.pending, ...taken],
    pendingSince: audit.pending.length === 0 ? now : audit.pendingSince,
    pendingSize: taken.reduce((size, row) => size + storedSize(row), audit.pendingSize),
    audited: audit.audited + taken.length,
  };
  return advance(writeFullBuffers(withAudit(trail, buffered), buffered, now), now);
}

/** Writes what has waited for QUEUE_DELAY. A clock that was set back does not make it wait longer. */
export function advance(trail: AuditTrail, now: number): AuditTrail {
  return trail.audits.reduce((changed, audit) => {
    const waited = now - audit.pendingSince;
    const due = audit.pending.length > 0 && (waited >= audit.queueDelay || waited < 0);
    return due ? flushAudit(changed, audit.name, now) : changed;
  }, trail);
}

/** Writes the buffer without waiting for QUEUE_DELAY. */
export function flushAudit(trail: AuditTrail, auditName: string, now: number): AuditTrail {
  const audit = auditNamed(trail, auditName);
  const emptied = withAudit(trail, { ...audit, pending: [], pendingSize: 0 });
  return cut(audit.pending, trail.behaviour.bufferSize).reduce(
    (changed, part) => writePart(changed, auditName, part, now),
    emptied,
  );
}

function writeFullBuffers(trail: AuditTrail, audit: ServerAudit, now: number): AuditTrail {
  if (audit.pendingSize < trail.behaviour.bufferSize) return trail;
  const parts = cut(audit.pending, trail.behaviour.bufferSize);
  const rest = parts.pop() ?? { rows: [], bytes: 0 };
  const shortened = { ...audit, pending: rest.rows, pendingSize: rest.bytes, pendingSince: now };
  return parts.reduce((changed, part) => writePart(changed, audit.name, part, now), withAudit(trail, shortened));
}

interface Part {
  readonly rows: readonly AuditRow[];
  readonly bytes: number;
}

/** Consecutive parts, none larger than the buffer unless a single row is. */
function cut(rows: readonly AuditRow[], bufferSize: number): Part[] {
  const parts: Part[] = [];
  let begin = 0;
  let bytes = 0;
  rows.forEach((row, index) => {
    const size = storedSize(row);
    if (index > begin && bytes + size > bufferSize) {
      parts.push({ rows: rows.slice(begin, index), bytes });
      begin = index;
      bytes = 0;
    }
    bytes += size;
  });
  if (begin < rows.length) parts.push({ rows: rows.slice(begin), bytes });
  return parts;
}

function writePart(trail: AuditTrail, auditName: string, part: Part, now: number): AuditTrail {
  const audit = auditNamed(trail, auditName);
  if (audit.target !== "FILE") return trail;
  if (audit.writesFail) return losePart(logFailedWrite(trail, audit, now), audit, part);
  const current = audit.currentFile === null ? undefined : findFile(trail, audit.currentFile);
  if (!current) return losePart(trail, audit, part);
  const last = current.blocks.at(-1);
  const fits = (size: number) => audit.maxFileSize === null || size <= audit.maxFileSize;

  if (last && !last.unreadable && trail.behaviour.lastBlock === "growing") {
    const size = blockSize(last.size + part.bytes);
    if (size <= trail.behaviour.bufferSize && fits(last.offset + size)) {
      const grown: AuditBlock = { ...last, size, rows: [...last.rows, ...part.rows] };
      return withFile(trail, { ...current, blocks: current.blocks.with(-1, grown), size: last.offset + size });
    }
  }
  const block: AuditBlock = { offset: current.size, size: blockSize(part.bytes), rows: part.rows };
  if (!fits(block.offset + block.size) && last) {
    return writePart(rollOver(trail, auditName, now), auditName, part, now);
  }
  return withFile(trail, {
    ...current,
    blocks: [...current.blocks, block],
    size: block.offset + block.size,
  });
}

function losePart(trail: AuditTrail, audit: ServerAudit, part: Part): AuditTrail {
  return withAudit(trail, {
    ...audit,
    lost: audit.lost + part.rows.length,
    session: audit.session && {
      ...audit.session,
      droppedEvents: audit.session.droppedEvents + part.rows.length,
      droppedBuffers: audit.session.droppedBuffers + 1,
    },
  });
}

/**
 * A new file becomes the current one, and one old file is deleted if there are too many. The buffer stays. A file that
 * cannot be created takes the audit offline, also when MAX_FILES are full.
 */
export function rollOver(trail: AuditTrail, auditName: string, now: number): AuditTrail {
  const audit = auditNamed(trail, auditName);
  const isFull = audit.maxFiles > 0 && filesOfAudit(trail, audit).length >= audit.maxFiles;
  if (!audit.creationFails && !isFull) return evictOne(openNewFile(trail, auditName, now), auditName);
  const path = audit.directory + auditFileName(audit.name, audit.guid, fileTimeOf(now));
  const offline: ServerAudit = {
    ...audit,
    status: "TARGET_CREATION_FAILED",
    statusSince: now,
    currentFile: null,
    session: null,
    lost: audit.lost + audit.pending.length,
    pending: [],
    pendingSize: 0,
  };
  return withAudit(logFailedCreation(trail, audit, path, now), offline);
}

/** Also the first file of an audit that starts. Its time goes back with the clock. */
export function openNewFile(trail: AuditTrail, auditName: string, now: number): AuditTrail {
  const audit = auditNamed(trail, auditName);
  const fileTime = nextFileTime(trail, audit, now);
  const name = auditFileName(audit.name, audit.guid, fileTime);
  const file: AuditFile = {
    directory: audit.directory,
    name,
    auditGuid: audit.guid,
    fileTime: String(fileTime),
    createdAt: now,
    blocks: [],
    size: FIRST_BLOCK_OFFSET,
  };
  const changed = { ...audit, currentFile: pathOf(file), newestFileTime: file.fileTime };
  return withAudit({ ...trail, files: [...trail.files, file] }, changed);
}

/** Files of one millisecond differ in what is finer, also from those that are gone: no name is used twice. */
function nextFileTime(trail: AuditTrail, audit: ServerAudit, now: number): bigint {
  const newest = BigInt(audit.newestFileTime);
  let fileTime = fileTimeOf(now);
  if (newest >= fileTime && newest < fileTimeOf(now + 1)) fileTime = newest + 1n;
  while (findFile(trail, audit.directory + auditFileName(audit.name, audit.guid, fileTime))) fileTime += 1n;
  return fileTime;
}

/** Each evaluation deletes only one file, the oldest, and does not try again what it failed to delete. */
export function evictOne(trail: AuditTrail, auditName: string): AuditTrail {
  const audit = auditNamed(trail, auditName);
  const candidates = filesOfAudit(trail, audit).filter((file) => file.directory === audit.directory && !file.survivor);
  if (candidates.length <= audit.maxRolloverFiles + 1) return trail;
  const oldest = candidates.toSorted(byFileTime).find((file) => pathOf(file) !== audit.currentFile);
  if (!oldest) return trail;
  const isOpen = (trail.openHandles[comparablePath(pathOf(oldest))] ?? 0) > 0;
  if (isOpen && trail.behaviour.openHandleBlocksDelete) return withFile(trail, { ...oldest, survivor: true });
  return { ...trail, files: trail.files.filter((file) => file !== oldest) };
}
