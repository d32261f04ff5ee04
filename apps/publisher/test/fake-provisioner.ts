import {
  type PlannedStatement,
  type PolicyState,
  type ProvisionedState,
  type Provisioner,
  RefusedError,
} from "@das/core";

/** A database that does what it is told, and remembers it. */
export class FakeProvisioner implements Provisioner {
  readonly engine = "sqlserver";
  /** Every statement that was run. */
  readonly ran: string[] = [];
  isPrimary = true;
  policy: PolicyState | undefined;
  /** The next run ends before this statement. */
  failsAt: string | undefined;
  /** By the engine's clock. */
  time = "2026-11-22 10:00:00.0000000+00";

  async demandPrimary(): Promise<void> {
    if (this.isPrimary) return;
    throw new RefusedError({ who: "fake", what: "a standby", remedy: "r", code: "InvalidDBInstanceState" });
  }

  async now(): Promise<string> {
    return this.time;
  }

  async planStart(): Promise<readonly PlannedStatement[]> {
    return this.policy ? [] : ["CREATE AUDIT", "LOCK"].filter((sql) => !this.ran.includes(sql)).map(statement);
  }

  async planPolicy(policy: PolicyState): Promise<readonly PlannedStatement[]> {
    return this.policy === policy ? [] : [statement(policy === "locked" ? "LOCK" : "UNLOCK")];
  }

  async planStop(): Promise<readonly PlannedStatement[]> {
    return this.ran.includes("CREATE AUDIT") ? [statement("DROP AUDIT")] : [];
  }

  async run(
    plan: readonly PlannedStatement[],
    _signal: AbortSignal,
    done: (statement: PlannedStatement) => void = () => undefined,
  ): Promise<void> {
    for (const planned of plan) {
      if (planned.sql === this.failsAt) {
        this.failsAt = undefined;
        throw new RefusedError({ who: "fake", what: `${planned.what} failed`, remedy: "r", code: "right-missing" });
      }
      this.ran.push(planned.sql);
      if (planned.sql === "LOCK") this.policy = "locked";
      if (planned.sql === "UNLOCK") this.policy = "unlocked";
      if (planned.sql === "DROP AUDIT") {
        this.policy = undefined;
        this.ran.length = 0;
      }
      done(planned);
    }
  }

  async state(): Promise<ProvisionedState> {
    return { policy: this.policy, drift: [], parameters: [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open.
  }
}

function statement(sql: string): PlannedStatement {
  return { what: sql.toLowerCase(), sql };
}
