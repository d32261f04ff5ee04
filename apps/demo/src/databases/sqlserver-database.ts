import { systemClock } from "@das/core";
import {
  type AuditRow,
  createWorkload,
  filesOfAudit,
  runWorkload,
  type SqlServerEmulator,
  startSqlServerEmulator,
} from "@das/sqlserver-emulator";
import type { AuditedDatabase } from "./audited-database.ts";

const ZERO_GROUP = `0x${"0".repeat(32)}`;

export async function startSqlServer(): Promise<AuditedDatabase> {
  const emulator = await startSqlServerEmulator();
  const { host, port, user, password, ca } = emulator;
  if (ca === undefined) throw new Error("the emulator was started without a certificate");
  return {
    engine: "sqlserver",
    label: "SQL Server",
    instance: `host: ${host}\nport: ${port}\nuser: ${user}`,
    password,
    ca,
    audited: () => emulator.trail.audits.reduce((sum, { audited }) => sum + audited, 0),
    keys: function* () {
      for (const row of auditedRows(emulator)) yield keyOfRow(row);
    },
    keyOf: ({ logTime, statementId, substatementId, commandText, engineNativeAuditFields }) =>
      JSON.stringify([
        logTime,
        statementId,
        substatementId,
        engineNativeAuditFields?.additional_information,
        commandText,
      ]),
    play: (rate, seed) => {
      const serverInstanceName = emulator.instance.serverName;
      const workload = createWorkload({ seed, profile: emulator.profile, serverInstanceName });
      return runWorkload(emulator, workload, rate, systemClock);
    },
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}

/** Every row that the audits hold: both are published. Nothing is pending any more once QUEUE_DELAY is over. */
function* auditedRows({ trail }: SqlServerEmulator): Generator<AuditRow> {
  for (const audit of trail.audits) {
    for (const file of filesOfAudit(trail, audit)) for (const block of file.blocks) yield* block.rows;
    yield* audit.pending;
  }
}

function keyOfRow(row: AuditRow): string {
  return JSON.stringify([
    `${row.event_time}+00`,
    row.sequence_group_id ?? ZERO_GROUP,
    row.sequence_number ?? 1,
    row.additional_information ?? "",
    row.statement ?? "",
  ]);
}
