/**
 * Commands for a program that runs the emulator as its child: one JSON object a line in, one JSON object a line out,
 * in order. `id`, if there is one, comes back with the answer.
 *
 * | command | with | answer |
 * |---|---|---|
 * | `stats` | | `audited`, `lost`, `onDisk` by audit; `generated`, `rate`, `sessions`, `statements`, `rowsSent` |
 * | `rate` | `rate` | |
 * | `append` | `rows`, `audit` | |
 * | `rollover` | `audit` | |
 * | `stop-workload` | `markers: true` | as `stats`, with everything written; the markers of all rows by audit |
 */
import { STREAM_AUDIT } from "./default-instance.ts";
import { rowCount } from "./model/audit-file.ts";
import { type AuditRow, eventTime } from "./model/audit-row.ts";
import { filesOfAudit } from "./model/audit-trail.ts";
import { markersOf } from "./model/markers.ts";
import { appendRows, flushAudit, rollOver } from "./model/write-rows.ts";
import type { SqlServerEmulator } from "./server.ts";
import type { RunningWorkload } from "./workload/run-workload.ts";

interface Command {
  readonly id?: unknown;
  readonly command?: unknown;
  readonly audit?: unknown;
  readonly rate?: unknown;
  readonly rows?: unknown;
  readonly markers?: unknown;
}

/** Never throws: a command that cannot be carried out is answered with `ok: false` and why. */
export async function obey(line: string, emulator: SqlServerEmulator, workload: RunningWorkload): Promise<object> {
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

async function carryOut(command: Command, emulator: SqlServerEmulator, workload: RunningWorkload): Promise<object> {
  const audit = typeof command.audit === "string" ? command.audit : STREAM_AUDIT;
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
      const rows = command.rows.map((row) => completed(row, emulator.now()));
      emulator.change((trail, now) => appendRows(trail, audit, rows, now));
      return { appended: rows.length };
    }
    case "rollover":
      emulator.change((trail, now) => rollOver(flushAudit(trail, audit, now), audit, now));
      return {};
    case "stop-workload":
      await workload.stop();
      for (const { name } of emulator.trail.audits) emulator.change((trail, now) => flushAudit(trail, name, now));
      return { ...stats(emulator, workload), ...(command.markers === true && { markers: allMarkers(emulator) }) };
    default:
      throw new Error(`command ${JSON.stringify(command.command)} is not known`);
  }
}

/** A row may leave out its time, which is then now, and the blanks behind its action. */
function completed(row: Partial<AuditRow>, now: number): AuditRow {
  if (typeof row.action_id !== "string") throw new Error("rows: each needs an action_id");
  return { ...row, event_time: row.event_time ?? eventTime(now), action_id: row.action_id.padEnd(4) };
}

function stats(emulator: SqlServerEmulator, workload: RunningWorkload): object {
  const { trail } = emulator;
  const byAudit = <Value>(value: (audit: (typeof trail.audits)[number]) => Value) =>
    Object.fromEntries(trail.audits.map((audit) => [audit.name, value(audit)]));
  return {
    audited: byAudit(({ audited }) => audited),
    lost: byAudit(({ lost }) => lost),
    onDisk: byAudit((audit) => filesOfAudit(trail, audit).reduce((sum, file) => sum + rowCount(file), 0)),
    generated: workload.generated,
    rate: workload.rate,
    sessions: emulator.sessionCount,
    statements: emulator.statements.totals.statements,
    rowsSent: emulator.statements.totals.rowsSent,
  };
}

function allMarkers({ trail }: SqlServerEmulator): object {
  return Object.fromEntries(trail.audits.map(({ name }) => [name, [...markersOf(trail, name)]]));
}
