import type { ActivityEvent } from "@das/consumer";
import { systemClock, utcTime } from "@das/core";
import {
  type AuditRow,
  createWorkload,
  createWorld,
  type OracleEmulator,
  primaryOf,
  rowsOf,
  runWorkload,
  startOracleEmulator,
  switchover,
  type World,
  workContainer,
} from "@das/oracle-emulator";
import { type Activity, type AuditedDatabase, STANDBY_SHARE } from "./audited-database.ts";
import { type AuditedRow, AuditedRows } from "./audited-rows.ts";

/** DB_UNIQUE_NAME by the id of the instance. */
export const SITES = { a: "ORCL_A", b: "ORCL_B" } as const;

/** A primary, `a`, and its physical standby, `b`, which is open for reading; or a database without one. */
export class OracleDataGuard implements AuditedDatabase {
  readonly engine = "oracle";
  readonly password: string;
  readonly primary: OracleEmulator;
  readonly #standby: OracleEmulator | undefined;
  readonly #audited = new AuditedRows();

  private constructor(primary: OracleEmulator, standby: OracleEmulator | undefined) {
    this.primary = primary;
    this.#standby = standby;
    this.password = primary.password;
  }

  static async start(hasStandby = true): Promise<OracleDataGuard> {
    const world = createWorld(
      {
        release: "19c",
        pluggables: ["SALESPDB"],
        primary: { uniqueName: SITES.a },
        standbys: hasStandby ? [{ uniqueName: SITES.b }] : [],
      },
      systemClock.now(),
    );
    const a = await startOracleEmulator({ world, site: SITES.a, tls: "off" });
    const { shared } = a;
    const b = hasStandby ? await startOracleEmulator({ shared, site: SITES.b, tls: "off" }) : undefined;
    return new OracleDataGuard(a, b);
  }

  get instances(): ReadonlyMap<string, string> {
    const { service } = this;
    const instanceOf = ({ host, port, user }: OracleEmulator) =>
      `host: ${host}\nport: ${port}\nservice: ${service}\nuser: ${user}\ntls: { mode: off }`;
    const a = instanceOf(this.primary);
    return new Map(this.#standby ? Object.entries({ a, b: instanceOf(this.#standby) }) : [["a", a]]);
  }

  /** GUID of the container that people work in. */
  get container(): string {
    return workContainer(primaryOf(this.world)).guid;
  }

  /** The id that the table's source has for good. */
  get trail(): string {
    return `oracle:${this.world.dbid}:${this.container}`;
  }

  get mainSources(): readonly string[] {
    return [this.trail];
  }

  get sources(): readonly string[] {
    return [this.trail, ...[...this.instances.keys()].map((id) => `${this.trail}#${id}`)];
  }

  /** A PDB's service bears its name, which may change. */
  get service(): string {
    return workContainer(primaryOf(this.world)).name;
  }

  get world(): World {
    return this.primary.world;
  }

  /** Applies a transition of the model; what it discards is noted before. */
  change(transition: (world: World, now: number) => World): void {
    this.#note();
    this.primary.change(transition);
  }

  audited(): AuditedRows {
    this.#note();
    return this.#audited;
  }

  keyOf(event: ActivityEvent): string {
    const { logTime, sessionId, statementId, command, commandText, engineNativeAuditFields } = event;
    const entry = engineNativeAuditFields?.ENTRY_ID;
    return JSON.stringify([logTime, String(sessionId), String(statementId), String(entry), command, commandText]);
  }

  play(rate: number, seed: number): Activity {
    const { primary: target } = this;
    const { profile } = target;
    const container = workContainer(primaryOf(this.world));
    const common = { profile, dbid: container.dbid };
    const place = { container: container.guid };
    const running = [
      runWorkload(target, createWorkload({ ...common, seed }), rate * (1 - STANDBY_SHARE), systemClock, {
        ...place,
        role: "primary",
      }),
      runWorkload(
        target,
        createWorkload({ ...common, seed: seed + 1, readOnly: true }),
        rate * STANDBY_SHARE,
        systemClock,
        { ...place, role: "standby" },
      ),
    ];
    return { stop: async () => void (await Promise.all(running.map((workload) => workload.stop()))) };
  }

  /** People work on this site, whatever its role. */
  playAt(site: string, rate: number, seed: number): Activity {
    const { profile } = this.primary;
    const { guid: container, dbid } = workContainer(primaryOf(this.world));
    const workload = createWorkload({ seed, profile, dbid });
    return runWorkload(this.primary, workload, rate, systemClock, { site, container });
  }

  switchRoles(): void {
    const standby = this.world.primary === SITES.a ? SITES.b : SITES.a;
    this.change((world, now) => switchover(world, standby, now));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#standby?.[Symbol.asyncDispose]();
    await this.primary[Symbol.asyncDispose]();
  }

  /** A row of the table is the same one on every site that it reached; files are each site's own. */
  #note(): void {
    const { container, trail } = this;
    for (const site of this.world.sites) {
      const name = site.uniqueName;
      if (site.openMode === "DOWN") {
        this.#audited.outOfReach(`files of ${name}`);
        continue;
      }
      this.#audited.note("table", trail, auditedRows(rowsOf(site, container, "table")));
      this.#audited.note(`files of ${name}`, trail, auditedRows(rowsOf(site, container, "files")));
    }
  }
}

function* auditedRows(rows: Iterable<AuditRow>): Generator<AuditedRow> {
  for (const row of rows) {
    const time = utcTime(row.EVENT_TIMESTAMP_UTC);
    const key = [
      time,
      String(row.SESSIONID ?? null),
      String(row.STATEMENT_ID ?? null),
      String(row.ENTRY_ID ?? null),
      row.ACTION_NAME ?? null,
      row.SQL_TEXT ?? null,
    ];
    yield { key: JSON.stringify(key), time };
  }
}
