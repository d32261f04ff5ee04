/** Emulated instances that share databases: each with audits and files of its own, one of them primary (SQL Server notes §5). */
import { randomBytes } from "node:crypto";
import type { Instance } from "./instance.ts";
import { type SqlServerEmulator, type SqlServerEmulatorOptions, startSqlServerEmulator } from "./server.ts";

export type ReplicaRole = "PRIMARY" | "SECONDARY";

export interface EmulatedGroupOptions
  extends Omit<SqlServerEmulatorOptions, "port" | "instanceName" | "instance" | "trail"> {
  /** Server names; the first one is primary. Default SQLEMU01 and SQLEMU02. */
  readonly replicas?: readonly string[];
  /** Of the group. Default AG1. */
  readonly name?: string;
  /** Names of the databases that it holds; by default those that hold data. */
  readonly databases?: readonly string[];
}

const DEFAULT_REPLICAS = ["SQLEMU01", "SQLEMU02"];
const DEFAULT_DATABASES = ["Sales", "HumanResources", "Clinic"];

/**
 * An availability group. Its replicas have the same logins and audits of the same GUIDs, and nothing of an audit moves
 * between them: roles swap, files stay. A role is one of the group, so an instance that is down may have one, too.
 */
export class EmulatedGroup implements AsyncDisposable {
  readonly #options: SqlServerEmulatorOptions;
  readonly #name: string;
  readonly #databases: readonly string[];
  readonly #replicas: SqlServerEmulator[] = [];
  #primary: SqlServerEmulator | undefined;

  private constructor({ name = "AG1", databases = DEFAULT_DATABASES, ...options }: EmulatedGroupOptions) {
    this.#name = name;
    this.#databases = databases;
    this.#options = { password: randomBytes(12).toString("base64url"), ...options };
  }

  static async start({ replicas = DEFAULT_REPLICAS, ...options }: EmulatedGroupOptions = {}): Promise<EmulatedGroup> {
    await using stack = new AsyncDisposableStack();
    const group = stack.use(new EmulatedGroup(options));
    for (const name of replicas) await group.addReplica(name);
    stack.move();
    return group;
  }

  get replicas(): readonly SqlServerEmulator[] {
    return this.#replicas;
  }

  roleOf(replica: SqlServerEmulator): ReplicaRole {
    return replica === this.#primary ? "PRIMARY" : "SECONDARY";
  }

  /** The first one of those with this role that runs. */
  running(role: ReplicaRole): SqlServerEmulator | undefined {
    return this.#replicas.find((replica) => replica.isRunning && this.roleOf(replica) === role);
  }

  /** A new secondary, or the primary when it is the first. */
  async addReplica(instanceName: string): Promise<SqlServerEmulator> {
    const replica = await startSqlServerEmulator({ ...this.#options, instanceName });
    this.#replicas.push(replica);
    this.#primary ??= replica;
    this.#tellRole(replica);
    return replica;
  }

  /** The roles swap. Who works in a database of the group loses the connection on both sides; nobody else notices. */
  failOver(to: SqlServerEmulator): void {
    const from = this.#primary;
    if (from === to) return;
    this.#primary = to;
    for (const replica of [from, to]) {
      if (!replica) continue;
      this.#tellRole(replica);
      replica.killSessionsIn(this.#databases);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica[Symbol.asyncDispose]()));
  }

  #tellRole(replica: SqlServerEmulator): void {
    replica.changeInstance(inGroup(replica.instance, this.#name, this.#databases, this.roleOf(replica)));
  }
}

/** What an instance says of itself as a replica of the group; of other groups it says what it said. */
function inGroup(
  { availabilityGroups, databases }: Instance,
  name: string,
  members: readonly string[],
  role: ReplicaRole,
): Partial<Instance> {
  return {
    isHadrEnabled: true,
    availabilityGroups: [...availabilityGroups.filter((group) => group.name !== name), { name, role }],
    databases: databases.map((database) =>
      members.includes(database.name) ? { ...database, isPrimaryReplica: role === "PRIMARY" } : database,
    ),
  };
}
