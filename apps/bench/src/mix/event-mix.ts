/**
 * What every case publishes: the emulator's generator with a fixed seed and fixed times, into which it mixes the real
 * rows of its fixtures. The same rows on every machine; the first ones are the same however many there are.
 */

import { appendRows, auditNamed, createWorkload, filesOfAudit, type SqlServerEmulator } from "@das/sqlserver-emulator";
import { AUDIT_NAME } from "@das/sqlserver-reader";
import { PreparedStatements } from "./prepared-statements.ts";

/** `made up`: each statement another, as the generator makes it; `prepared`: as applications send them. */
export type MixStatements = "made up" | "prepared";

export const MIX_SEED = 1;
/** Of SQL Server: decides the columns. */
export const MIX_VERSION = "2022";

/** The first row's time; a row a millisecond follows. */
const BEGIN = Date.UTC(2026, 0, 5, 8);
const ROWS_PER_STEP = 500;

export function mixWorkload(emulator: SqlServerEmulator, seed = MIX_SEED): ReturnType<typeof createWorkload> {
  return createWorkload({
    seed,
    profile: emulator.profile,
    serverInstanceName: emulator.instance.serverName,
  });
}

/** Appends the mix to the published audit until it holds at least so many rows. @returns how many it holds */
export function preloadMix(emulator: SqlServerEmulator, wanted: number, statements: MixStatements = "made up"): number {
  appendMix(emulator, statements, () => auditNamed(emulator.trail, AUDIT_NAME).audited >= wanted);
  return filesOf(emulator)
    .flatMap(({ blocks }) => blocks)
    .reduce((sum, { rows }) => sum + rows.length, 0);
}

/** Appends the mix until the newest file of the published audit holds at least so many bytes. */
export function fillFile(emulator: SqlServerEmulator, bytes: number): void {
  appendMix(emulator, "made up", () => (filesOf(emulator).at(-1)?.size ?? 0) >= bytes);
}

function appendMix(emulator: SqlServerEmulator, statements: MixStatements, isEnough: () => boolean): void {
  const workload = mixWorkload(emulator);
  const prepared = new PreparedStatements();
  for (let made = 0; !isEnough(); ) {
    const generated = workload.generate(ROWS_PER_STEP, BEGIN + made, BEGIN + made + ROWS_PER_STEP);
    const rows = generated
      .filter(({ audit }) => audit === "stream")
      .map(({ row }) => (statements === "prepared" ? prepared.prepare(row) : row));
    emulator.change((trail, now) => appendRows(trail, AUDIT_NAME, rows, now));
    made += generated.length;
  }
}

function filesOf({ trail }: SqlServerEmulator): ReturnType<typeof filesOfAudit> {
  return filesOfAudit(trail, auditNamed(trail, AUDIT_NAME));
}
