import { systemClock } from "@das/core";
import {
  type AuditRow,
  createWorkload,
  primaryOf,
  rowsOf,
  runWorkload,
  startOracleEmulator,
  workContainer,
} from "@das/oracle-emulator";
import type { AuditedDatabase } from "./audited-database.ts";

/** A database with one PDB, in which people work; the publisher reads the root and the PDB. */
export async function startOracle(): Promise<AuditedDatabase> {
  const emulator = await startOracleEmulator();
  const { host, port, user, password, ca, profile } = emulator;
  if (ca === undefined) throw new Error("the emulator was started without a certificate");
  const site = () => primaryOf(emulator.world);
  const audited = function* (): Generator<AuditRow> {
    for (const { guid } of site().containers) {
      for (const branch of ["table", "files"] as const) yield* rowsOf(site(), guid, branch);
    }
  };
  const services = site().containers.map(({ name, conId }) => (conId <= 1 ? emulator.world.databaseName : name));
  return {
    engine: "oracle",
    label: "Oracle",
    instance: `host: ${host}\nport: ${port}\nservice: ${services[0]}\ncontainers: ${JSON.stringify(services.slice(1))}\nuser: ${user}`,
    password,
    ca,
    audited: () => [...audited()].length,
    keys: function* () {
      for (const row of audited()) yield keyOfRow(row);
    },
    keyOf: ({ logTime, sessionId, statementId, command, commandText, engineNativeAuditFields }) =>
      JSON.stringify([
        logTime,
        String(sessionId),
        String(statementId),
        String(engineNativeAuditFields?.ENTRY_ID),
        command,
        commandText,
      ]),
    play: (rate, seed) => {
      const container = workContainer(site());
      const workload = createWorkload({ seed, profile, dbUniqueName: site().uniqueName, dbid: container.dbid });
      return runWorkload(emulator, workload, rate, systemClock, { container: container.guid });
    },
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}

function keyOfRow(row: AuditRow): string {
  return JSON.stringify([
    `${row.EVENT_TIMESTAMP_UTC}+00`,
    String(row.SESSIONID ?? null),
    String(row.STATEMENT_ID ?? null),
    String(row.ENTRY_ID ?? null),
    row.ACTION_NAME ?? null,
    row.SQL_TEXT ?? null,
  ]);
}
