/** What the bench starts and writes is gone when it ends, however it ends. */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const children = new Set<ChildProcess>();
let directory: string | undefined;

/** The process is killed, by its own id, when this one ends before it. */
export function endWithUs(child: ChildProcess): void {
  children.add(child);
  child.once("exit", () => children.delete(child));
}

/** One for the whole run; deleted when this process ends. */
export function temporaryDirectory(): string {
  directory ??= mkdtempSync(join(tmpdir(), "das-bench-"));
  return directory;
}

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});
// Exit codes as a shell gives them: 128 and the signal's number.
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
