import {
  type AuditReader,
  type CheckReport,
  type Clock,
  DasError,
  type InstanceContext,
  type Logger,
  type OracleEvent,
  retryDelay,
  type StartPosition,
  silentLogger,
  systemClock,
} from "@das/core";
import type { AuditServer, Branch, DatabaseState } from "./audit-server.ts";
import { OracleAuditSource } from "./audit-source.ts";
import { checkInstance } from "./check/check-instance.ts";
import { ConnectedServer } from "./connected-server.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { toEvent } from "./map-event.ts";
import { HOUR } from "./micros.ts";
import type { OracleRow } from "./row.ts";

export interface OracleReaderOptions {
  /** The database, or the root of one with PDBs. */
  readonly connection: ConnectionOptions;
  /** Of the resource: part of the names of the locks. */
  readonly resourceId: string;
  /** Services of the PDBs that are read besides: each container has a trail of its own. */
  readonly containers?: readonly string[];
  /** The other configured instances of the same resource, which `check` looks at as well. */
  readonly replicas?: readonly ConnectionOptions[];
  /** The instance's own address in the events; default: what the server reports. */
  readonly serverHost?: string;
  /** Whether columns that no field of an event takes are read, too. Default true. */
  readonly nativeAuditFields?: boolean;
  /** Where a source begins that has nothing to resume from. Default `oldest`: every row that the trail still holds. */
  readonly startAt?: StartPosition;
  /** `das_owner.das_canary` is installed: its row proves every five minutes that auditing works. Default false. */
  readonly canary?: boolean;
  /**
   * Hours for which rows stay in the trail after they are on the stream; then `das_owner.das_advance`, which must be
   * installed, allows the database to purge them. Default: purging is left to the DBA.
   */
  readonly purgeAfterHours?: number;
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  readonly logger?: Logger;
}

/** Milliseconds between looks at the role of a database: how soon a new primary is noticed. */
const ROLE_INTERVAL = 1_000;
const RECONNECT = { base: 500, cap: 5_000 };

/** Reads the unified audit trail of one Oracle instance: of the database, or of its root and the PDBs that are named. */
export class OracleReader implements AuditReader<OracleRow> {
  readonly engine = "oracle";
  readonly #options: OracleReaderOptions;
  /** By id and history: a source that is owned again is the same one. */
  readonly #sources = new Map<string, OracleAuditSource>();

  constructor(options: OracleReaderOptions) {
    this.#options = options;
  }

  check(signal: AbortSignal): Promise<CheckReport> {
    const { connection, containers = [], replicas = [], canary = false, purgeAfterHours } = this.#options;
    const { clock = systemClock } = this.#options;
    const wanted = { canary, handOver: purgeAfterHours !== undefined };
    return checkInstance({ connection, containers, replicas, wanted, clock }, signal);
  }

