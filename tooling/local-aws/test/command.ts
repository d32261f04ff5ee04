import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** What `--json` prints. */
export interface Started {
  readonly endpoint: string;
  readonly port: number;
  readonly region: string;
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly directory: string;
  readonly keyAlias: string;
  readonly keyArn: string;
}

export interface Finished {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** One run of the command, as a process of its own; told to end at the end if it still runs. */
export class Command implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #finished: Promise<Finished>;
  #output = "";
  #errors = "";

  constructor(...parameters: readonly string[]) {
    const main = new URL("../src/main.ts", import.meta.url).pathname;
    this.#child = spawn(process.execPath, [main, ...parameters], { stdio: ["ignore", "pipe", "pipe"], env: {} });
    this.#child.stdout?.on("data", (text) => {
      this.#output += String(text);
    });
    this.#child.stderr?.on("data", (text) => {
      this.#errors += String(text);
    });
    this.#finished = once(this.#child, "close").then(([code]) => ({
      code: code as number | null,
      output: this.#output,
      errors: this.#errors,
    }));
  }

  /** The first line, once it is there. */
  async firstLine(): Promise<string> {
    if (!this.#child.stdout) throw new Error("no output");
    for await (const line of createInterface(this.#child.stdout)) return line;
    throw new Error(`the command ended: ${this.#errors}`);
  }

  async started(): Promise<Started> {
    return JSON.parse(await this.firstLine()) as Started;
  }

  finished(): Promise<Finished> {
    return this.#finished;
  }

  end(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<Finished> {
    this.#child.kill(signal);
    return this.#finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGTERM");
  }
}
