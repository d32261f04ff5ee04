/** Whatever the workload writes comes back through the view, exact, on every release. */
import oracledb from "oracledb";
import { expect, test } from "vitest";
import type { AuditColumn } from "../src/audit-columns.ts";
import { rowsOf, valuesOf } from "../src/model/read-rows.ts";
import { primaryOf } from "../src/model/world.ts";
import { audit } from "../src/model/write-rows.ts";
import { startOracleEmulator } from "../src/server.ts";
import { type ReleaseName, VERSION_PROFILES } from "../src/version-profiles.ts";
import { appendWorkload, workContainer } from "../src/workload/run-workload.ts";
import { createWorkload } from "../src/workload/workload.ts";
import { exactText } from "./connect.ts";

const COUNT = 3000;
/** What is not in the row, because where it stands decides it. */
const DERIVED = new Set(["EVENT_TIMESTAMP", "SOURCE"]);

function expressionOf({ name, type }: AuditColumn): string {
  if (type === "TIMESTAMP") return `TO_CHAR(${name},'YYYY-MM-DD HH24:MI:SS.FF6') ${name}`;
  if (type === "NUMBER") return `TO_CHAR(${name}) ${name}`;
  return type === "RAW" ? `RAWTOHEX(${name}) ${name}` : name;
}

test.for(Object.keys(VERSION_PROFILES) as ReleaseName[])("of %s", async (release) => {
  await using emulator = await startOracleEmulator({ release, tls: "off" });
  const profile = VERSION_PROFILES[release];
  const site = primaryOf(emulator.world);
  const { guid, dbid } = workContainer(site);
  const workload = createWorkload({ seed: 11, profile });
  const rows = workload.generate(COUNT, emulator.now() - 60_000, emulator.now());
  // An action that no lookup table has: the view's inner join leaves the row out.
  const invisible = { ...rows[0], ACTION_NAME: null, ACTION_CODE: "8888" };
  emulator.change((world, now) => audit(appendWorkload(world, rows, now), site.uniqueName, guid, [invisible], now));
  const connection = await oracledb.getConnection({
    connectString: `tcp://${emulator.host}:${emulator.port}/${emulator.serviceName}`,
    user: emulator.user,
    password: emulator.password,
  });
  await connection.execute("ALTER SESSION SET TIME_ZONE='+00:00'");
  const columns = profile.columns.filter(({ name }) => !DERIVED.has(name));
  const timed = profile.columns.find(({ name }) => name === "EVENT_TIMESTAMP");
  if (!timed) throw new Error("no EVENT_TIMESTAMP");
  const { rows: served = [] } = await connection.execute<(string | null)[]>(
    `SELECT ${[timed, ...columns].map(expressionOf).join(", ")} FROM audsys.unified_audit_trail`,
    [],
    { fetchTypeHandler: exactText, fetchArraySize: 500 },
  );
  await connection.close();

  const names = columns.map(({ name }) => name);
  // What the database itself adds to every row.
  const added = { DBID: dbid, INSTANCE_ID: "1", DB_UNIQUE_NAME: site.uniqueName };
  const written = rows.map((row) =>
    JSON.stringify([row.EVENT_TIMESTAMP_UTC, ...valuesOf({ ...row, ...added }, names)]),
  );
  const own = new Set(rows.map((row) => row.SESSIONID));
  const session = names.indexOf("SESSIONID") + 1;
  const found = served
    .filter((values) => own.has(values[session] ?? undefined))
    .map((values) => JSON.stringify(values));
  expect(found.toSorted()).toEqual(written.toSorted());
  expect(rows.some((row) => row.ACTION_NAME === "ENTANGLE TABLE")).toBe(release === "future");
  const spilled = [...rowsOf(primaryOf(emulator.world), guid, "files")];
  expect(spilled.length).toBeGreaterThan(0);
});
