/** The view of the trail, its two branches, and the tables that name their codes (Oracle notes §1.1). */
import type { AuditColumn } from "../audit-columns.ts";
import { auditActionCodes, auditOptionCodes, type RawCodes, rawCodesOf, systemPrivilegeCodes } from "../code-tables.ts";
import type { AuditRow } from "../model/audit-row.ts";
import { rowsOf } from "../model/read-rows.ts";
import { containerMode, containerOf } from "../model/world.ts";
import type { CatalogTable, SqlContext, TimeBounds } from "../sql/context.ts";
import { canonicalNumber } from "../sql/exact-number.ts";
import { toZone } from "../sql/time-zone.ts";
import { clob, number, raw, type SqlType, type SqlValue, timestamp, varchar2 } from "../sql-types.ts";
import type { VersionProfile } from "../version-profiles.ts";
import { type Column, table } from "./table.ts";

/** A row with what only the place where it stands can tell. */
interface PlacedRow {
  readonly row: AuditRow;
  readonly branch: "table" | "files";
  readonly instance: number;
  readonly conId: number;
}

export function auditTrailTables(profile: VersionProfile): readonly CatalogTable[] {
  const isVisible = visibility(profile);
  const viewColumns = profile.columns.map(viewColumn);
  const ofContainer = function* (context: SqlContext, guid: string, bounds: TimeBounds): Generator<PlacedRow> {
    // The file branch comes first, and parses every file whatever the condition is.
    yield* fileRows(context, guid);
    yield* tableRows(context, guid, bounds);
  };
  const visible = function* (rows: Iterable<PlacedRow>): Generator<PlacedRow> {
    for (const placed of rows) if (isVisible(placed.row)) yield placed;
  };
  const hasUtcTime = profile.columns.some(({ name }) => name === "EVENT_TIMESTAMP_UTC");
  const pruned = hasUtcTime ? { partitionKey: "EVENT_TIMESTAMP_UTC" } : {};
  const rawColumns = profile.columns.flatMap(rawColumn);
  const placeColumns: readonly Column<PlacedRow>[] = [
    ["INST_ID", number, ({ instance }) => instance],
    ["CON_ID", number, ({ conId }) => conId],
  ];
  const own = (context: SqlContext) => context.session.container;
  return [
    {
      ...table("AUDSYS", "UNIFIED_AUDIT_TRAIL", viewColumns, (context, bounds) =>
        visible(ofContainer(context, own(context), bounds)),
      ),
      ...pruned,
    },
    {
      ...table(
        "AUDSYS",
        "CDB_UNIFIED_AUDIT_TRAIL",
        [...viewColumns, ["CON_ID", number, ({ conId }: PlacedRow) => conId]],
        function* (context, bounds) {
          for (const guid of openContainers(context)) yield* visible(ofContainer(context, guid, bounds));
        },
      ),
      ...pruned,
    },
    {
      ...table("AUDSYS", "AUD$UNIFIED", [...placeColumns, ...rawColumns], (context, bounds) =>
        tableRows(context, own(context), bounds),
      ),
      partitionKey: "EVENT_TIMESTAMP",
    },
    // GV$ shows the files of all instances, V$ those of the session's own.
    table("SYS", "GV_$UNIFIED_AUDIT_TRAIL", [...placeColumns, ...fileColumns(rawColumns)], (context) =>
      fileRows(context, own(context)),
    ),
    table("SYS", "V_$UNIFIED_AUDIT_TRAIL", [placeColumns[1] ?? CON_ID, ...fileColumns(rawColumns)], (context) =>
      fileRows(context, own(context), context.engine.instanceNumber),
    ),
    ...codeTables(profile),
  ];
}

const CON_ID: Column<PlacedRow> = ["CON_ID", number, ({ conId }) => conId];

/** From the root all open containers; from a PDB its own. */
function openContainers({ site, session }: SqlContext): readonly string[] {
  const { conId } = containerOf(site, session.container);
  if (conId > 1) return [session.container];
  return site.containers.map(({ guid }) => guid).filter((guid) => containerMode(site, guid) !== "MOUNTED");
}

function* tableRows({ site, scan }: SqlContext, guid: string, bounds: TimeBounds): Generator<PlacedRow> {
  const { table: trail, conId } = containerOf(site, guid);
  for (const { lowValue, highValue, rowCount } of trail.partitions) {
    const isRead =
      (bounds.from === undefined || highValue > bounds.from) && (bounds.to === undefined || lowValue < bounds.to);
    if (isRead) {
      scan.partitionsRead += 1;
      scan.rowsScanned += rowCount;
    } else scan.partitionsPruned += 1;
  }
  for (const row of rowsOf(site, guid, "table", bounds)) {
    yield { row, branch: "table", instance: Number(row.INSTANCE_ID ?? 1), conId };
  }
}

function* fileRows({ site, scan }: SqlContext, guid: string, instance?: number): Generator<PlacedRow> {
  const { conId } = containerOf(site, guid);
  if (containerMode(site, guid) === "MOUNTED") return;
  for (const file of site.files) {
    if (file.container !== guid || (instance !== undefined && file.instance !== instance)) continue;
    scan.filesParsed += 1;
    scan.rowsScanned += file.rows.length;
    for (const row of file.rows) yield { row, branch: "files", instance: file.instance, conId };
  }
}

function typeOf({ type, length }: Pick<AuditColumn, "type" | "length">): SqlType {
  switch (type) {
    case "VARCHAR2":
      return varchar2(length);
    case "RAW":
      return raw(length);
    case "NUMBER":
      return number;
    case "CLOB":
      return clob;
    case "TIMESTAMP":
      return timestamp;
  }
}

