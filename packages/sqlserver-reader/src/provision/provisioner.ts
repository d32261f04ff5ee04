import { randomBytes } from "node:crypto";
import {
  DasError,
  type Logger,
  type PlannedStatement,
  type PolicyState,
  type ProvisionedState,
  type Provisioner,
  RefusedError,
  type ResourceId,
  systemClock,
  type UtcTime,
  utcTime,
} from "@das/core";
import { type Answer, Inquiry } from "../check/answer.ts";
import { hasSplitRights } from "../check/instance-facts.ts";
import { auditNamed } from "../check/server-audits.ts";
import { Connection } from "../connection.ts";
import type { ConnectionOptions } from "../connection-options.ts";
import { textOf } from "../instance.ts";
import { BLUEPRINTS } from "./audit-blueprint.ts";
import { auditGuid, loginSid } from "./audit-identity.ts";
import { driftOf } from "./fingerprint.ts";
import { standbyReason } from "./instance-role.ts";
import { READ } from "./names.ts";
import { planPolicy } from "./plan-policy.ts";
import { planStart } from "./plan-start.ts";
import { planStop } from "./plan-stop.ts";
import type { PolicyFacts } from "./policy-facts.ts";
import { lookAtProvision, type ProvisionFacts } from "./provision-facts.ts";
import { runStatement } from "./run-statement.ts";
import type { Step } from "./step.ts";

export interface ProvisionerOptions {
  readonly resourceId: ResourceId;
  /** The instances of the resource, as configured: user and password are the reader's. The first is the one asked. */
  readonly instances: readonly ProvisionedInstance[];
  /** Who changes things: never the reader. */
  readonly administrator: { readonly user: string; readonly password: string };
  readonly logger: Logger;
}

interface ProvisionedInstance extends ConnectionOptions {
  /** FILEPATH of the audits that start makes. Default: that of an audit which is there, `D:\das\` or `/var/opt/mssql/das/`. */
  readonly auditDirectory?: string;
}

/** Opening never fails: each instance is connected to when something is asked of it. */
export function openProvisioner(options: ProvisionerOptions): Provisioner {
  return new SqlServerProvisioner(options);
}

/** One instance as the administrator sees it, while the connection lasts. */
interface Place {
  readonly instance: ProvisionedInstance;
  readonly connection: Connection;
}

/** Audits are objects of a server: every instance of the resource is provisioned, each on its own connection. */
class SqlServerProvisioner implements Provisioner {
  readonly engine = "sqlserver";
  readonly #options: ProvisionerOptions;
  readonly #connections = new Map<ProvisionedInstance, Connection>();
  /** Where the statements of our own plans go, and which secret is theirs. */
  readonly #places = new WeakMap<
    PlannedStatement,
    { readonly instance: ProvisionedInstance; readonly secret: Step["secret"] }
  >();
  /** Of a private key that is thrown away as soon as it has signed. Long, and of every kind that a policy may want. */
  readonly #signingPassword = `Aa1!${randomBytes(24).toString("base64url")}`;

  constructor(options: ProvisionerOptions) {
    this.#options = options;
  }

  async demandPrimary(signal: AbortSignal): Promise<void> {
    const place = await this.#first();
    const reason = await standbyReason(new Inquiry(place.connection, signal), demandOf(place));
    if (reason === undefined) return;
    throw new RefusedError({
      who: "sqlserver-reader",
      what: `instance "${place.instance.instanceId}" is not the primary: ${reason}`,
      remedy: "Run the command with the instance that is the primary now",
      code: "InvalidDBInstanceState",
    });
  }

  async now(signal: AbortSignal): Promise<UtcTime> {
    const { connection } = await this.#first();
    const [row] = await connection.select("SELECT CONVERT(char(27), SYSUTCDATETIME(), 121) AS now", [], signal);
    signal.throwIfAborted();
    return utcTime(textOf(row?.[0]));
  }

