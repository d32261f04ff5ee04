import { randomBytes } from "node:crypto";
import { silentLogger, systemClock } from "@das/core";
import { ConnectedServer } from "../../src/connected-server.ts";
import type { ConnectionOptions } from "../../src/index.ts";
import { Administrator, identifier, oracleError } from "./administrator.ts";
import type { DatabaseAddress } from "./database-address.ts";
import { ThrowawayTrail } from "./throwaway-trail.ts";

export interface DatabaseDescription {
  /** 12, 18, 19, 21, 23, … */
  readonly release: number;
  readonly version: string;
  /** PRIMARY, PHYSICAL STANDBY, … */
  readonly role: string;
  /** Of the container that the suite works in. */
  readonly container: string;
  /** 0 where there are no containers, 1 in the root, more in a PDB. */
  readonly containerId: number;
  readonly isCluster: boolean;
  /** Columns of UNIFIED_AUDIT_TRAIL. */
  readonly columns: ReadonlySet<string>;
}

/** A test that runs on a database. */
export interface RealDatabaseTest {
  readonly name: string;
  /** Why this database, or any client, cannot do it; undefined when it can. */
  readonly cannot?: (database: RealDatabase) => string | undefined;
  readonly run: (database: RealDatabase) => Promise<void>;
}

/** A user that the suite made, and how a reader connects as it. */
export interface TestUser {
  readonly name: string;
  readonly connection: ConnectionOptions;
  readonly address: DatabaseAddress;
}

/**
 * The database under test. Everything that the suite makes in it bears a name of its own, `DAS_TEST_` and ten hex digits,
 * and is dropped when this is disposed; only audit records remain, because nobody but a purge deletes them.
 */
export class RealDatabase implements AsyncDisposable {
  readonly administrator: Administrator;
  readonly description: DatabaseDescription;
  readonly #address: DatabaseAddress;
  readonly #report: (finding: string) => void;
  readonly #prefix = `DAS_TEST_${randomBytes(5).toString("hex").toUpperCase()}`;
  readonly #users: TestUser[] = [];
  readonly #trails: ThrowawayTrail[] = [];
  #count = 0;

  private constructor(
    administrator: Administrator,
    address: DatabaseAddress,
    description: DatabaseDescription,
    report: (finding: string) => void,
  ) {
    this.administrator = administrator;
    this.#address = address;
    this.description = description;
    this.#report = report;
  }

