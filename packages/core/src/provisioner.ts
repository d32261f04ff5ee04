import type { Engine } from "./engine.ts";
import type { UtcTime } from "./time.ts";

/**
 * The contract between the commands that change a stream's life (`das start`, `stop`, `modify`) and the engines. A
 * provisioner works with an administrator's login, which a publisher never has.
 *
 * Planning and running are apart: a plan is all the SQL, in order, that a person may read before any of it runs.
 */

export interface PlannedStatement {
  /** What it is for: `create the server audit RDS_DAS_AUDIT`. */
  readonly what: string;
  /** A secret stands as `:reader_password` in it, and is quoted or bound only when it is sent. */
  readonly sql: string;
  /** The instance and the database or container, as a person would name it; absent: the server that was asked. */
  readonly place?: string;
}

/** ActivityStreamPolicyStatus at rest, in RDS's words. */
export type PolicyState = "locked" | "unlocked";

/** A parameter of the server that the stream needs otherwise than it was. */
export interface OverriddenParameter {
  readonly name: string;
  /** Before `das start`. */
  readonly was: string;
  readonly is: string;
}

/** What the database says of the activity stream; it wins over what the stream's tags say. */
export interface ProvisionedState {
  /** undefined: nothing is provisioned. */
  readonly policy: PolicyState | undefined;
  /** What is not as it was recorded, a line each. */
  readonly drift: readonly string[];
  readonly parameters: readonly OverriddenParameter[];
  /** What else enforces the lock, and what does not, a line each, as far as the login may see it. */
  readonly protection?: readonly string[];
}

export interface Provisioner extends AsyncDisposable {
  readonly engine: Engine;
  /** @throws RefusedError `InvalidDBInstanceState` on a standby; when a right is missing, which */
  demandPrimary(signal: AbortSignal): Promise<void>;
  /** By the engine's clock, for `--from now`. */
  now(signal: AbortSignal): Promise<UtcTime>;
  /** Only what is not there yet; empty when nothing is to be done, so that a second run changes nothing. */
  planStart(signal: AbortSignal): Promise<readonly PlannedStatement[]>;
  /** Empty when the policy is in that state. */
  planPolicy(policy: PolicyState, signal: AbortSignal): Promise<readonly PlannedStatement[]>;
  /** What `planStart` made goes, parameters come back, users' own specifications and policies stay. */
  planStop(signal: AbortSignal): Promise<readonly PlannedStatement[]>;
  /**
   * In order; ends at the first that fails, and says which. What ran stays: planning again gives what is left.
   * @param done called after each
   * @throws RefusedError, UnavailableError
   */
  run(
    plan: readonly PlannedStatement[],
    signal: AbortSignal,
    done?: (statement: PlannedStatement) => void,
  ): Promise<void>;
  state(signal: AbortSignal): Promise<ProvisionedState>;
}
