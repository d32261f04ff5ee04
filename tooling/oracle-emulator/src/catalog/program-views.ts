/** What somebody created: objects, the source of programs, triggers. */
import type { CatalogTable, SqlContext } from "../sql/context.ts";
import { date, number, varchar2 } from "../sql-types.ts";
import { type Column, name128, table } from "./table.ts";

type Rows<Row> = (context: SqlContext) => readonly Row[];

/** USER_ views show what belongs to the user with whose rights they are asked. */
function ownOf<Row extends { readonly owner: string }>(rows: Rows<Row>): Rows<Row> {
  return (context) => rows(context).filter(({ owner }) => owner === context.rights.user);
}

interface StoredObject {
  readonly owner: string;
  readonly name: string;
  readonly kind: string;
  readonly isValid: boolean;
  readonly changedAt: string;
}

const OBJECT_COLUMNS: readonly Column<StoredObject>[] = [
  ["OWNER", name128, ({ owner }) => owner],
  ["OBJECT_NAME", name128, ({ name }) => name],
  ["OBJECT_TYPE", varchar2(23), ({ kind }) => kind],
  ["STATUS", varchar2(7), ({ isValid }) => (isValid ? "VALID" : "INVALID")],
  ["LAST_DDL_TIME", date, ({ changedAt }) => changedAt],
];

const storedObjects: Rows<StoredObject> = ({ dictionary }) => {
  const { routines, tables, triggers } = dictionary.database;
  return [
    ...routines.map((routine) => ({ ...routine, kind: routine.kind.toUpperCase() })),
    ...tables.map((each) => ({ ...each, kind: "TABLE", isValid: true })),
    ...triggers.map((each) => ({ ...each, kind: "TRIGGER", isValid: true })),
  ];
};

interface StoredTrigger {
  readonly owner: string;
  readonly name: string;
  readonly isEnabled: boolean;
}

const TRIGGER_COLUMNS: readonly Column<StoredTrigger>[] = [
  ["OWNER", name128, ({ owner }) => owner],
  ["TRIGGER_NAME", name128, ({ name }) => name],
  ["TRIGGER_TYPE", varchar2(16), () => "BEFORE EVENT"],
  ["TRIGGERING_EVENT", varchar2(246), () => "DDL "],
  ["BASE_OBJECT_TYPE", varchar2(18), () => "DATABASE"],
  ["STATUS", varchar2(8), ({ isEnabled }) => (isEnabled ? "ENABLED" : "DISABLED")],
];

const storedTriggers: Rows<StoredTrigger> = ({ dictionary }) => dictionary.database.triggers;

interface SourceLine {
  readonly owner: string;
  readonly name: string;
  readonly type: string;
  readonly line: number;
  readonly text: string;
}

const SOURCE_COLUMNS: readonly Column<SourceLine>[] = [
  ["OWNER", name128, ({ owner }) => owner],
  ["NAME", name128, ({ name }) => name],
  ["TYPE", varchar2(12), ({ type }) => type],
  ["LINE", number, ({ line }) => line],
  ["TEXT", varchar2(4000), ({ text }) => text],
];

/** Without the words before the kind, as the server keeps it. */
const sourceLines: Rows<SourceLine> = ({ dictionary }) => {
  const { routines, triggers } = dictionary.database;
  return [...routines, ...triggers.map((trigger) => ({ ...trigger, kind: "trigger" }))].flatMap(
    ({ owner, name, kind, source }) =>
      source
        .replace(/^\s*create\s+(or\s+replace\s+)?/i, "")
        .split("\n")
        .map((text, index) => ({ owner, name, type: kind.toUpperCase(), line: index + 1, text: `${text}\n` })),
  );
};

export const PROGRAM_VIEWS: readonly CatalogTable[] = [
  table("SYS", "ALL_OBJECTS", OBJECT_COLUMNS, storedObjects),
  table("SYS", "DBA_OBJECTS", OBJECT_COLUMNS, storedObjects),
  table("SYS", "USER_OBJECTS", OBJECT_COLUMNS.slice(1), ownOf(storedObjects)),
  table("SYS", "DBA_TRIGGERS", TRIGGER_COLUMNS, storedTriggers),
  table("SYS", "USER_TRIGGERS", TRIGGER_COLUMNS.slice(1), ownOf(storedTriggers)),
  table("SYS", "DBA_SOURCE", SOURCE_COLUMNS, sourceLines),
  table("SYS", "USER_SOURCE", SOURCE_COLUMNS.slice(1), ownOf(sourceLines)),
];
