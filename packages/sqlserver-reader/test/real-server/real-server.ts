import { randomBytes } from "node:crypto";
import { systemClock } from "@das/core";
import type { ConnectionOptions } from "../../src/index.ts";
import { LOCK_ROLE } from "../../src/statements.ts";
import { Administrator, identifier, literal } from "./administrator.ts";
import type { ServerAddress } from "./server-address.ts";
import { type AuditOptions, ThrowawayAudit } from "./throwaway-audit.ts";

export interface ServerDescription {
  /** 13 = 2016 … 17 = 2025. */
  readonly majorVersion: number;
  readonly productVersion: string;
  readonly platform: "Windows" | "Linux";
  readonly isClustered: boolean;
  readonly isHadrEnabled: boolean;
}

/** A test that runs on a server. */
export interface RealServerTest {
  readonly name: string;
  /** Why this server, or any client, cannot do it; undefined when it can. */
  readonly cannot?: (server: RealServer) => string | undefined;
  readonly run: (server: RealServer) => Promise<void>;
}

/** A login that the suite made, and how a reader connects with it. */
export interface TestLogin {
  readonly name: string;
  readonly connection: ConnectionOptions;
  readonly address: ServerAddress;
}

/**
 * The server under test. Everything that the suite makes on it bears a name of its own, `das_test_` and ten hex digits,
 * and is dropped when this is disposed; only audit files remain, because no client can delete them.
 */
export class RealServer implements AsyncDisposable {
  readonly administrator: Administrator;
  readonly description: ServerDescription;
  readonly directory: string;
  readonly #address: ServerAddress;
  readonly #report: (finding: string) => void;
  readonly #prefix = `das_test_${randomBytes(5).toString("hex")}`;
  readonly #logins: TestLogin[] = [];
  readonly #audits: ThrowawayAudit[] = [];
  /** In master. */
  readonly #users: string[] = [];
  #madeLockRole = false;
  #count = 0;

  private constructor(
    administrator: Administrator,
    address: ServerAddress,
    description: ServerDescription,
    directory: string,
    report: (finding: string) => void,
  ) {
    this.administrator = administrator;
    this.#address = address;
    this.description = description;
    this.directory = directory;
    this.#report = report;
  }

  /**
   * @param directory of the audit files; default: where the server writes its error log, which it surely may
   * @param report takes what a test finds out about the server, a line each
   */
  static async open(
    address: ServerAddress,
    directory: string | undefined,
    report: (finding: string) => void,
  ): Promise<RealServer> {
    const administrator = await Administrator.connect(address);
    const [probe = {}] =
      await administrator.run(`SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS version,
      CONVERT(int, SERVERPROPERTY('IsClustered')) AS is_clustered,
      CONVERT(int, SERVERPROPERTY('IsHadrEnabled')) AS is_hadr,
      CONVERT(nvarchar(260), SERVERPROPERTY('ErrorLogFileName')) AS error_log`);
    const productVersion = String(probe.version);
    const majorVersion = Number.parseInt(productVersion, 10);
    const platform = majorVersion >= 14 ? await platformOf(administrator) : "Windows";
    const description: ServerDescription = {
      majorVersion,
      productVersion,
      platform,
      isClustered: probe.is_clustered === 1,
      isHadrEnabled: probe.is_hadr === 1,
    };
    const folder = directory ?? folderOf(String(probe.error_log ?? "")) ?? DEFAULT_DIRECTORY[platform];
    const separator = platform === "Linux" ? "/" : "\\";
    const withSeparator = /[\\/]$/.test(folder) ? folder : folder + separator;
    return new RealServer(administrator, address, description, withSeparator, report);
  }

  tell(finding: string): void {
    const { productVersion, platform } = this.description;
    this.#report(`SQL Server ${productVersion} on ${platform}: ${finding}`);
  }

  /** A name that nothing else on the server has. */
  name(): string {
    this.#count += 1;
    return `${this.#prefix}_${this.#count}`;
  }