  /**
   * The spillover files of this instance, in any role, and the tables while it is the primary: what a container shows in
   * its present role. A container that cannot be reached keeps what it had.
   * @throws RefusedError when a container refuses before it was ever reached
   */
  async *sources(signal: AbortSignal): AsyncGenerator<readonly OracleAuditSource[]> {
    const { connection, containers = [], clock = systemClock } = this.#options;
    const watches = [connection.service, ...containers].map((service) => new ContainerWatch(this.#options, service));
    let told: readonly OracleAuditSource[] | undefined;
    try {
      while (!signal.aborted) {
        await Promise.all(watches.map((watch) => watch.look(signal)));
        if (signal.aborted) return;
        const owned = watches.flatMap(({ service, owned: sources }) =>
          sources.map((source) => this.#source(service, source)),
        );
        const isKnown = watches.every(({ wasReached }) => wasReached);
        if (isKnown && !(told && sameMembers(told, owned))) {
          told = owned;
          yield owned;
        }
        await clock.sleep(Math.min(ROLE_INTERVAL, ...watches.map(({ wait }) => wait)), signal);
      }
    } finally {
      await Promise.all(watches.map((watch) => watch.close()));
    }
  }

  toEvent(row: OracleRow, context: InstanceContext): OracleEvent {
    return toEvent(row, context);
  }

  /** Each source holds a connection of its own only while it is read. */
  async [Symbol.asyncDispose](): Promise<void> {
    return;
  }

  #source(service: string, { id, branch, history }: OwnedSource): OracleAuditSource {
    const key = `${id} ${history}`;
    let source = this.#sources.get(key);
    if (!source) {
      const { startAt = "oldest", clock = systemClock, random = Math.random, logger = silentLogger } = this.#options;
      const { canary = false, purgeAfterHours } = this.#options;
      const connect = (signal: AbortSignal) => connectTo(this.#options, service, signal);
      source = new OracleAuditSource({
        id,
        branch,
        history,
        connect,
        startAt,
        canary,
        ...(purgeAfterHours !== undefined && { purgeRetention: purgeAfterHours * HOUR }),
        clock,
        random,
        logger,
      });
      this.#sources.set(key, source);
    }
    return source;
  }
}

interface OwnedSource {
  readonly id: string;
  readonly branch: Branch;
  readonly history: string;
}

/** One container and the role of its database, over a connection of its own. */
class ContainerWatch {
  readonly service: string;
  readonly #options: OracleReaderOptions;
  #server: AuditServer | undefined;
  #role: string | undefined;
  #failures = 0;
  #waitUntil: number | undefined;
  wasReached = false;
  owned: readonly OwnedSource[] = [];

  constructor(options: OracleReaderOptions, service: string) {
    this.#options = options;
    this.service = service;
  }

  /** Milliseconds until a look is worth while that is sooner than the next one. */
  get wait(): number {
    const { clock = systemClock } = this.#options;
    return this.#waitUntil === undefined ? ROLE_INTERVAL : Math.max(0, this.#waitUntil - clock.monotonic());
  }

  async look(signal: AbortSignal): Promise<void> {
    const { clock = systemClock, random = Math.random, logger = silentLogger } = this.#options;
    if (this.#waitUntil !== undefined && clock.monotonic() < this.#waitUntil) return;
    try {
      this.#waitUntil = undefined;
      let { server, state } = await this.#observe(signal);
      if (signal.aborted) return;
      if (this.#role !== undefined && this.#role !== state.role) {
        // In another role a database may show other branches: it is looked at anew.
        await this.close();
        ({ server, state } = await this.#observe(signal));
        if (signal.aborted) return;
      }
      this.#role = state.role;
      this.owned = ownedBy(server, state, this.#options.connection.instanceId);
      this.wasReached = true;
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      await this.close();
      if (!(error instanceof DasError) || (!error.retryable && !this.wasReached)) throw error;
      const wait = retryDelay(RECONNECT, this.#failures, random);
      this.#failures += 1;
      this.#waitUntil = clock.monotonic() + wait;
      logger.warn({ service: this.service, error: error.message, wait }, "the role of the database is not known");
    }
  }

  async #observe(signal: AbortSignal): Promise<{ readonly server: AuditServer; readonly state: DatabaseState }> {
    this.#server ??= await connectTo(this.#options, this.service, signal);
    return { server: this.#server, state: await this.#server.observe(signal) };
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#role = undefined;
    await server?.[Symbol.asyncDispose]();
  }
}

function ownedBy({ instance }: AuditServer, state: DatabaseState, instanceId: string): readonly OwnedSource[] {
  const trail = `oracle:${instance.dbid}:${instance.containerGuid}`;
  if (!state.openMode.startsWith("READ")) return [];
  const files: OwnedSource = { id: `${trail}#${instanceId}`, branch: "files", history: "" };
  const table: OwnedSource = { id: trail, branch: "table", history: state.history };
  return [...(state.role === "PRIMARY" ? [table] : []), files].filter(({ branch }) =>
    instance.branches.includes(branch),
  );
}

function connectTo(options: OracleReaderOptions, service: string, signal: AbortSignal): Promise<AuditServer> {
  const { connection, serverHost, resourceId, nativeAuditFields = true } = options;
  const { clock = systemClock, logger = silentLogger } = options;
  return ConnectedServer.open(
    { connection: { ...connection, service }, serverHost, resourceId, nativeAuditFields, clock, logger },
    signal,
  );
}

function sameMembers<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((member, index) => member === b[index]);
}
