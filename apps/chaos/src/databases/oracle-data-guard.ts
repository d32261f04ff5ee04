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
  siteNamed,
  startOracleEmulator,
  switchover,
  type World,
  workContainer,
} from "@das/oracle-emulator";
import { type Activity, type AuditedDatabase, STANDBY_SHARE } from "./audited-database.ts";
import { type AuditedRow, AuditedRows } from "./audited-rows.ts";

/** DB_UNIQUE_NAME by the id of the instance. */
export const SITES = { a: "ORCL_A", b: "ORCL_B" } as const;

/** A primary, `a`, and its physical standby, `b`, which is open for reading. */
export class OracleDataGuard implements AuditedDatabase {
  readonly engine = "oracle";
  readonly password: string;
  readonly servers: Readonly<Record<keyof typeof SITES, OracleEmulator>>;
  readonly #audited = new AuditedRows();

  private constructor(a: OracleEmulator, b: OracleEmulator) {
    this.servers = { a, b };
    this.password = a.password;
  }

  static async start(): Promise<OracleDataGuard> {
    const world = createWorld(
      {
        release: "19c",
        pluggables: ["SALESPDB"],
        primary: { uniqueName: SITES.a },
        standbys: [{ uniqueName: SITES.b }],
      },
      systemClock.now(),
    );
    const a = await startOracleEmulator({ world, site: SITES.a, tls: "off" });
    const b = await startOracleEmulator({ shared: a.shared, site: SITES.b, tls: "off" });
    return new OracleDataGuard(a, b);
  }

  get instances(): ReadonlyMap<string, string> {
    return new Map(
      Object.entries(this.servers).map(([id, { host, port, serviceName, user }]) => [
        id,
        `host: ${host}\nport: ${port}\nservice: ${serviceName}\nuser: ${user}\ntls: { mode: off }`,
      ]),
    );
  }

  /** GUID of the container that people work in. */
  get container(): string {
    return workContainer(primaryOf(this.world)).guid;
  }

  get world(): World {
    return this.servers.a.world;
  }

  /** Applies a transition of the model; what it discards is noted before. */
  change(transition: (world: World, now: number) => World): void {
    this.#note();
    this.servers.a.change(transition);
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
    const { a: target } = this.servers;
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

  switchRoles(): void {
    const standby = this.world.primary === SITES.a ? SITES.b : SITES.a;
    this.change((world, now) => switchover(world, standby, now));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.servers.b[Symbol.asyncDispose]();
    await this.servers.a[Symbol.asyncDispose]();
  }

  /** A row of the table is the same one on every site that it reached; files are each site's own. */
  #note(): void {
    const { dbid } = this.world;
    const { container } = this;
    const trail = `oracle:${dbid}:${container}`;
    for (const name of Object.values(SITES)) {
      const site = siteNamed(this.world, name);
      if (site.openMode === "DOWN") continue;
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
