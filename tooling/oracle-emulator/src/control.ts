/**
 * Commands for a program that runs the emulator as its child: one JSON object a line in, one JSON object a line out,
 * in order. `id`, if there is one, comes back with the answer.
 *
 * | command | with | answer |
 * |---|---|---|
 * | `stats` | | `table`, `files`, `pending` by container; `generated`, `rate`, `sessions`, `statements`, `rowsSent` |
 * | `rate` | `rate` | |
 * | `append` | `rows`, `container`, `refused: true` (into a file) | |
 * | `load` | `container` | |
 * | `clean` | `container`, `before` (time), or `all: true` | |
 * | `stop-workload` | `markers: true` | as `stats`, with everything committed; the markers of all rows by container |
 *
 * A container is named as the announcement names it; without one the activity's own is meant.
 */
import type { NewAuditRow } from "./model/audit-row.ts";
import { rowsBetween } from "./model/audit-table.ts";
import { cleanAuditTrail, loadFiles, setLastArchiveTimestamp } from "./model/housekeeping.ts";
import { markersOf } from "./model/markers.ts";
import { type Container, primaryOf, type Site } from "./model/world.ts";
import { audit, commitPending } from "./model/write-rows.ts";
import type { OracleEmulator } from "./server.ts";
import { type RunningWorkload, workContainer } from "./workload/run-workload.ts";

interface Command {
  readonly id?: unknown;
  readonly command?: unknown;
  readonly container?: unknown;
  readonly rate?: unknown;
  readonly rows?: unknown;
  readonly refused?: unknown;
  readonly before?: unknown;
  readonly all?: unknown;
  readonly markers?: unknown;
}

/** Never throws: a command that cannot be carried out is answered with `ok: false` and why. */
export async function obey(line: string, emulator: OracleEmulator, workload: RunningWorkload): Promise<object> {
  let command: Command = {};
  try {
    command = JSON.parse(line) as Command;
    return { ok: true, ...idOf(command), ...(await carryOut(command, emulator, workload)) };
  } catch (error) {
    return { ok: false, ...idOf(command), error: error instanceof Error ? error.message : String(error) };
  }
}

function idOf({ id }: Command): object {
  return id === undefined ? {} : { id };
}

async function carryOut(command: Command, emulator: OracleEmulator, workload: RunningWorkload): Promise<object> {
  const { primary } = emulator.world;
  switch (command.command) {
    case "stats":
      return stats(emulator, workload);
    case "rate":
      if (typeof command.rate !== "number" || !(command.rate >= 0))
        throw new Error("rate: a number of at least 0 is wanted");
      workload.rate = command.rate;
      return {};
    case "append": {
      if (!Array.isArray(command.rows)) throw new Error("rows: a list of rows is wanted");
      const rows = command.rows.map(checkedRow);
      const { guid } = containerNamed(emulator, command);
      const refusedByTable = command.refused === true;
      emulator.change((world, now) => audit(world, primary, guid, rows, now, { refusedByTable }));
      return { appended: rows.length };
    }
    case "load": {
      const { guid } = containerNamed(emulator, command);
      emulator.change((world, now) => loadFiles(world, primary, guid, now));
      return {};
    }
    case "clean": {
      const { guid } = containerNamed(emulator, command);
      const { before, all } = command;
      if (all !== true && (typeof before !== "string" || !TIME.test(before)))
        throw new Error("before: a time like 2026-11-22 12:00:00.000000 is wanted, or all: true");
      emulator.change((world, now) => {
        const set = typeof before === "string" ? setLastArchiveTimestamp(world, primary, guid, before, now) : world;
        return cleanAuditTrail(set, primary, guid, now, { useLastArchiveTimestamp: all !== true });
      });
      return {};
    }
    case "stop-workload":
      await workload.stop();
      emulator.change(commitPending);
      return { ...stats(emulator, workload), ...(command.markers === true && { markers: allMarkers(emulator) }) };
    default:
      throw new Error(`command ${JSON.stringify(command.command)} is not known`);
  }
}

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/;

function containerNamed({ world }: OracleEmulator, { container }: Command): Container {
  const site = primaryOf(world);
  if (container === undefined) return workContainer(site);
  const found = site.containers.find(({ name }) => name === container);
  if (!found) throw new Error(`container ${JSON.stringify(container)} is not known`);
  return found;
}

/** Texts by column name; what is left out is completed as the database does it. */
function checkedRow(row: unknown): NewAuditRow {
  const columns = Object.entries(typeof row === "object" && row !== null ? row : {});
  if (!columns.some(([column]) => column === "ACTION_NAME")) throw new Error("rows: each needs an ACTION_NAME");
  const wrong = columns.find(([, value]) => typeof value !== "string" && value !== null);
  if (wrong) throw new Error(`rows: ${wrong[0]} has to be a text or null`);
  return Object.fromEntries(columns);
}

function stats(emulator: OracleEmulator, workload: RunningWorkload): object {
  const site = primaryOf(emulator.world);
  return {
    table: byContainer(site, ({ table }) => table.partitions.reduce((sum, { rowCount }) => sum + rowCount, 0)),
    files: byContainer(site, ({ guid }) => fileRows(site, guid).length),
    pending: byContainer(site, ({ guid }) => site.pending.filter(({ container }) => container === guid).length),
    generated: workload.generated,
    rate: workload.rate,
    sessions: emulator.sessionCount,
    statements: emulator.statements.totals.statements,
    rowsSent: emulator.statements.totals.rowsSent,
  };
}

function allMarkers({ world }: OracleEmulator): object {
  const site = primaryOf(world);
  return byContainer(site, ({ table, guid }) => [...markersOf([...rowsBetween(table), ...fileRows(site, guid)])]);
}

function fileRows(site: Site, guid: string) {
  return site.files.flatMap(({ container, rows }) => (container === guid ? rows : []));
}

function byContainer<Value>(site: Site, value: (container: Container) => Value): object {
  return Object.fromEntries(site.containers.map((container) => [container.name, value(container)]));
}
