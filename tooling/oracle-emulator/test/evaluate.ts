/** Runs statements on an engine without a socket. */
import type { Clock } from "@das/core";
import { defaultDatabase } from "../src/default-database.ts";
import { OracleEngine } from "../src/engine.ts";
import type { BindValue, EngineSession, LogOn, SqlValue } from "../src/engine-session.ts";
import { createWorld, type WorldOptions } from "../src/model/create-world.ts";
import { OracleError } from "../src/oracle-error.ts";
import { OracleWorld } from "../src/oracle-world.ts";

export const BEGIN = Date.UTC(2026, 10, 22, 12, 0, 0);

/** Moves only when it is told to. */
export class StillClock implements Clock {
  milliseconds = BEGIN;
  now(): number {
    return this.milliseconds;
  }
  monotonic(): number {
    return this.milliseconds;
  }
  sleep(): Promise<void> {
    throw new Error("nothing sleeps in these tests");
  }
}

export interface Evaluated {
  readonly columns: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
  readonly rowsAffected: number;
}

/** One session; what it gets, or the error that it gets. */
export class TestSession implements Disposable {
  readonly session: EngineSession;

  constructor(session: EngineSession) {
    this.session = session;
  }

  run(sql: string, ...binds: readonly (string | BindValue | null)[]): Evaluated {
    const values = binds.map(
      (bind): BindValue => (bind === null || typeof bind === "string" ? { type: "VARCHAR2", value: bind } : bind),
    );
    const result = this.session.execute(sql, values, new AbortController().signal);
    if (result instanceof Promise) throw new Error("a statement of these tests waits for nothing");
    if ("rowsAffected" in result) return { columns: [], types: [], rows: [], rowsAffected: result.rowsAffected };
    const rows = Array.from(result.rows, (row) => [...row]);
    return {
      columns: result.columns.map(({ name }) => name),
      types: result.columns.map(({ type, size }) => (size === undefined ? type : `${type}(${size})`)),
      rows,
      rowsAffected: 0,
    };
  }

  /** The only value of the only row. */
  value(sql: string, ...binds: readonly (string | BindValue | null)[]): SqlValue {
    const { rows } = this.run(sql, ...binds);
    const [row] = rows;
    if (rows.length !== 1 || row?.length !== 1) throw new Error(`${sql} gives ${rows.length} rows`);
    return row[0] ?? null;
  }

  /** `ORA-00942: …`. */
  error(sql: string, ...binds: readonly (string | BindValue | null)[]): string {
    try {
      this.run(sql, ...binds);
    } catch (error) {
      if (error instanceof OracleError) return error.message;
      throw error;
    }
    throw new Error(`${sql} is no error`);
  }

  [Symbol.dispose](): void {
    this.session.close("logged off");
  }
}

export interface TestDatabase {
  readonly clock: StillClock;
  readonly shared: OracleWorld;
  engine(site?: string): OracleEngine;
  /** As DAS_READER in the PDB unless it is said otherwise. */
  logOn(user?: string, options?: { readonly site?: string; readonly service?: string }): TestSession;
}

export function openDatabase(options: Partial<WorldOptions> = {}): TestDatabase {
  const clock = new StillClock();
  const world = createWorld(
    { release: "19c", pluggables: ["SALESPDB"], standbys: [{ uniqueName: "ORCL_B" }], ...options },
    clock.now(),
  );
  const database = defaultDatabase({
    reader: { name: "DAS_READER", password: "reader" },
    administratorPassword: "administrator",
  });
  const shared = new OracleWorld({ world, database, clock });
  const engines = new Map<string, OracleEngine>();
  const engine = (site = "ORCL_A") => {
    const found = engines.get(site) ?? new OracleEngine(shared, { site });
    engines.set(site, found);
    return found;
  };
  return {
    clock,
    shared,
    engine,
    logOn: (user = "DAS_READER", { site, service = "SALESPDB" } = {}) =>
      new TestSession(engine(site).openSession(logOnOf(user, service))),
  };
}

export function logOnOf(user: string, serviceName: string): LogOn {
  return {
    user,
    target: { serviceName },
    clientAddress: "192.0.2.7",
    clientPort: 51_234,
    protocol: "tcp",
    program: "node",
    machine: "collector",
    osUser: "das",
    processId: "4711",
    terminal: "unknown",
    driver: "node-oracledb : 26.0.0 thn",
    privilege: user.toUpperCase() === "SYS" ? "sysdba" : "normal",
  };
}