  /** A login with the rights that the reader is provisioned with (SQL Server notes §6.1), or with none. */
  async createLogin(rights: "reader" | "none"): Promise<TestLogin> {
    const name = this.name();
    // Long, and with every class of characters that a password policy asks for.
    const password = `aA1!${randomBytes(18).toString("base64url")}`;
    const { administrator } = this;
    await administrator.run(
      `CREATE LOGIN ${identifier(name)} WITH PASSWORD = ${literal(password)}, CHECK_EXPIRATION = OFF, CHECK_POLICY = OFF`,
    );
    const address = { ...this.#address, user: name, password };
    const login = { name, address, connection: { ...address, instanceId: "real" } };
    this.#logins.push(login);
    if (rights === "reader") {
      for (const permission of [...READER_PERMISSIONS, this.readPermission]) {
        await administrator.run(`GRANT ${permission} TO ${identifier(name)}`);
      }
      await this.#admitToLock(name);
    }
    return login;
  }

  /** The role has a fixed name: where it is not provisioned, it is made, and dropped in the end. */
  async #admitToLock(login: string): Promise<void> {
    const role = identifier(LOCK_ROLE);
    const [found] = await this.administrator.run(`SELECT DATABASE_PRINCIPAL_ID(${literal(LOCK_ROLE)}) AS id`);
    if (found?.id === null) {
      await this.administrator.run(`CREATE ROLE ${role}`);
      this.#madeLockRole = true;
    }
    await this.administrator.run(`CREATE USER ${identifier(login)} FOR LOGIN ${identifier(login)}`);
    this.#users.push(login);
    await this.administrator.run(`ALTER ROLE ${role} ADD MEMBER ${identifier(login)}`);
  }

  /** What reading audit files takes. */
  get readPermission(): string {
    return this.description.majorVersion >= 16 ? "VIEW SERVER SECURITY AUDIT" : "CONTROL SERVER";
  }

  /** A login with a reader's rights that several tests share. */
  async reader(): Promise<TestLogin> {
    this.#reader ??= this.createLogin("reader");
    return this.#reader;
  }
  #reader: Promise<TestLogin> | undefined;

  /** An audit of its own name and GUID, running, with a specification. It is dropped with the server, or before. */
  async createAudit(options: AuditOptions = {}): Promise<ThrowawayAudit> {
    const reader = await this.reader();
    const audit = await ThrowawayAudit.create(this.administrator, this.name(), this.directory, reader, options);
    this.#audits.push(audit);
    return audit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    const orNote = async (step: Promise<unknown>) => {
      try {
        await step;
      } catch (error) {
        failures.push(error);
      }
    };
    for (const audit of this.#audits) await orNote(audit[Symbol.asyncDispose]());
    for (const name of this.#users) await orNote(this.administrator.run(`DROP USER ${identifier(name)}`));
    if (this.#madeLockRole) await orNote(this.administrator.run(`DROP ROLE ${identifier(LOCK_ROLE)}`));
    for (const { name } of this.#logins) await orNote(this.#dropLogin(name));
    await orNote(this.administrator[Symbol.asyncDispose]());
    if (failures.length > 0)
      throw new AggregateError(failures, `not everything named ${this.#prefix}… could be dropped`);
  }

  /** The server may need a moment to see that a connection was closed. */
  async #dropLogin(name: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { errors } = await this.administrator.attempt(`DROP LOGIN ${identifier(name)}`);
      if (errors.length === 0) return;
      if (!errors.includes(STILL_LOGGED_IN) || attempt === DROP_ATTEMPTS) {
        throw new Error(`login ${name} was not dropped: error ${errors.join(", ")}`);
      }
      await systemClock.sleep(250);
    }
  }
}

/** Could not drop login … as the user is currently logged in. */
const STILL_LOGGED_IN = 15434;
const DROP_ATTEMPTS = 40;

const READER_PERMISSIONS = ["VIEW SERVER STATE", "VIEW ANY DEFINITION", "CONNECT ANY DATABASE"];

/** Where nothing else is known; the folder exists beforehand and the service account may write to it. */
const DEFAULT_DIRECTORY = { Windows: "D:\\das\\", Linux: "/var/opt/mssql/das/" };

async function platformOf(administrator: Administrator): Promise<ServerDescription["platform"]> {
  const [row] = await administrator.run("SELECT host_platform FROM sys.dm_os_host_info");
  return row?.host_platform === "Linux" ? "Linux" : "Windows";
}

function folderOf(path: string): string | undefined {
  return /^(.*[\\/])[^\\/]+$/.exec(path)?.[1];
}
