import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "@das/core";
import { PUBLISHER_MAIN, PUBLISHER_NODE_FLAGS } from "@das/publisher";
import { type Journal, readJournal } from "../witness/journal.ts";
import type { Death } from "../witness/steps.ts";

const WITNESS = new URL("../witness/witness.ts", import.meta.url);
const LOG_LINES = 200;

export interface PublisherOptions {
  readonly engine: Engine;
  /** YAML. */
  readonly configuration: string;
  readonly instance: string;
  readonly createStream: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** Where it ends itself. */
  readonly death?: Death | undefined;
}

/** `das run` as people run it, in a directory that nothing else knows; a witness sits in it. */
export class PublisherProcess implements AsyncDisposable {
  readonly instance: string;
  /** Resolves when it has ended: with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** The last lines that it logged. */
  readonly log: string[] = [];
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string, instance: string) {
    this.#child = child;
    this.#directory = directory;
    this.instance = instance;
    this.ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.log.push(...text.split("\n").filter(Boolean));
      this.log.splice(0, this.log.length - LOG_LINES);
    });
  }

  static async start(options: PublisherOptions): Promise<PublisherProcess> {
    const directory = await mkdtemp(join(tmpdir(), "das-chaos-"));
    const file = join(directory, "das.yaml");
    await writeFile(file, options.configuration);
    const main = [...PUBLISHER_NODE_FLAGS, `--import=${witnessOf(directory, options)}`, fileURLToPath(PUBLISHER_MAIN)];
    const command = ["run", "--config", file, "--instance", options.instance];
    const child = spawn(process.execPath, [...main, ...command, ...(options.createStream ? ["--create-stream"] : [])], {
      // With the IPC channel the publisher notices when whoever started it is gone, however that came about.
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      cwd: directory,
      env: { PATH: "", ...options.environment },
    });
    return new PublisherProcess(child, directory, options.instance);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** To be read when it has ended. */
  get journal(): Journal {
    return readJournal(journalIn(this.#directory));
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** @returns the exit code */
  async stop(): Promise<number | NodeJS.Signals> {
    this.#child.kill("SIGTERM");
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function witnessOf(directory: string, { engine, death }: PublisherOptions): string {
  const url = new URL(WITNESS);
  url.searchParams.set("engine", engine);
  url.searchParams.set("journal", journalIn(directory));
  if (death) {
    url.searchParams.set("step", death.step);
    url.searchParams.set("count", String(death.count));
  }
  return url.href;
}

function journalIn(directory: string): string {
  return join(directory, "journal.jsonl");
}
