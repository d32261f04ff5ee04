import type { AuditRow } from "./audit-row.ts";
import type { Site } from "./world.ts";

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

const ROWS_PER_FILE = 256;

/** Appends to the file of the instance and container that is written to, or begins another one. PMON has its own. */
export function addToFiles(
  site: Site,
  place: { readonly container: string; readonly instance: number },
  rows: readonly AuditRow[],
): Site {
  let changed = site;
  for (const byPmon of [false, true]) {
    const own = rows.filter((row) => (row.ACTION_NAME === "LOGOFF BY CLEANUP") === byPmon);
    for (let begin = 0; begin < own.length; begin += ROWS_PER_FILE) {
      changed = append(changed, place, own.slice(begin, begin + ROWS_PER_FILE), byPmon);
    }
  }
  return changed;
}

function append(
  site: Site,
  { container, instance }: { readonly container: string; readonly instance: number },
  rows: readonly AuditRow[],
  heldByPmon: boolean,
): Site {
  const index = site.files.findLastIndex(
    (file) =>
      file.container === container &&
      file.instance === instance &&
      file.heldByPmon === heldByPmon &&
      file.rows.length + rows.length <= ROWS_PER_FILE,
  );
  const found = site.files[index];
  if (found) return { ...site, files: site.files.with(index, { ...found, rows: [...found.rows, ...rows] }) };
  const lastFile = site.lastFile + 1;
  const name = `ora_audit_${String(lastFile).padStart(3, "0")}.bin`;
  return { ...site, lastFile, files: [...site.files, { name, instance, container, rows, heldByPmon }] };
}
