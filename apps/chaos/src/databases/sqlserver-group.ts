import type { ActivityEvent } from "@das/consumer";
import { systemClock, utcTime } from "@das/core";
import {
  type AuditRow,
  type AuditTrail,
  auditNamed,
  EmulatedGroup,
  filesOfAudit,
  runGroupWorkload,
  type SqlServerEmulator,
} from "@das/sqlserver-emulator";
import { type Activity, type AuditedDatabase, STANDBY_SHARE } from "./audited-database.ts";
import { type AuditedRow, AuditedRows } from "./audited-rows.ts";

const IDS = "abcdefgh";
const NODES = ["NODE1", "NODE2"];
const ZERO_GROUP = `0x${"0".repeat(32)}`;

/** The replicas of an availability group, `a`, `b` and so on; or one instance of a failover cluster, `a`. */
export class SqlServerGroup implements AuditedDatabase {
  readonly engine = "sqlserver";
  readonly group: EmulatedGroup;
  readonly #audited = new AuditedRows();

  private constructor(group: EmulatedGroup) {
    this.group = group;
  }

  static async start(replicas = 2): Promise<SqlServerGroup> {
    const names = Array.from({ length: replicas }, (_, index) => serverName(index));
    return new SqlServerGroup(await EmulatedGroup.start({ replicas: names, tls: "off", audits: { queueDelay: 0 } }));
  }

  static async startCluster(): Promise<SqlServerGroup> {
    const cluster = await SqlServerGroup.start(1);
    const [physicalNode = ""] = NODES;
    cluster.server("a").changeInstance({ isClustered: true, physicalNode, clusterNodes: NODES, sharedDrives: ["D"] });
    return cluster;
  }

  async addReplica(): Promise<void> {
    await this.group.addReplica(serverName(this.group.replicas.length));
  }

  server(id: string): SqlServerEmulator {
    const server = this.group.replicas[IDS.indexOf(id)];
    if (!server) throw new Error(`chaos: there is no instance ${id}`);
    return server;
  }

  get password(): string {
    return this.server("a").password;
  }

  get instances(): ReadonlyMap<string, string> {
    return new Map(
      this.group.replicas.map(({ host, port, user }, index) => [
        IDS.charAt(index),
        `host: ${host}\nport: ${port}\nuser: ${user}\ntls: { mode: off }`,
      ]),
    );
  }

  audited(): AuditedRows {
    for (const [index, { trail }] of this.group.replicas.entries()) {
      for (const { name } of trail.audits) {
        const source = `sqlserver:${IDS.charAt(index)}:${name}`;
        this.#audited.note(source, source, auditedRows(trail, name));
      }
    }
    return this.#audited;
  }

  keyOf({ logTime, statementId, substatementId, commandText, engineNativeAuditFields }: ActivityEvent): string {
    const more = engineNativeAuditFields?.additional_information;
    return JSON.stringify([logTime, statementId, substatementId, more, commandText]);
  }

  play(rate: number, seed: number): Activity {
    const { group } = this;
    const running = [
      runGroupWorkload(group, { seed, role: "PRIMARY" }, rate * (1 - STANDBY_SHARE), systemClock),
      runGroupWorkload(group, { seed: seed + 100, role: "SECONDARY" }, rate * STANDBY_SHARE, systemClock),
    ];
    return { stop: async () => void (await Promise.all(running.map((workload) => workload.stop()))) };
  }

  switchRoles(): void {
    const secondary = this.group.running("SECONDARY");
    if (secondary) this.group.failOver(secondary);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.group[Symbol.asyncDispose]();
  }
}

function serverName(index: number): string {
  return `SQL${IDS.charAt(index).toUpperCase()}`;
}

function* auditedRows(trail: AuditTrail, audit: string): Generator<AuditedRow> {
  for (const { blocks } of filesOfAudit(trail, auditNamed(trail, audit))) {
    for (const { rows } of blocks) for (const row of rows) yield auditedRow(row);
  }
}

function auditedRow(row: AuditRow): AuditedRow {
  const time = utcTime(row.event_time);
  const key = [
    time,
    row.sequence_group_id ?? ZERO_GROUP,
    row.sequence_number ?? 1,
    row.additional_information ?? "",
    row.statement ?? "",
  ];
  return { key: JSON.stringify(key), time };
}
