import { byFileTime } from "./audit-file.ts";
import { type AuditTrail, auditNamed, filesOfAudit } from "./audit-trail.ts";

/**
 * `fileTime:offset:ordinal` of every row of an audit that is still in a file, in file order: what tells a row from all
 * others of its trail (the place of a row, not its content).
 */
export function* markersOf(trail: AuditTrail, auditName: string): Generator<string> {
  const files = filesOfAudit(trail, auditNamed(trail, auditName)).toSorted(byFileTime);
  for (const file of files) {
    for (const block of file.blocks) {
      for (let ordinal = 0; ordinal < block.rows.length; ordinal += 1) {
        yield `${file.fileTime}:${block.offset}:${ordinal}`;
      }
    }
  }
}
