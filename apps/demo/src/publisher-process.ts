import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LocalAws } from "@das/local-aws";
import { PUBLISHER_MAIN, PUBLISHER_NODE_FLAGS } from "@das/publisher";
import type { AuditedDatabase } from "./databases/audited-database.ts";

export interface PublisherTarget {
  readonly aws: Pick<LocalAws, "endpoint" | "region" | "credentials">;
  readonly resourceId: string;
  readonly kmsKeyId: string;
  readonly database: Pick<AuditedDatabase, "engine" | "instance" | "password" | "ca">;
}

const LOG_LINES = 20;
const INSTANCE = "a";

/** The publisher as people run it: a process of its own with a configuration file. */
export class PublisherProcess implements AsyncDisposable {
  readonly configurationFile: string;
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #exited: Promise<number>;
  readonly #log: string[] = [];

  private constructor(child: ChildProcess, directory: string, configurationFile: string) {
    this.#child = child;
    this.#directory = directory;
    this.configurationFile = configurationFile;
    this.#exited = once(child, "exit").then(([code]) => (typeof code === "number" ? code : 1));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#log.push(...text.split("\n").filter(Boolean));
      this.#log.splice(0, this.#log.length - LOG_LINES);
    });
  }

  static async start(target: PublisherTarget): Promise<PublisherProcess> {
    const directory = await mkdtemp(join(tmpdir(), "das-demo-"));
    const { database, aws } = target;
    const caFile = join(directory, "ca.pem");
    const configurationFile = join(directory, "das.yaml");
    await writeFile(caFile, database.ca);
    await writeFile(configurationFile, configurationOf(target, caFile));
    const main = [...PUBLISHER_NODE_FLAGS, fileURLToPath(PUBLISHER_MAIN)];
    const command = [...main, "run", "--config", configurationFile, "--instance", INSTANCE];
    const child = spawn(process.execPath, [...command, "--create-stream"], {
      // With the IPC channel the publisher notices when the demo is gone, however that came about.
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // A process group of its own: Ctrl-C in the terminal is for the demo, which stops the publisher itself.
      detached: true,
      env: {
        PATH: "",
        AWS_ENDPOINT_URL: aws.endpoint,
        AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
        DAS_PASSWORD: database.password,
      },
    });
    return new PublisherProcess(child, directory, configurationFile);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves with the exit code, whenever that is. */
  get exited(): Promise<number> {
    return this.#exited;
  }

  /** The last lines of its log. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Flushes and ends. @returns the exit code */
  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    return this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function configurationOf({ resourceId, kmsKeyId, aws, database }: PublisherTarget, caFile: string): string {
  return `resource:
  id: ${resourceId}
  engine: ${database.engine}
stream:
  region: ${aws.region}
  kmsKeyId: ${kmsKeyId}
  nativeAuditFields: true
instances:
  - id: ${INSTANCE}
    ${database.instance.replaceAll("\n", "\n    ")}
    password:
      env: DAS_PASSWORD
    tls:
      caFile: ${JSON.stringify(caFile)}
publisher:
  stopSeconds: 5
`;
}
