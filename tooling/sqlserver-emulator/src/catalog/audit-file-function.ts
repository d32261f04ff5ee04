/** sys.fn_get_audit_file. */
import type { AuditColumn } from "../audit-columns.ts";
import { pathOf } from "../model/audit-file.ts";
import type { AuditRow } from "../model/audit-row.ts";
import { type AuditReadPart, closeHandles, openHandles, readAuditFiles } from "../model/read-rows.ts";
import { holdsPermission } from "../principals.ts";
import type { AuditCursor, CatalogColumn, CatalogTable, SqlContext } from "../sql/context.ts";
import { auditReadError, permissionError } from "../sql/server-error.ts";
import type { SqlValue } from "../sql-types.ts";
import type { VersionProfile } from "../version-profiles.ts";

export function auditFileFunction(profile: VersionProfile): CatalogTable<AuditCursor> {
  return { columns: profile.columns.map(columnOf), rows: auditRows, parts: auditParts };
}

/**
 * sys.fn_get_audit_file_v2 of 2025: two more arguments, which filter the rows of the same scan by their time, both ends
 * included (SQL Server notes §2.1; not verified).
 */
export function auditFileFunctionWithTimes(profile: VersionProfile): CatalogTable<AuditCursor> {
  const plain = auditFileFunction(profile);
  return {
    columns: plain.columns,
    *rows(context, args) {
      const isWanted = timeFilter(args);
      for (const cursor of plain.rows(context, args)) if (isWanted(cursor.row)) yield cursor;
    },
    *parts(context, args) {
      const isWanted = timeFilter(args);
      for (const { file, block } of auditParts(context, args)) {
        const rows = block.rows.filter(isWanted);
        yield rows.length === block.rows.length ? { file, block } : { file, block: { ...block, rows } };
      }
    },
  };
}

function timeFilter([, , , start = null, end = null]: readonly SqlValue[]) {
  const [from, to] = [comparableTime(start), comparableTime(end)];
  return (row: AuditRow) => (from === null || row.event_time >= from) && (to === null || row.event_time <= to);
}

/** As texts of one form, times compare as they follow each other. */
function comparableTime(value: SqlValue): string | null {
  if (value === null) return null;
  const [date = "", clock = "00:00"] = String(value).split(/[T ]/);
  return `${date} ${clock.slice(0, 8).padEnd(8, ":00")}.${clock.slice(9).padEnd(7, "0")}`;
}

function columnOf(column: AuditColumn): CatalogColumn<AuditCursor> {
  const { name, type, nullable, absent } = column;
  if (name === "file_name") return { name, type, nullable, read: ({ path }) => path };
  if (name === "audit_file_offset") return { name, type, nullable, read: ({ offset }) => offset };
  return {
    name,
    type,
    nullable,
    read: ({ row }) => {
      const value = row[name];
      return value === undefined ? absent : value;
    },
  };
}

/** The files stay open until the last part was taken or the read was given up. */
function* auditParts(context: SqlContext, args: readonly SqlValue[]): Generator<AuditReadPart> {
  const { engine } = context;
  const { readPermission } = engine.profile;
  if (!holdsPermission(engine.instance, context.session.login, readPermission, context.lent)) {
    throw permissionError(engine.instance.refusal, readPermission, "fn_get_audit_file");
  }
  const [pattern = null, initialFile = null, offset = null] = args;
  const read = readAuditFiles(engine.trail, {
    pattern: pattern === null ? null : String(pattern),
    initialFile: initialFile === null ? null : String(initialFile),
    offset: offset === null ? null : BigInt(offset),
  });
  if (read.error !== undefined) throw auditReadError(read.error);
  engine.changeTrail((trail) => openHandles(trail, read.opened));
  try {
    yield* read.parts;
  } finally {
    engine.changeTrail((trail) => closeHandles(trail, read.opened));
  }
}

function* auditRows(context: SqlContext, args: readonly SqlValue[]): Generator<AuditCursor> {
  for (const { file, block } of auditParts(context, args)) {
    if (block.unreadable) context.inform(skippedBlock({ file, block }));
    else for (const row of block.rows) yield { row, path: pathOf(file), offset: block.offset };
  }
}

/** Message 33226 comes as information: the read goes on. */
export function skippedBlock({ file, block }: AuditReadPart) {
  const text = `The fn_get_audit_file function is skipping records from '${pathOf(file)}' at offset ${block.offset}.`;
  return { number: 33226, severity: 10, state: 1, text };
}