function cellOf(value: string | null | undefined, type: AuditColumn["type"]): SqlValue {
  if (value === null || value === undefined || value === "") return null;
  return type === "NUMBER" ? canonicalNumber(value) : value;
}

function viewColumn({ name, type, length }: AuditColumn): Column<PlacedRow> {
  const as = typeOf({ type, length });
  switch (name) {
    case "EVENT_TIMESTAMP":
      // In the session's time zone: of the two columns of time the one that is not monotonic.
      return [name, as, ({ row }, context) => toZone(row.EVENT_TIMESTAMP_UTC, context.formats.timeZone).time];
    case "SOURCE":
      return [name, as, ({ branch }, { dictionary }) => dictionary.database.sourceNames[branch]];
    default:
      return [name, as, ({ row }) => cellOf(row[name], type)];
  }
}

const CODE_COLUMNS = {
  "audit type": "AUDIT_TYPE",
  action: "ACTION",
  "system privilege": "SYSTEM_PRIVILEGE",
  "audit option": "AUDIT_OPTION",
} as const;

type Codes = Readonly<Record<keyof RawCodes, SqlValue>>;

/** A row never changes, and every poll asks for its codes again. */
const knownCodes = new WeakMap<AuditRow, Codes>();

function codesOf(row: AuditRow): Codes {
  const known = knownCodes.get(row);
  if (known) return known;
  const raw = rawCodesOf(row);
  const codes: Codes = {
    AUDIT_TYPE: cellOf(raw.AUDIT_TYPE, "NUMBER"),
    ACTION: cellOf(raw.ACTION, "NUMBER"),
    SYSTEM_PRIVILEGE: cellOf(raw.SYSTEM_PRIVILEGE, "NUMBER"),
    AUDIT_OPTION: cellOf(raw.AUDIT_OPTION, "NUMBER"),
  };
  knownCodes.set(row, codes);
  return codes;
}

/** As AUD$UNIFIED and GV$UNIFIED_AUDIT_TRAIL have it: under another name, or as a number, or not at all. */
function rawColumn({ name, type, length, rawName, lookup }: AuditColumn): readonly Column<PlacedRow>[] {
  // The branches have the time once, and it is in UTC: both of the view's are made of it.
  if (rawName === null || name === "EVENT_TIMESTAMP_UTC") return [];
  if (lookup) {
    const code = CODE_COLUMNS[lookup];
    return [[rawName, number, ({ row }) => codesOf(row)[code]]];
  }
  if (name === "EVENT_TIMESTAMP") return [[rawName, timestamp, ({ row }) => row.EVENT_TIMESTAMP_UTC]];
  return [[rawName, typeOf({ type, length }), ({ row }) => cellOf(row[name], type)]];
}

/** The files' times are cast from the session's time zone by the view, so they come in it (not verified). */
function fileColumns(columns: readonly Column<PlacedRow>[]): readonly Column<PlacedRow>[] {
  return columns.map(([name, type, read]) =>
    name === "EVENT_TIMESTAMP"
      ? [name, type, ({ row }, context) => toZone(row.EVENT_TIMESTAMP_UTC, context.formats.timeZone).time]
      : [name, type, read],
  );
}

interface ActionCode {
  readonly type: string;
  readonly component: string;
  readonly action: string;
  readonly name: string;
}

function actionsOf({ major, unknownAction }: VersionProfile): readonly ActionCode[] {
  const known = auditActionCodes(major);
  const standard = known.find(({ component }) => component === "Standard");
  if (unknownAction === undefined || !standard) return known;
  return [...known, { ...standard, action: "9999", name: unknownAction }];
}

/**
 * The join with the action's name lacks its `(+)` on one column, which makes an inner join of it: what is in no line of
 * the table is not in the view.
 */
function visibility(profile: VersionProfile): (row: AuditRow) => boolean {
  const known = new Set(actionsOf(profile).map(({ component, name }) => `${component}/${name}`));
  return ({ AUDIT_TYPE: type, ACTION_NAME: name, ACTION_CODE: code }) =>
    code === undefined && known.has(`${type}/${name}`);
}

function codeTables(profile: VersionProfile): readonly CatalogTable[] {
  const actions = actionsOf(profile);
  return [
    table<ActionCode>(
      "SYS",
      "ALL_UNIFIED_AUDIT_ACTIONS",
      [
        ["ACTION", number, ({ action }) => canonicalNumber(action)],
        ["NAME", varchar2(64), ({ name }) => name],
        ["TYPE", number, ({ type }) => canonicalNumber(type)],
        ["COMPONENT", varchar2(64), ({ component }) => component],
      ],
      () => actions,
    ),
    table(
      "SYS",
      "SYSTEM_PRIVILEGE_MAP",
      [
        ["PRIVILEGE", number, ({ privilege }) => canonicalNumber(privilege)],
        ["NAME", varchar2(40), ({ name }) => name],
        ["PROPERTY", number, () => 0],
      ],
      () => systemPrivilegeCodes(),
    ),
    table(
      "SYS",
      "STMT_AUDIT_OPTION_MAP",
      [
        ["OPTION#", number, ({ option }) => canonicalNumber(option)],
        ["NAME", varchar2(40), ({ name }) => name],
        ["PROPERTY", number, () => 0],
      ],
      () => auditOptionCodes(),
    ),
  ];
}
