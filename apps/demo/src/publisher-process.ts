import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LocalAws } from "@das/local-aws";
import { PUBLISHER_MAIN, PUBLISHER_NODE_FLAGS } from "@das/publisher";
import { PASSWORD_VARIABLE } from "./configuration-directory.ts";

export interface PublisherSettings {
  readonly aws: Pick<LocalAws, "endpoint" | "credentials">;
  readonly configurationFile: string;
  readonly password: string;
  /** Which of the configured instances it publishes. */
  readonly instanceId: string;
  /** Otherwise it waits for the stream. */
  readonly createStream: boolean;
}

const LOG_LINES = 20;
/** Milliseconds until a supervisor starts a publisher again that was killed. */
const RESTART_DELAY = 1_000;

/** The publisher of one instance as people run it: a process of its own, that is started again when it is killed. */
export class PublisherProcess implements AsyncDisposable {
  readonly instanceId: string;
  readonly #settings: PublisherSettings;
  readonly #log: string[] = [];
  readonly #broken = Promise.withResolvers<never>();
  #child: ChildProcess;
  #exited: Promise<number>;
  /** Somebody wants it to end. */
  #isEnding = false;

  constructor(settings: PublisherSettings) {
    this.instanceId = settings.instanceId;
    this.#settings = settings;
    this.#broken.promise.catch(() => undefined);
    [this.#child, this.#exited] = this.#start();
  }

  /** undefined: it does not run. */
  get pid(): number | undefined {
    return this.#child.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  /** Rejects when it ends though nobody wanted it to. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /** The last lines of its log. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** SIGKILL: it can neither flush nor say goodbye. */
  async kill(): Promise<void> {
    this.#isEnding = true;
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** As its supervisor does, a moment later. It finds nothing of the one before but what that put on the stream. */
  async startAgain(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, RESTART_DELAY));
    this.#isEnding = false;
    [this.#child, this.#exited] = this.#start();
  }

  /** Flushes and ends. @returns the exit code */
  async stop(): Promise<number> {
    this.#isEnding = true;
    this.#child.kill("SIGTERM");
    return this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #start(): [ChildProcess, Promise<number>] {
    const { aws, configurationFile, password, instanceId, createStream } = this.#settings;
    const main = [...PUBLISHER_NODE_FLAGS, fileURLToPath(PUBLISHER_MAIN)];
    const command = [...main, "run", "--config", configurationFile, "--instance", instanceId];
    const child = spawn(process.execPath, createStream ? [...command, "--create-stream"] : command, {
      // With the IPC channel the publisher notices when the demo is gone, however that came about.
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // A process group of its own: Ctrl-C in the terminal is for the demo, which stops the publisher itself.
      detached: true,
      env: {
        PATH: "",
        AWS_ENDPOINT_URL: aws.endpoint,
        AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
        [PASSWORD_VARIABLE]: password,
      },
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#log.push(...text.split("\n").filter(Boolean));
      this.#log.splice(0, this.#log.length - LOG_LINES);
    });
    const exited = once(child, "exit").then(([code]) => (typeof code === "number" ? code : 1));
    exited.then((code) => {
      if (!this.#isEnding) this.#broken.reject(new Error(`publisher ${instanceId} ended with ${code}`));
    });
    return [child, exited];
  }
}
