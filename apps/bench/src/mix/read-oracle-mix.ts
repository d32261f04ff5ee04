import { type Cursor, type OracleEvent, silentLogger, systemClock } from "@das/core";
import {
  createWorkload,
  createWorld,
  preloadWorkload,
  startOracleEmulator,
  VERSION_PROFILES,
  workContainer,
} from "@das/oracle-emulator";
import { OracleReader } from "@das/oracle-reader";
import { MIX_SEED } from "./event-mix.ts";
import { digestOf, type MixSample } from "./read-mix.ts";

export const ORACLE_RELEASE = "19c";
/** Milliseconds over which the rows are spread. */
const SPAN = 600_000;
/** Now and then a row goes into a file instead of the table, which alone is read here. */
const MARGIN = 1.05;

/** The emulator's workload of a database with one PDB, through the real driver. */
export async function readOracleMix(count: number): Promise<MixSample> {
  const now = systemClock.now();
  const world = createWorld({ release: ORACLE_RELEASE, pluggables: ["SALESPDB"] }, now);
  const workload = createWorkload({ seed: MIX_SEED, profile: VERSION_PROFILES[ORACLE_RELEASE] });
  await using emulator = await startOracleEmulator({
    tls: "off",
    world: preloadWorkload(world, workload, Math.ceil(count * MARGIN), SPAN, now),
  });
  const [site] = emulator.world.sites;
  if (!site) throw new Error("the emulated world has no site");
  const { host, port, user, password, serviceName } = emulator;
  const { name, guid } = workContainer(site);
  await using reader = new OracleReader({
    resourceId: "db-BENCH",
    connection: { instanceId: "a", host, port, service: serviceName, user, password, tls: "off" },
    serverHost: "10.0.1.30",
    nativeAuditFields: true,
    logger: silentLogger,
  });
  const reading = new AbortController();
  const withoutNativeFields: OracleEvent[] = [];
  const withNativeFields: OracleEvent[] = [];
  const markers: string[] = [];
  const cursors: Cursor[] = [];
  let of = { id: "", history: "" };
  for await (const sources of reader.sources(reading.signal)) {
    const source = sources.find(({ id }) => id.endsWith(guid));
    if (!source) throw new Error(`the reader has no source of the container ${name}`);
    of = source;
    for await (const { rows, cursor, instance } of source.read(async () => undefined, reading.signal)) {
      for (const row of rows.slice(0, count - markers.length)) {
        withoutNativeFields.push(reader.toEvent(row, { ...instance, nativeAuditFields: "omit" }));
        withNativeFields.push(reader.toEvent(row, { ...instance, nativeAuditFields: "include" }));
        markers.push(source.marker(row));
        cursors.push(cursor);
      }
      if (markers.length === count) break;
    }
    break;
  }
  reading.abort();
  return {
    source: of.id,
    history: of.history,
    withoutNativeFields,
    withNativeFields,
    markers,
    cursors,
    // The times are those of the run.
    digest: digestOf(withoutNativeFields.map(({ commandText }) => commandText ?? "")),
  };
}