  /** @param report takes what a test finds out about the database, a line each */
  static async open(address: DatabaseAddress, report: (finding: string) => void): Promise<RealDatabase> {
    const administrator = await Administrator.connect(address);
    try {
      const [state = {}] = await administrator.run(
        `SELECT d.database_role AS role, SYS_CONTEXT('USERENV','CON_ID') AS con_id,
       SYS_CONTEXT('USERENV','CON_NAME') AS con_name FROM sys.v_$database d`,
      );
      const [instance = {}] = await administrator.run("SELECT i.parallel AS parallel FROM sys.v_$instance i");
      const columns = await administrator.describe("SELECT * FROM audsys.unified_audit_trail WHERE 1=0");
      const version = administrator.serverVersion;
      const description: DatabaseDescription = {
        release: Number.parseInt(version, 10),
        version,
        role: String(state.ROLE),
        container: String(state.CON_NAME),
        containerId: Number(state.CON_ID),
        isCluster: instance.PARALLEL === "YES",
        columns: new Set(columns.map(({ name }) => name)),
      };
      return new RealDatabase(administrator, address, description, report);
    } catch (error) {
      await administrator[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Over TCPS. */
  get isEncrypted(): boolean {
    return this.#address.walletLocation !== undefined;
  }

  tell(finding: string): void {
    const { version, container, role } = this.description;
    this.#report(`Oracle ${version}, ${container}, ${role}: ${finding}`);
  }

  /** A name that nothing else in the database has; in the root one that a common user may have. */
  name(): string {
    this.#count += 1;
    return `${this.description.containerId === 1 ? "C##" : ""}${this.#prefix}_${this.#count}`;
  }

  /**
   * A user with the rights that the reader is provisioned with (Oracle notes §4.2); with those, but for what lies
   * below the view; or with none but to connect.
   */
  async createUser(rights: "reader" | "view only" | "none"): Promise<TestUser> {
    const name = this.name();
    // Long, and with every class of characters that a profile may ask for.
    const password = `aA1_${randomBytes(15).toString("hex")}`;
    const { administrator } = this;
    await administrator.run(`CREATE USER ${identifier(name)} IDENTIFIED BY ${identifier(password)} ACCOUNT UNLOCK`);
    const address = { ...this.#address, user: name, password };
    const { host, port, service, walletLocation } = address;
    const connection: ConnectionOptions = {
      instanceId: "real",
      host,
      port,
      service,
      user: name,
      password,
      ...(walletLocation === undefined ? { tls: "off" } : { walletLocation, checkCertificateName: false }),
    };
    const user = { name, address, connection };
    this.#users.push(user);
    await this.grant("CREATE SESSION", name);
    if (rights === "none") return user;
    for (const right of [...READER_RIGHTS, ...(rights === "reader" ? DIRECT_READS : [])]) await this.grant(right, name);
    return user;
  }

  async grant(right: string, name: string): Promise<void> {
    await this.administrator.run(`GRANT ${right} TO ${identifier(name)}`);
  }

  /** A user with a reader's rights that several tests share. */
  reader(): Promise<TestUser> {
    this.#reader ??= this.createUser("reader");
    return this.#reader;
  }
  #reader: Promise<TestUser> | undefined;

  /** Something that is audited, and the rows of it. It is dropped with the database's other things, or before. */
  async createTrail(): Promise<ThrowawayTrail> {
    const trail = await ThrowawayTrail.create(this);
    this.#trails.push(trail);
    return trail;
  }

  /** What a reader's session sees of the database. */
  connectAs(user: TestUser): Promise<ConnectedServer> {
    return ConnectedServer.open(
      {
        connection: user.connection,
        serverHost: undefined,
        resourceId: "das-test",
        nativeAuditFields: true,
        clock: systemClock,
        logger: silentLogger,
      },
      AbortSignal.timeout(60_000),
    );
  }

  /** Ends every session of a user, as a DBA does. @returns how many there were */
  async killSessions({ name }: TestUser): Promise<number> {
    const sessions = await this.administrator.run(
      `SELECT TO_CHAR(s.sid) AS sid, TO_CHAR(s.serial#) AS serial FROM sys.v_$session s WHERE s.username = :name`,
      { name },
    );
    for (const { SID, SERIAL } of sessions) {
      // Its session may have ended by itself meanwhile.
      await this.administrator.attempt(`ALTER SYSTEM KILL SESSION '${SID},${SERIAL}' IMMEDIATE`);
    }
    return sessions.length;
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
    for (const trail of this.#trails) await orNote(trail[Symbol.asyncDispose]());
    for (const user of this.#users) await orNote(this.#dropUser(user));
    await orNote(this.administrator[Symbol.asyncDispose]());
    if (failures.length > 0) {
      throw new AggregateError(failures, `not everything named ${this.#prefix}… could be dropped`);
    }
  }

  /** The server may need a moment to see that a connection was closed. */
  async #dropUser(user: TestUser): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { error } = await this.administrator.attempt(`DROP USER ${identifier(user.name)} CASCADE`);
      if (error === undefined) return;
      if (error !== STILL_CONNECTED || attempt === DROP_ATTEMPTS) {
        throw new Error(`user ${user.name} was not dropped: ${oracleError(error)}`);
      }
      if (attempt > 4) await this.killSessions(user);
      await systemClock.sleep(250);
    }
  }
}

/** Cannot drop a user that is currently connected. */
const STILL_CONNECTED = 1940;
const DROP_ATTEMPTS = 40;

/** Oracle notes §4.2. */
const READER_RIGHTS = [
  "AUDIT_VIEWER",
  "READ ON SYS.V_$DATABASE",
  "READ ON SYS.V_$INSTANCE",
  "READ ON SYS.V_$CONTAINERS",
  "READ ON SYS.V_$PARAMETER",
  "READ ON SYS.AUDIT_UNIFIED_POLICIES",
  "READ ON SYS.AUDIT_UNIFIED_ENABLED_POLICIES",
  "READ ON SYS.DBA_TAB_PARTITIONS",
  "READ ON SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS",
  "READ ON SYS.DBA_AUDIT_MGMT_CONFIG_PARAMS",
  "READ ON SYS.DBA_AUDIT_MGMT_CLEANUP_JOBS",
  "EXECUTE ON SYS.DBMS_LOCK",
];

const DIRECT_READS = ["READ ON AUDSYS.AUD$UNIFIED", "READ ON SYS.GV_$UNIFIED_AUDIT_TRAIL"];
