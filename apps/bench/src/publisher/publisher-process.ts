import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type ResourceId, streamNameOf } from "@das/core";
import { PUBLISHER_MAIN, PUBLISHER_NODE_FLAGS } from "@das/publisher";
import { endWithUs, temporaryDirectory } from "../processes/lifetime.ts";
import type { EmulatorAddress } from "../programs/emulator.ts";
import type { AwsAddress } from "../programs/local-aws.ts";

export interface PublisherOptions {
  readonly resourceId: ResourceId;
  readonly aws: AwsAddress;
  readonly emulator: EmulatorAddress;
  readonly nativeAuditFields: boolean;
}

/** What the publisher says when it has stopped. */
export interface PublisherCounters {
  readonly events: number;
  readonly records: number;
  readonly heartbeats: number;
  readonly bytes: number;
}

/** Milliseconds that the publisher has to start, and to stop. */
const PATIENCE = 120_000;

type LogLine = { readonly msg?: unknown } & Readonly<Record<string, unknown>>;

/** `das run` with the settings that it has by itself, as a process of its own. */
export class PublisherProcess implements AsyncDisposable {
  readonly pid: number;
  readonly streamName: string;
  /** Milliseconds since 1970. */
  readonly startedAt = Date.now();
  readonly #child: ChildProcess;
  readonly #log: LogLine[] = [];
  readonly #lookouts = new Set<() => void>();
  readonly #exited: Promise<unknown>;
  #exitCode: number | string | undefined;

  constructor(options: PublisherOptions) {
    const { resourceId, aws, emulator } = options;
    this.streamName = streamNameOf(resourceId);
    const configurationFile = join(temporaryDirectory(), `${resourceId}.yaml`);
    const caFile = join(temporaryDirectory(), `${resourceId}.pem`);
    writeFileSync(caFile, emulator.ca);
    writeFileSync(configurationFile, configurationOf(options, caFile));
    const main = [...PUBLISHER_NODE_FLAGS, fileURLToPath(PUBLISHER_MAIN)];
    const command = [...main, "run", "--config", configurationFile, "--instance", "a"];
    this.#child = spawn(process.execPath, command, {
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: "",
        AWS_ENDPOINT_URL: aws.endpoint,
        AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
        DAS_PASSWORD: emulator.password,
      },
    });
    const { pid, stderr } = this.#child;
    if (pid === undefined || !stderr) throw new Error("the publisher could not be started");
    this.pid = pid;
    endWithUs(this.#child);
    createInterface({ input: stderr }).on("line", (line) => {
      this.#log.push(parseLine(line));
      this.#look();
    });
    this.#exited = once(this.#child, "close").then(([code, signal]) => {
      this.#exitCode = code ?? signal;
      this.#look();
    });
  }

  /** The first line of the log with that message. @throws Error with the log when it does not come */
  async logged(message: string): Promise<LogLine> {
    const deadline = AbortSignal.timeout(PATIENCE);
    deadline.addEventListener("abort", () => this.#look());
    for (;;) {
      const line = this.#log.find(({ msg }) => msg === message);
      if (line) return line;
      if (this.#exitCode !== undefined || deadline.aborted) {
        const why = this.#exitCode === undefined ? "goes on" : `ended with ${this.#exitCode}`;
        const log = this.#log.map((entry) => `\n  ${JSON.stringify(entry)}`).join("");
        throw new Error(`the publisher ${why} and never said "${message}"${log}`);
      }
      await new Promise<void>((resolve) => this.#lookouts.add(resolve));
    }
  }

  /** Flushes, ends, and tells what it published. */
  async stop(): Promise<PublisherCounters> {
    this.#child.kill("SIGTERM");
    return (await this.logged("stopped")) as LogLine & PublisherCounters;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #look(): void {
    for (const resolve of this.#lookouts) resolve();
    this.#lookouts.clear();
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    // A fatal error of Node itself is plain text; it is kept, for it says why the process ended.
    return { text: line };
  }
}

function configurationOf({ resourceId, aws, emulator, nativeAuditFields }: PublisherOptions, caFile: string): string {
  // JSON is YAML.
  return JSON.stringify({
    resource: { id: resourceId, engine: "sqlserver" },
    stream: { region: aws.region, kmsKeyId: aws.kmsKeyArn, nativeAuditFields },
    instances: [
      {
        id: "a",
        host: emulator.host,
        port: emulator.port,
        user: emulator.user,
        password: { env: "DAS_PASSWORD" },
        tls: { caFile, serverName: "localhost" },
      },
    ],
  });
}
