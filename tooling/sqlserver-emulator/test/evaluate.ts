import { systemClock } from "@das/core";
import { catalogOf } from "../src/catalog/catalog.ts";
import { DEFAULT_AUDITS, defaultInstance, defaultTrail, readerLogin } from "../src/default-instance.ts";
import { Engine } from "../src/engine.ts";
import type { Instance } from "../src/instance.ts";
import { findLogin } from "../src/principals.ts";
import type { SessionState } from "../src/session-state.ts";
import type { SqlContext } from "../src/sql/context.ts";
import { describeText, type ReplySink, runText } from "../src/sql/interpreter.ts";
import { ServerError } from "../src/sql/server-error.ts";
import type { SqlValue } from "../src/sql-types.ts";
import { typeText } from "../src/sql-types.ts";
import { type SqlServerVersion, VERSION_PROFILES } from "../src/version-profiles.ts";

export interface Evaluator {
  readonly engine: Engine;
  readonly session: SessionState;
  /** The session is somebody else's from now on. */
  logInAs(name: string): void;
  /** Each result of a batch as rows. */
  run(sql: string, version?: SqlServerVersion): Promise<readonly Record<string, SqlValue>[][]>;
  /** The values of the only row of the only result. */
  row(sql: string): Promise<readonly SqlValue[]>;
  /** The number of the error. */
  error(sql: string): Promise<number>;
  /** `name type` of each column. */
  describe(sql: string): readonly string[];
}

/** The engine side alone: T-SQL in, values out, no wire. */
export function evaluator(version: SqlServerVersion = "2022", change: Partial<Instance> = {}): Evaluator {
  const profile = VERSION_PROFILES[version];
  const now = Date.UTC(2026, 10, 22, 12);
  const login = readerLogin(profile, "das", "secret");
  const instance = { ...defaultInstance("SQLEMU01\\PROD", login, now), ...change };
  const trail = defaultTrail("SQLEMU01\\PROD", DEFAULT_AUDITS, "das", {}, now);
  const engine = new Engine(profile, { ...systemClock, now: () => now }, instance, trail);
  let loginName = login.name;
  const session: SessionState = {
    id: 51,
    get originalLogin() {
      return findLogin(engine.instance, loginName) ?? login;
    },
    get login() {
      const name = this.impersonated.at(-1);
      return (name === undefined ? undefined : findLogin(engine.instance, name)) ?? this.originalLogin;
    },
    impersonated: [],
    hostName: "host",
    applicationName: "tests",
    clientAddress: "127.0.0.1",
    clientPort: 50_000,
    localAddress: "10.0.1.30",
    localPort: 1433,
    isEncrypted: true,
    connectedAt: now,
    connectionId: "6F9619FF-8B86-D011-B42D-00C04FC964FF",
    tdsVersion: 0x74000004,
    packetSize: 4096,
    database: "master",
    transaction: null,
  };
  const context: SqlContext = {
    engine,
    session,
    variables: new Map(),
    lent: [],
    catalog: catalogOf(profile),
    statement: "",
    inform: () => undefined,
    describe: (sql) => describeText(sql, context),
  };

  async function values(sql: string): Promise<{ names: readonly string[]; rows: readonly (readonly SqlValue[])[] }[]> {
    const results: { names: readonly string[]; rows: readonly (readonly SqlValue[])[] }[] = [];
    const sink: ReplySink = {
      message: () => undefined,
      databaseChanged: () => undefined,
      transactionChanged: () => undefined,
      done: () => undefined,
      rows: async (result) => {
        results.push({ names: result.columns.map(({ name }) => name), rows: [...result.run()] });
      },
    };
    await runText(sql, { ...context, variables: new Map() }, sink);
    return results;
  }

  return {
    engine,
    session,
    logInAs: (name) => {
      loginName = name;
    },
    run: async (sql) =>
      (await values(sql)).map(({ names, rows }) =>
        rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null]))),
      ),
    row: async (sql) => {
      const [result, ...more] = await values(sql);
      const [row, ...others] = result?.rows ?? [];
      if (!row || others.length > 0 || more.length > 0) throw new Error(`not one row: ${sql}`);
      return row;
    },
    error: async (sql) => {
      try {
        await values(sql);
      } catch (error) {
        if (error instanceof ServerError) return error.report.number;
        throw error;
      }
      throw new Error(`no error: ${sql}`);
    },
    describe: (sql) => describeText(sql, context).map(({ name, type }) => `${name} ${typeText(type)}`),
  };
}
