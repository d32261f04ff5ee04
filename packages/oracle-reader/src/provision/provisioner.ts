import {
  type Clock,
  type Logger,
  type PlannedStatement,
  type PolicyState,
  type ProvisionedState,
  type Provisioner,
  RefusedError,
  type ResourceId,
  systemClock,
  UnavailableError,
  type UtcTime,
  utcTime,
} from "@das/core";
import { numberOf } from "../check/answer.ts";
import { placeOf } from "../classify-error.ts";
import { Connection } from "../connection.ts";
import type { ConnectionOptions } from "../connection-options.ts";
import { DATABASE_STATE } from "../statements.ts";
import { type ContainerState, lookAtContainerState } from "./container-state.ts";
import { dictionaryName, isCommon } from "./names.ts";
import { planPolicy } from "./plan-policy.ts";
import { planStart } from "./plan-start.ts";
import { planStop } from "./plan-stop.ts";
import { recordText } from "./policy-record.ts";
import { lookAtProvision, type ProvisionFacts } from "./provision-facts.ts";
import { runStatement } from "./run-statement.ts";
import { mayBeRefused, vaultRemark } from "./vault-rules.ts";

export interface ProvisionerOptions {
  readonly resourceId: ResourceId;
  /**
   * The instances of the resource, as in the configuration: user and password are the publisher's. The first one must be
   * the primary; what is made there is replicated to the others.
   */
  readonly instances: readonly ConnectionOptions[];
  /** Services of the PDBs that are read besides: each container has policies and a state of its own. */
  readonly containers?: readonly string[];
  /** Of a user with the role DBA in each container. */
  readonly administrator: { readonly user: string; readonly password: string };
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Nothing connects before the first question. */
export function openProvisioner(options: ProvisionerOptions): Provisioner {
  return new OracleProvisioner(options);
}

class OracleProvisioner implements Provisioner {
  readonly engine = "oracle";
  readonly #options: ProvisionerOptions;
  readonly #primary: ConnectionOptions;
  readonly #connections = new Map<string, Connection>();
  /** Where each planned statement goes. */
  readonly #services = new WeakMap<PlannedStatement, string>();

  constructor(options: ProvisionerOptions) {
    const [primary] = options.instances;
    if (!primary) throw new Error("oracle-reader: a resource has at least one instance");
    this.#options = options;
    this.#primary = primary;
  }

  async demandPrimary(signal: AbortSignal): Promise<void> {
    const [, role = "", openMode = ""] = await this.#databaseState(signal).catch((error: unknown) => {
      throw notOpen(error, this.#primary) ?? error;
    });
    if (role === "PRIMARY" && openMode === "READ WRITE") return;
    throw new RefusedError({
      who: "oracle-reader",
      what: `${placeOf(this.#primary)} is a ${role || "database"} that is open ${openMode || "in no way"}, not a primary that is open READ WRITE`,
      remedy: "Run the command with --instance for the instance that is the primary now",
      code: "InvalidDBInstanceState",
    });
  }

  async now(signal: AbortSignal): Promise<UtcTime> {
    const [now = ""] = await this.#databaseState(signal);
    return utcTime(now);
  }

