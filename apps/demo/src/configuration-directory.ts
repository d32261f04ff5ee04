import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalAws } from "@das/local-aws";
import type { AuditedDatabase, AuditedInstance } from "./databases/audited-database.ts";

export interface Resource {
  readonly id: string;
  readonly region: LocalAws["region"];
  readonly kmsKeyId: string;
}

/** Of the reader's password; the configuration names it. */
export const PASSWORD_VARIABLE = "DAS_PASSWORD";

/** The configuration that all publishers of a resource share, with the certificates that it names. */
export class ConfigurationDirectory implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async create(resource: Resource, database: AuditedDatabase): Promise<ConfigurationDirectory> {
    const directory = new ConfigurationDirectory(await mkdtemp(join(tmpdir(), "das-demo-")));
    for (const instance of database.instances) await writeFile(directory.#caFile(instance), instance.ca);
    await writeFile(directory.file, directory.#configuration(resource, database));
    return directory;
  }

  get file(): string {
    return join(this.#path, "das.yaml");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { recursive: true, force: true });
  }

  #caFile({ id }: AuditedInstance): string {
    return join(this.#path, `ca-${id}.pem`);
  }

  #configuration({ id, region, kmsKeyId }: Resource, { engine, instances }: AuditedDatabase): string {
    const entries = instances.map(
      (instance) => `  - id: ${instance.id}
    ${instance.connection.replaceAll("\n", "\n    ")}
    password:
      env: ${PASSWORD_VARIABLE}
    tls:
      caFile: ${JSON.stringify(this.#caFile(instance))}
`,
    );
    return `resource:
  id: ${id}
  engine: ${engine}
stream:
  region: ${region}
  kmsKeyId: ${kmsKeyId}
  nativeAuditFields: true
instances:
${entries.join("")}publisher:
  heartbeatSeconds: 1
  stopSeconds: 15
`;
  }
}
