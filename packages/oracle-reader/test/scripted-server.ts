import {
  type Engine,
  OracleError,
  type QueryResult,
  startWireServer,
  type WireServerOptions,
} from "@das/oracle-emulator";
import type { ConnectionOptions } from "../src/connection-options.ts";
import { SESSION_AS_SET_UP, SESSION_CHECK, SESSION_SETUP } from "../src/statements.ts";

/** The answer to a statement: a result; `never`, until the client breaks it off; undefined for ORA-00942. */
export type Answer = (sql: string, binds: readonly unknown[]) => QueryResult | "done" | "never" | undefined;

/** A result of text columns. */
export function textResult(...rows: readonly (readonly (string | null)[])[]): QueryResult {
  const columns = (rows[0] ?? [""]).map((_, index) => ({
    name: `C${index}`,
    type: "VARCHAR2" as const,
    nullable: true,
  }));
  return { columns, rows };
}

/** A server that answers what a test says: for what no database would do, or not at this moment. */
export async function startScriptedServer(answer: Answer, options: WireServerOptions = {}) {
  /** What became of the sessions, oldest first. */
  const ends: string[] = [];
  let setUp: readonly (string | null)[] = SESSION_AS_SET_UP;
  const engine: Engine = {
    identity: {
      version: "19.21.0.0.0",
      banner: "Oracle Database 19c Enterprise Edition",
      databaseName: "ORCL",
      dbUniqueName: "ORCL_A",
      instanceName: "ORCL1",
      serviceName: "orcl",
    },
    refusalOf: () => undefined,
    passwordOf: () => "secret",
    logOnFailed: () => undefined,
    openSession: () => ({
      sessionId: 1,
      serialNumber: 1,
      execute: (sql, binds, cancelled) => {
        if (sql === SESSION_SETUP) return { rowsAffected: 0 };
        if (sql === SESSION_CHECK) return textResult(setUp);
        const result = answer(sql, binds);
        if (result === undefined) throw new OracleError(942, "table or view does not exist");
        if (result === "done") return { rowsAffected: 0 };
        if (result !== "never") return result;
        return new Promise((_, reject) => {
          cancelled.addEventListener("abort", () => reject(new OracleError(1013, "user requested cancel")));
        });
      },
      setEndToEnd: () => undefined,
      commit: () => undefined,
      rollback: () => undefined,
      close: (how) => ends.push(how),
    }),
  };
  const server = await startWireServer(engine, options);
  const tls = options.tls === "off" ? "off" : "required";
  const target: ConnectionOptions = {
    instanceId: "a",
    host: server.host,
    port: server.port,
    service: "orcl",
    user: "DAS_READER",
    password: "secret",
    tls,
    ...(server.ca !== undefined && { certificateAuthority: server.ca }),
  };
  return {
    server,
    target,
    ends,
    /** What the session shows of its settings from now on. */
    setSettings: (settings: readonly (string | null)[]) => {
      setUp = settings;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