  planStart(signal: AbortSignal): Promise<readonly PlannedStatement[]> {
    return this.#plan(signal, (found) => {
      demandCommonReader(found);
      this.#warnOfSilence(found);
      this.#warnOfVault(found);
      return planStart(found);
    });
  }

  planPolicy(policy: PolicyState, signal: AbortSignal): Promise<readonly PlannedStatement[]> {
    return this.#plan(signal, (found) => {
      const plan = planPolicy(policy, found);
      if (policy === "locked") this.#warnOfVault(found);
      if (plan) return plan;
      throw new RefusedError({
        who: "oracle-reader",
        what: `${found.place}: no activity stream was started in this database`,
        remedy: "Run das start first",
        code: "InvalidDBInstanceState",
      });
    });
  }

  planStop(signal: AbortSignal): Promise<readonly PlannedStatement[]> {
    return this.#plan(signal, planStop);
  }

  async run(
    plan: readonly PlannedStatement[],
    signal: AbortSignal,
    done?: (statement: PlannedStatement) => void,
  ): Promise<void> {
    for (const statement of plan) {
      signal.throwIfAborted();
      const service = this.#services.get(statement);
      if (service === undefined) throw new Error("oracle-reader: a plan is run by the provisioner that made it");
      const fillings = {
        readerPassword: this.#primary.password,
        record: async () => recordText((await this.#look(service, signal)).record),
      };
      const connection = await this.#connection(service, signal);
      try {
        await runStatement(connection, statement, fillings, signal);
      } catch (error) {
        if (!(error instanceof RefusedError && mayBeRefused(statement))) throw error;
        const { what, place } = statement;
        this.#options.logger.warn(
          { place, error: error.message },
          `the server refused to ${what}: what it would prevent is only detected`,
        );
        continue;
      }
      done?.(statement);
    }
  }

  async state(signal: AbortSignal): Promise<ProvisionedState> {
    const found: (ContainerState | undefined)[] = [];
    for (const service of this.#servicesRead) {
      found.push(await lookAtContainerState(await this.#connection(service, signal), this.#placeOf(service), signal));
    }
    const states = found.filter((each) => each !== undefined);
    const named = (place: string, line: string) => (found.length > 1 ? `${place}: ${line}` : line);
    return {
      // One container that is not locked is a way around the lock.
      policy:
        states.length < found.length ? undefined : states.every(({ isLocked }) => isLocked) ? "locked" : "unlocked",
      drift: states.flatMap(({ place, drift }) => drift.map((line) => named(place, line))),
      parameters: states.flatMap(({ parameters }) => parameters),
      protection: states.map(({ place, protection }) => named(place, protection)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
  }

  async #plan(
    signal: AbortSignal,
    planOf: (found: ProvisionFacts) => readonly PlannedStatement[],
  ): Promise<readonly PlannedStatement[]> {
    const plan: PlannedStatement[] = [];
    for (const service of this.#servicesRead) {
      const statements = planOf(await this.#look(service, signal));
      for (const statement of statements) this.#services.set(statement, service);
      plan.push(...statements);
    }
    return plan;
  }

  get #servicesRead(): readonly string[] {
    return [this.#primary.service, ...(this.#options.containers ?? [])];
  }

  async #look(service: string, signal: AbortSignal): Promise<ProvisionFacts> {
    const reader = dictionaryName(this.#primary.user);
    return lookAtProvision(await this.#connection(service, signal), this.#placeOf(service), reader, signal);
  }

  #placeOf(service: string): string {
    return `instance ${this.#primary.instanceId}, ${service}`;
  }

  async #databaseState(signal: AbortSignal): Promise<readonly string[]> {
    const connection = await this.#connection(this.#primary.service, signal);
    const [row = []] = await connection.select(DATABASE_STATE, {}, signal);
    signal.throwIfAborted();
    return row.map((value) => value ?? "");
  }

  async #connection(service: string, signal: AbortSignal): Promise<Connection> {
    const known = this.#connections.get(service);
    if (known) return known;
    const { administrator, clock = systemClock } = this.#options;
    const connection = await this.#open({ ...this.#primary, ...administrator, service }, clock, signal);
    this.#connections.set(service, connection);
    return connection;
  }

  async #open(options: ConnectionOptions, clock: Clock, signal: AbortSignal): Promise<Connection> {
    try {
      return await Connection.open(options, clock, signal);
    } catch (error) {
      // The publisher's own login stands in the configuration, as the error says.
      const isOwn = options.user === this.#primary.user;
      if (!(error instanceof RefusedError) || error.code !== "login-refused" || isOwn) throw error;
      throw new RefusedError({
        who: error.who,
        what: error.what,
        remedy: "Check --admin-user and the password (DAS_ADMIN_PASSWORD), and the account in DBA_USERS",
        code: error.code,
        cause: error.cause,
      });
    }
  }

  #warnOfVault(found: ProvisionFacts): void {
    const remark = vaultRemark(found);
    if (remark !== "") this.#options.logger.warn({ place: found.place }, remark);
  }

  /** The trail would hold only what Oracle always audits; which policies there are is the site's own choice. */
  #warnOfSilence({ policies, place }: ProvisionFacts): void {
    if (policies.some(({ name }) => !/^(ORA[_$]|DAS_(LOCK|READER_POL|CANARY_POL)$)/.test(name))) return;
    this.#options.logger.warn(
      { place },
      "no audit policy of your own is enabled: no access to data will reach the stream; while the policy is locked, none can be added",
    );
  }
}

/** An ordinary user, DBA or not, is let into no database that is mounted: a standby mostly, or one that is starting. */
const NOT_OPEN: ReadonlySet<number | undefined> = new Set([1033, 1109]);

function notOpen(error: unknown, primary: ConnectionOptions): RefusedError | undefined {
  if (!(error instanceof UnavailableError) || !NOT_OPEN.has(numberOf(error))) return undefined;
  return new RefusedError({
    who: "oracle-reader",
    what: `${placeOf(primary)} is not open: a mounted standby, or a database that is starting or shutting down`,
    remedy:
      "Run the command with --instance for the instance that is the primary now; or open the database, and run it again",
    code: "InvalidDBInstanceState",
    cause: error,
  });
}

/** Before anything is made: in a root a user with another name cannot be. */
function demandCommonReader({ place, names, accounts }: ProvisionFacts): void {
  if (names.everywhere === "" || isCommon(names.reader) || accounts.has(names.reader)) return;
  throw new RefusedError({
    who: "oracle-reader",
    what: `${place}: this is the root of a container database, where every user is common, and "${names.reader}" is no common user's name`,
    remedy: "Give the publisher's account in the configuration a name that begins with C##",
    code: "account-not-common",
  });
}
