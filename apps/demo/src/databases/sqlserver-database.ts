import { systemClock } from "@das/core";
import {
  type AuditRow,
  EmulatedGroup,
  filesOfAudit,
  runGroupWorkload,
  type SqlServerEmulator,
} from "@das/sqlserver-emulator";
import { type AuditedDatabase, STANDBY_SHARE } from "./audited-database.ts";

const ZERO_GROUP = `0x${"0".repeat(32)}`;
const NAMES = { a: "SQL-A", b: "SQL-B" };

/** An availability group of two replicas. Each has audits and files of its own, and each publisher reads its own replica's. */
export async function startSqlServer(): Promise<AuditedDatabase> {
  const group = await EmulatedGroup.start({ replicas: Object.values(NAMES) });
  const instances = group.replicas.map(({ instance, host, port, user, ca }) => {
    if (ca === undefined) throw new Error("the emulator was started without a certificate");
    const name = instance.serverName;
    return { id: name === NAMES.a ? "a" : "b", name, connection: `host: ${host}\nport: ${port}\nuser: ${user}`, ca };
  });
  const replica = (id: string): SqlServerEmulator => {
    const found = group.replicas.find(({ instance }) => instance.serverName === (id === "a" ? NAMES.a : NAMES.b));
    if (!found) throw new Error(`there is no replica ${id}`);
    return found;
  };
  const primaryId = () => (group.roleOf(replica("a")) === "PRIMARY" ? "a" : "b");
  let left: SqlServerEmulator | undefined;
  return {
    engine: "sqlserver",
    label: "SQL Server",
    instances,
    password: replica("a").password,
    get primaryId() {
      return primaryId();
    },
    roleOf: (id) => (replica(id).isRunning ? group.roleOf(replica(id)).toLowerCase() : "down"),
    failOver: async () => {
      left = replica(primaryId());
      const to = replica(primaryId() === "a" ? "b" : "a");
      await left.shutDown("clean");
      group.failOver(to);
      return `${left.instance.serverName} was shut down; the secondary ${to.instance.serverName} is primary now`;
    },
    bringBack: async () => {
      await left?.startUp();
      return `${left?.instance.serverName} is up again, as a secondary`;
    },
    isOfPrimary: (sourceId) => sourceId.startsWith(`sqlserver:${primaryId()}:`),
    audited: () =>
      group.replicas.flatMap(({ trail }) => trail.audits).reduce((sum, audit) => sum + audit.audited - audit.lost, 0),
    keys: function* () {
      for (const row of auditedRows(group)) yield keyOfRow(row);
    },
    keyOf: ({ logTime, statementId, substatementId, commandText, engineNativeAuditFields }) =>
      JSON.stringify([
        logTime,
        statementId,
        substatementId,
        engineNativeAuditFields?.server_instance_name,
        engineNativeAuditFields?.additional_information,
        commandText,
      ]),
    play: (rate, seed) => {
      const writing = { seed, role: "PRIMARY" } as const;
      const reading = { seed: seed + 1_000, role: "SECONDARY" } as const;
      const writers = runGroupWorkload(group, writing, rate * (1 - STANDBY_SHARE), systemClock);
      const readers = runGroupWorkload(group, reading, rate * STANDBY_SHARE, systemClock);
      return { stop: async () => void (await Promise.all([writers.stop(), readers.stop()])) };
    },
    [Symbol.asyncDispose]: () => group[Symbol.asyncDispose](),
  };
}

/** Every row that the audits hold: all are published. Nothing is pending any more once QUEUE_DELAY is over. */
function* auditedRows({ replicas }: EmulatedGroup): Generator<AuditRow> {
  for (const { trail } of replicas) {
    for (const audit of trail.audits) {
      for (const file of filesOfAudit(trail, audit)) for (const block of file.blocks) yield* block.rows;
      yield* audit.pending;
    }
  }
}

function keyOfRow(row: AuditRow): string {
  return JSON.stringify([
    `${row.event_time}+00`,
    row.sequence_group_id ?? ZERO_GROUP,
    row.sequence_number ?? 1,
    row.server_instance_name ?? "",
    row.additional_information ?? "",
    row.statement ?? "",
  ]);
}
