import { readFileSync, renameSync, writeFileSync } from "node:fs";

/**
 * Replaces a file so that a killed server leaves the old or the new content, never a mixture. Readable by its owner
 * only. Nothing here is synced to the disk itself: what is kept survives the process, not the machine.
 */
export function replaceFile(path: string, content: string): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, path);
}

/** Undefined when there is no such file. */
export function readFileIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
