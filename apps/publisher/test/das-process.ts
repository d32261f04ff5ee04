import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
/** A process starts in half the time when its modules were compiled before. */
const COMPILE_CACHE = fileURLToPath(new URL("../node_modules/.cache/das", import.meta.url));
const ENVIRONMENT = { PATH: "", NODE_COMPILE_CACHE: COMPILE_CACHE };

export interface Command extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: { stdout: string; stderr: string };
  readonly exitCode: Promise<number | null>;
}

/**
 * `das` in a process of its own, as people start it; killed at the end of the test whatever happened.
 * @param directory in which it is started; default: this process's own
 */
export function das(args: readonly string[], environment: Record<string, string>, directory?: string): Command {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...ENVIRONMENT, ...environment },
    ...(directory !== undefined && { cwd: directory }),
  });
  return commandOf(child);
}

/** util-linux's `script`, which runs a command at a terminal of its own. */
const SCRIPT = "/usr/bin/script";
export const hasTerminal = existsSync(SCRIPT);

/** What is printed, by the terminal too, is all in `stdout`; keys are typed on the child's `stdin`. */
export function dasAtTerminal(
  args: readonly string[],
  environment: Record<string, string>,
  directory: string,
): Command {
  const line = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn(SCRIPT, ["--quiet", "--return", "--flush", "--command", line, "/dev/null"], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...ENVIRONMENT, SHELL: "/bin/sh", TERM: "dumb", ...environment },
    cwd: directory,
  });
  return commandOf(child);
}

function commandOf(child: ChildProcess): Command {
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const exitCode = once(child, "close").then(([code]) => code as number | null);
  return {
    child,
    output,
    exitCode,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exitCode;
    },
  };
}