  async planStart(signal: AbortSignal): Promise<readonly PlannedStatement[]> {
    const looked = await this.#lookEverywhere(signal);
    const guids = this.#guidsOf(looked);
    const elsewhere = databasesOf(looked);
    const { resourceId } = this.#options;
    this.#warnOfPower(looked);
    return this.#plan(looked, (found, { user, auditDirectory: directory }) =>
      planStart(found, { reader: user, readerSid: loginSid(resourceId, user), directory, guids, elsewhere }),
    );
  }

  async planPolicy(policy: PolicyState, signal: AbortSignal): Promise<readonly PlannedStatement[]> {
    const looked = await this.#lookEverywhere(signal);
    for (const [{ instanceId }, { record }] of looked) {
      if (record === undefined) throw notProvisioned(instanceId);
    }
    const elsewhere = databasesOf(looked);
    return this.#plan(looked, (found) => planPolicy(found, policy, elsewhere));
  }

  async planStop(signal: AbortSignal): Promise<readonly PlannedStatement[]> {
    return this.#plan(await this.#lookEverywhere(signal), planStop);
  }

  async run(
    plan: readonly PlannedStatement[],
    signal: AbortSignal,
    done: (statement: PlannedStatement) => void = () => undefined,
  ): Promise<void> {
    for (const statement of plan) {
      const place = this.#places.get(statement);
      if (!place) throw new TypeError(`not a statement of this provisioner's plan: ${statement.what}`);
      const { instance, secret } = place;
      const value = secret === "reader" ? instance.password : this.#signingPassword;
      const connection = await this.#connectionTo(instance);
      await runStatement(connection, instance, statement, secret && { name: secret, value }, signal);
      done(statement);
    }
  }

  async state(signal: AbortSignal): Promise<ProvisionedState> {
    const { record, policy } = await this.#look(await this.#first(), signal);
    if (!record) return { policy: undefined, drift: [], parameters: [] };
    // SQL Server audits need no parameter of the server otherwise than it is.
    return { policy: record.policy ?? "locked", drift: driftOf(record, policy), parameters: [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.all(open.map((connection) => connection[Symbol.asyncDispose]()));
  }

  async #first(): Promise<Place> {
    const [instance] = this.#options.instances;
    if (!instance) throw new TypeError("a resource has at least one instance");
    return { instance, connection: await this.#connectionTo(instance) };
  }

  async #connectionTo(instance: ProvisionedInstance): Promise<Connection> {
    const known = this.#connections.get(instance);
    if (known) return known;
    const { administrator, logger } = this.#options;
    const connection = await Connection.open({ ...instance, ...administrator }, systemClock, logger).catch(
      (error: unknown) => {
        const isTheirs = administrator.user !== instance.user;
        throw isTheirs && error instanceof DasError && error.code === "login-refused" ? loginRefused(error) : error;
      },
    );
    this.#connections.set(instance, connection);
    return connection;
  }

  async #lookEverywhere(signal: AbortSignal): Promise<ReadonlyMap<ProvisionedInstance, ProvisionFacts>> {
    const looked = new Map<ProvisionedInstance, ProvisionFacts>();
    for (const instance of this.#options.instances) {
      const connection = await this.#connectionTo(instance);
      looked.set(instance, await this.#look({ instance, connection }, signal));
    }
    return looked;
  }

  /** That the reader holds CONTROL SERVER of its own may be somebody's wish; it is said each time. */
  #warnOfPower(looked: ReadonlyMap<ProvisionedInstance, ProvisionFacts>): void {
    for (const [{ instanceId, user }, { instance, reader }] of looked) {
      if (hasSplitRights(instance) || !reader.granted.has("CONTROL SERVER")) continue;
      this.#options.logger.warn(
        { instance: instanceId, user },
        `the reader holds CONTROL SERVER, which is nearly everything; it reads through ${READ.name} without: revoke it`,
      );
    }
  }

  #look(place: Place, signal: AbortSignal): Promise<ProvisionFacts> {
    return lookAtProvision(new Inquiry(place.connection, signal), place.instance.user, demandOf(place));
  }

  #plan(
    looked: ReadonlyMap<ProvisionedInstance, ProvisionFacts>,
    planOne: (facts: ProvisionFacts, instance: ProvisionedInstance) => readonly Step[],
  ): readonly PlannedStatement[] {
    return [...looked].flatMap(([instance, facts]) =>
      planOne(facts, instance).map(({ what, sql, secret }) => {
        const statement: PlannedStatement = { what, sql, place: `instance ${instance.instanceId}, database master` };
        this.#places.set(statement, { instance, secret });
        return statement;
      }),
    );
  }

  /** One GUID for each audit on all replicas: that of audits which exist, or else the resource's own. @throws RefusedError */
  #guidsOf(looked: ReadonlyMap<ProvisionedInstance, ProvisionFacts>): ReadonlyMap<string, string> {
    const guids = new Map<string, string>();
    for (const { audit } of BLUEPRINTS) {
      const found = [...looked].flatMap(([{ instanceId }, { policy }]) => {
        const existing = auditNamed(policy.audits, audit);
        return existing ? [{ instanceId, guid: existing.guid }] : [];
      });
      const [first] = found;
      const other = found.find(({ guid }) => guid !== first?.guid);
      if (first && other) {
        throw new RefusedError({
          who: "sqlserver-reader",
          what: `the server audit ${audit} has another AUDIT_GUID on "${other.instanceId}" (${other.guid}) than on "${first.instanceId}" (${first.guid}), so database specifications would record nothing after a failover`,
          remedy:
            "A GUID cannot be changed: drop the audit on the instance that is no primary, and run the command again",
          code: "InvalidDBInstanceState",
        });
      }
      guids.set(audit, first?.guid ?? auditGuid(this.#options.resourceId, audit));
    }
    return guids;
  }
}

/** The specifications of each database, as the instance has them where it is the primary. */
function databasesOf(looked: ReadonlyMap<ProvisionedInstance, ProvisionFacts>): PolicyFacts["databases"] {
  return new Map([...looked.values()].flatMap(({ policy }) => [...policy.databases]));
}

/** The administrator's password stands in no configuration. */
function loginRefused({ who, what, code, cause }: DasError): RefusedError {
  const remedy = "Check --admin-user, and the password that was typed or stands in DAS_ADMIN_PASSWORD";
  return new RefusedError({ who, what, remedy, code, cause });
}

function notProvisioned(instanceId: string): RefusedError {
  return new RefusedError({
    who: "sqlserver-reader",
    what: `instance "${instanceId}" has no audit policy to lock or unlock: nothing is provisioned there`,
    remedy: "Run das start",
    code: "InvalidDBInstanceState",
  });
}

/** @throws RefusedError when the administrator may not look */
function demandOf({ instance }: Place) {
  return <Value>(answer: Answer<Value>): Value => {
    if (answer.known) return answer.value;
    throw new RefusedError({
      who: "sqlserver-reader",
      what: `instance "${instance.instanceId}" does not show the administrator what is provisioned (${answer.reason})`,
      remedy:
        "Use a login with CONTROL SERVER, or at least with the rights that das grants prints for an administrator",
      code: "right-missing",
    });
  };
}
