import type { AuditRow } from "./audit-row.ts";

/**
 * A `.bin` file in which an instance put rows that could not go into the table: on its own host, never replicated
 * (Oracle notes §§2.1, 3.1).
 */
export interface SpilloverFile {
  /** `ora_audit_018.bin`. */
  readonly name: string;
  readonly instance: number;
  /** The directory of the PDB: its GUID. */
  readonly container: string;
  readonly rows: readonly AuditRow[];
  /** A session of PMON writes to it: it cannot be loaded until the instance was restarted (Doc 2570945.1). */
  readonly heldByPmon: boolean;
}
