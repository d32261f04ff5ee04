/** An engine of a few answers, so that the wire is tested by itself. */
import type {
  BindValue,
  Column,
  EndToEnd,
  Engine,
  EngineSession,
  LogOn,
  SqlValue,
  StatementResult,
} from "../src/engine-session.ts";
import { OracleError } from "../src/oracle-error.ts";

export type Answer = (
  binds: readonly BindValue[],
  cancelled: AbortSignal,
) => StatementResult | Promise<StatementResult>;

/** Statements by their exact text; any other is refused, so that no test passes by accident. */
export class StubEngine implements Engine {
  readonly users = new Map([["scott", "tiger"]]);
  readonly answers = new Map<string, Answer>();
  readonly failed: LogOn[] = [];
  /** What happened to sessions, in order. */
  readonly events: string[] = [];
  endToEnd: EndToEnd = {};
  identity = {
    version: "19.26.0.0.0",
    banner: "Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production",
    databaseName: "STUB",
    dbUniqueName: "STUB_A",
    instanceName: "stub1",
    serviceName: "stub.example",
  };
  #sessions = 0;

  answer(sql: string, answer: Answer): this {
    this.answers.set(sql, answer);
    return this;
  }

  refusalOf({ serviceName, sid }: { readonly serviceName?: string; readonly sid?: string }): number | undefined {
    if (serviceName === "stub") return undefined;
    return sid === undefined ? 12514 : 12505;
  }

  passwordOf(user: string): string | undefined {
    return this.users.get(user);
  }

  openSession(logOn: LogOn): EngineSession {
    if (this.identity.databaseName === "LOCKED") throw new OracleError(28000, "The account is locked.");
    this.#sessions += 1;
    const { events, answers } = this;
    events.push(`open ${logOn.user}`);
    return {
      sessionId: this.#sessions,
      serialNumber: 1000 + this.#sessions,
      execute: (sql, binds, cancelled) => {
        const answer = answers.get(sql);
        if (!answer) throw new OracleError(900, `invalid SQL statement: ${JSON.stringify(sql)}`, 0);
        return answer(binds, cancelled);
      },
      setEndToEnd: (values) => {
        this.endToEnd = { ...this.endToEnd, ...values };
      },
      commit: () => events.push("commit"),
      rollback: () => events.push("rollback"),
      close: (how) => events.push(`close ${how}`),
    };
  }

  logOnFailed(logOn: LogOn): void {
    this.failed.push(logOn);
  }
}

export function column(name: string, type: Column["type"], more: Partial<Column> = {}): Column {
  return { name, type, nullable: true, ...more };
}

/** A result of rows that are there already. */
export function result(columns: readonly Column[], rows: readonly (readonly SqlValue[])[]): Answer {
  return () => ({ columns, rows });
}
