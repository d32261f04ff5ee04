import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The directory in which a server keeps everything. One server at a time: two would write over each other. */
export interface Home {
  readonly path: string;
  /** Lets go of the directory; one that nobody named is deleted. */
  release(): void;
}

/** The directories of this process's servers, to tell a lock of ours from one that a dead process of the same id left. */
const held = new Set<string>();

/**
 * @param directory undefined: a new temporary one
 * @throws Error when another server uses it
 */
export function enterHome(directory: string | undefined): Home {
  if (directory === undefined) {
    const path = mkdtempSync(join(tmpdir(), "local-aws-"));
    return { path, release: () => rmSync(path, { recursive: true, force: true }) };
  }
  const path = resolve(directory);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lock = join(path, "lock");
  takeLock(lock, path);
  held.add(path);
  return {
    path,
    release: () => {
      held.delete(path);
      rmSync(lock, { force: true });
    },
  };
}

function takeLock(lock: string, path: string): void {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    const owner = Number(readFileSync(lock, "utf8"));
    const inUse = owner === process.pid ? held.has(path) : isAlive(owner);
    if (inUse) {
      throw new Error(
        `local-aws: process ${owner} already keeps its data in ${path}. Stop it, or name another directory`,
      );
    }
    writeFileSync(lock, String(process.pid), { mode: 0o600 });
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
