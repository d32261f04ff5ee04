/** What sys.fn_get_audit_file does with its three arguments (SQL Server notes §3). */
import { type AuditBlock, type AuditFile, byFileTime, comparablePath, pathOf } from "./audit-file.ts";
import type { AuditTrail } from "./audit-trail.ts";

export interface AuditReadArguments {
  readonly pattern: string | null;
  readonly initialFile: string | null;
  readonly offset: bigint | null;
}

/** Reading fails with a message of the engine, */
export interface AuditReadFailure {
  readonly error: 33224 | 33225 | 25718 | 25719 | 25722;
}

/** or gives the blocks of the files as they are now, in file order. */
export interface AuditRead {
  readonly error?: never;
  /** Paths of all files that are opened for it: with a `*` every file that fits, also those before the initial one. */
  readonly opened: readonly string[];
  readonly parts: Iterable<AuditReadPart>;
}

/** A block with its rows, or one that is skipped with message 33226. */
export interface AuditReadPart {
  readonly file: AuditFile;
  readonly block: AuditBlock;
}

export function readAuditFiles(trail: AuditTrail, from: AuditReadArguments): AuditRead | AuditReadFailure {
  const { behaviour } = trail;
  const fileWithoutOffset = from.initialFile !== null && from.offset === null;
  const offsetWithoutFile = from.initialFile === null && from.offset !== null;
  if (offsetWithoutFile || (fileWithoutOffset && behaviour.fileWithoutOffset === "refused")) return { error: 25719 };

  const files = matchingFiles(trail, from.pattern ?? "");
  if (files.length === 0) return { error: from.initialFile === null ? 33224 : behaviour.missingFile };
  const opened = files.map(pathOf);
  const [only, ...others] = files;
  if (behaviour.emptyFile !== "no rows" && only?.blocks.length === 0 && others.length === 0)
    return { error: behaviour.emptyFile };
  if (from.initialFile === null) return { opened, parts: partsOf(files) };

  const wanted = comparablePath(from.initialFile);
  const first = files.findIndex((file) => comparablePath(pathOf(file)) === wanted);
  const [initial, ...later] = files.slice(first);
  if (first < 0 || !initial) return { error: behaviour.missingFile };
  if (from.offset === null) return { opened, parts: partsOf([initial, ...later]) };

  const offset = Number(from.offset);
  const at = initial.blocks.findIndex((block) => block.offset === offset);
  if (at < 0) return { error: behaviour.invalidOffset };
  const begin = behaviour.offset === "inclusive" ? at : at + 1;
  return { opened, parts: partsOf([{ ...initial, blocks: initial.blocks.slice(begin) }, ...later]) };
}

function* partsOf(files: readonly AuditFile[]): Generator<AuditReadPart> {
  for (const file of files) for (const block of file.blocks) yield { file, block };
}

/** A pattern names one file exactly, or has a single `*` in its last part. */
function matchingFiles(trail: AuditTrail, pattern: string): readonly AuditFile[] {
  const wanted = comparablePath(pattern);
  const star = wanted.indexOf("*");
  const fits =
    star < 0
      ? (path: string) => path === wanted
      : (path: string) =>
          path.length >= wanted.length - 1 &&
          path.startsWith(wanted.slice(0, star)) &&
          path.endsWith(wanted.slice(star + 1)) &&
          !path.slice(star).includes("\\");
  return trail.files.filter((file) => fits(comparablePath(pathOf(file)))).toSorted(byFileTime);
}

/** A reader opened these files: while it has them, a rollover may fail to delete them. */
export function openHandles(trail: AuditTrail, paths: readonly string[]): AuditTrail {
  return countHandles(trail, paths, 1);
}

export function closeHandles(trail: AuditTrail, paths: readonly string[]): AuditTrail {
  return countHandles(trail, paths, -1);
}

function countHandles(trail: AuditTrail, paths: readonly string[], change: 1 | -1): AuditTrail {
  const counts: Record<string, number> = { ...trail.openHandles };
  for (const path of paths) {
    const key = comparablePath(path);
    const count = (counts[key] ?? 0) + change;
    if (count > 0) counts[key] = count;
    else delete counts[key];
  }
  return { ...trail, openHandles: counts };
}
