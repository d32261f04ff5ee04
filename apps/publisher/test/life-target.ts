import { systemClock } from "@das/core";
import {
  audit,
  createWorld,
  primaryOf,
  siteNamed,
  startOracleEmulator,
  switchover,
  workContainer,
} from "@das/oracle-emulator";
import { appendRows, EmulatedGroup, eventTime } from "@das/sqlserver-emulator";
import mssql from "mssql";
import oracledb from "oracledb";

/** A primary and a standby that nothing of das is on yet, and the people who work there. */
export interface LifeTarget extends AsyncDisposable {
  /** What a person answers to `das init`, but for AWS. */
  readonly options: readonly string[];
  /** As `das grants` names it. */
  readonly version: string;
  /** PEM; undefined: it speaks plain text. */
  readonly certificateAuthorities: string | undefined;
  readonly administrator: { readonly user: string; readonly password: string };
  /** Source ids of the trails that hold activity. */
  readonly trails: readonly string[];
  /** Somebody runs an audited statement on the primary. */
  work(statement: string): void;
  /** What a DBA tries while the policy is locked, in vain. */
  readonly attempts: readonly string[];
  /** What a DBA may do while it is unlocked. */
  readonly changes: readonly string[];
  /** A DBA's statement on the first instance. @returns the number of the error that it ends with */
  asDba(statement: string): Promise<number | undefined>;
  /** The number with which a locked policy refuses. */
  readonly refusal: number;
  /** The second instance becomes the primary. */
  failOver(): void;
}

export async function openSqlServerTarget(): Promise<LifeTarget> {
  const stack = new AsyncDisposableStack();
  const group = stack.use(await EmulatedGroup.start({ provisioned: false, audits: { queueDelay: 0 } }));
  const [first, second] = group.replicas;
  if (!first || !second) throw new Error("a group has two replicas");
  const pool = await new mssql.ConnectionPool({
    server: first.host,
    port: first.port,
    user: "sa",
    password: first.password,
    options: { encrypt: true, trustServerCertificate: true },
  }).connect();
  stack.defer(() => pool.close());
  return {
    options: [
      ...["--engine", "sqlserver", "--user", "das_reader"],
      ...["--instance", `a=${first.host}:${first.port}`, "--instance", `b=${second.host}:${second.port}`],
    ],
    version: "2022",
    certificateAuthorities: [...new Set([first.ca, second.ca])].join("\n"),
    administrator: { user: "sa", password: first.password },
    trails: ["sqlserver:a:RDS_DAS_AUDIT", "sqlserver:b:RDS_DAS_AUDIT"],
    work: (statement) =>
      group.running("PRIMARY")?.change((trail, now) => {
        const event = { event_time: eventTime(now), action_id: "SL  ", class_type: "U ", statement };
        return appendRows(trail, "RDS_DAS_AUDIT", [{ ...event, server_principal_name: "app" }], now);
      }),
    attempts: [
      "ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = OFF);",
      "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);",
    ],
    changes: [
      "ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = OFF);",
      "ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] ADD (LOGOUT_GROUP) WITH (STATE = ON);",
    ],
    asDba: async (statement) => {
      try {
        await pool.request().batch(`USE master; ${statement}`);
        return undefined;
      } catch (error) {
        return (error as { readonly number?: number }).number ?? 0;
      }
    },
    refusal: 51_000,
    failOver: () => group.failOver(second),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export async function openOracleTarget(): Promise<LifeTarget> {
  const stack = new AsyncDisposableStack();
  const world = createWorld(
    { release: "19c", primary: { uniqueName: "ORCL_A" }, standbys: [{ uniqueName: "ORCL_B" }] },
    systemClock.now(),
  );
  const first = stack.use(await startOracleEmulator({ tls: "off", world, site: "ORCL_A" }));
  const second = stack.use(await startOracleEmulator({ tls: "off", shared: first.shared, site: "ORCL_B" }));
  const { serviceName: service, administratorPassword: password } = first;
  const container = workContainer(siteNamed(world, "ORCL_A")).guid;
  const as = async (user: string, secret: string, statement: string) => {
    const session = await oracledb.getConnection({
      user,
      password: secret,
      connectString: `${first.host}:${first.port}/${service}`,
    });
    try {
      await session.execute(statement);
    } finally {
      await session.close();
    }
  };
  for (const statement of [
    "DROP USER das_reader CASCADE",
    "DROP USER das_owner CASCADE",
    "CREATE AUDIT POLICY app ACTIONS ALL",
    "AUDIT POLICY app",
    'CREATE USER mallory IDENTIFIED BY "mallory"',
    "GRANT DBA TO mallory",
  ]) {
    await as("SYSTEM", password, statement);
  }
  const trail = `oracle:${world.dbid}:${container}`;
  return {
    options: [
      ...["--engine", "oracle", "--user", "das_reader", "--service", service],
      ...["--instance", `a=${first.host}:${first.port}`, "--instance", `b=${second.host}:${second.port}`],
    ],
    version: "19c",
    certificateAuthorities: undefined,
    administrator: { user: "SYSTEM", password },
    trails: [trail],
    work: (statement) =>
      first.change((now, at) => {
        const row = { ACTION_NAME: "SELECT", SESSIONID: "77", DBUSERNAME: "APP", SQL_TEXT: statement };
        return audit(now, primaryOf(now).uniqueName, container, [row], at);
      }),
    attempts: ["NOAUDIT POLICY app", "CREATE AUDIT POLICY mine ACTIONS LOGON"],
    changes: ["CREATE AUDIT POLICY mine ACTIONS LOGON", "AUDIT POLICY mine"],
    asDba: async (statement) => {
      try {
        await as("mallory", "mallory", statement);
        return undefined;
      } catch (error) {
        return (error as { readonly errorNum?: number }).errorNum ?? 0;
      }
    },
    refusal: 20_990,
    failOver: () => first.change((now, at) => switchover(now, "ORCL_B", at)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
