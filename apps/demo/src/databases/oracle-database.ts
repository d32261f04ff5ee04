import { systemClock } from "@das/core";
import {
  type AuditRow,
  createWorkload,
  createWorld,
  failover,
  primaryOf,
  reinstate,
  rowsOf,
  runWorkload,
  siteNamed,
  startOracleEmulator,
} from "@das/oracle-emulator";
import { type AuditedDatabase, STANDBY_SHARE } from "./audited-database.ts";

const SITES = { a: "ORA_A", b: "ORA_B" };

/**
 * A database with one PDB, in which people work, and a physical standby that people read. The publisher of the primary
 * reads the trails of the root and the PDB, that of the standby only the files of its own instance.
 */
export async function startOracle(): Promise<AuditedDatabase> {
  await using stack = new AsyncDisposableStack();
  const primary = { uniqueName: SITES.a };
  const standbys = [{ uniqueName: SITES.b }];
  const world = createWorld({ release: "19c", pluggables: ["SALESPDB"], primary, standbys }, systemClock.now());
  const emulator = stack.use(await startOracleEmulator({ world, site: SITES.a }));
  const standby = stack.use(await startOracleEmulator({ shared: emulator.shared, site: SITES.b }));
  const running = stack.move();
  const { user, password, profile } = emulator;
  const [root = "", ...pluggables] = primaryOf(emulator.world).containers.map(({ name, conId }) =>
    conId <= 1 ? emulator.world.databaseName : name,
  );
  const instances = [emulator, standby].map(({ host, port, ca, site }) => {
    if (ca === undefined) throw new Error("the emulator was started without a certificate");
    const connection = `host: ${host}\nport: ${port}\nservice: ${root}\ncontainers: ${JSON.stringify(pluggables)}\nuser: ${user}`;
    return { id: site === SITES.a ? "a" : "b", name: site, connection, ca };
  });
  const nameOf = (id: string) => (id === "a" ? SITES.a : SITES.b);
  /** The table is the same on both sides; files are an instance's own. */
  const audited = function* (): Generator<AuditRow> {
    const { sites } = emulator.world;
    for (const { guid } of primaryOf(emulator.world).containers) {
      yield* rowsOf(primaryOf(emulator.world), guid, "table");
      for (const site of sites) {
        for (const file of site.files) if (file.container === guid) yield* file.rows;
      }
    }
  };
  let left: string | undefined;
  return {
    engine: "oracle",
    label: "Oracle",
    instances,
    password,
    get primaryId() {
      return emulator.world.primary === SITES.a ? "a" : "b";
    },
    roleOf: (id) => {
      const site = siteNamed(emulator.world, nameOf(id));
      if (site.openMode === "DOWN") return "down";
      return site.role === "PRIMARY" ? "primary" : "standby";
    },
    failOver: async () => {
      left = emulator.world.primary;
      const to = left === SITES.a ? SITES.b : SITES.a;
      emulator.change((before, now) => failover(before, to, now, { losesRedo: false, oldPrimary: "down" }));
      return `${left} is gone; its standby ${to} is primary now`;
    },
    bringBack: async () => {
      const site = left ?? SITES.a;
      emulator.change((before, now) => reinstate(before, site, now));
      return `${site} is back, as a standby`;
    },
    isOfPrimary: (sourceId) => sourceId.startsWith("oracle:") && !sourceId.includes("#"),
    audited: () => {
      let count = 0;
      for (const _ of audited()) count += 1;
      return count;
    },
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
      const writing = createWorkload({ seed, profile });
      const reading = createWorkload({ seed: seed + 1, profile, readOnly: true });
      const writers = runWorkload(emulator, writing, rate * (1 - STANDBY_SHARE), systemClock, { role: "primary" });
      const readers = runWorkload(emulator, reading, rate * STANDBY_SHARE, systemClock, { role: "standby" });
      return { stop: async () => void (await Promise.all([writers.stop(), readers.stop()])) };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
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
