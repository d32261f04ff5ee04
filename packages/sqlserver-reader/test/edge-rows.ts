import { AUDIT_COLUMNS, type AuditColumn, type AuditRow, type ColumnValue } from "@das/sqlserver-emulator";

const EDGES: Readonly<Record<string, readonly ColumnValue[]>> = {
  datetime2: [
    "0001-01-01 00:00:00.0000000",
    "1900-01-01 00:00:00.0000001",
    "2016-12-31 23:59:59.9999999",
    "2022-10-06 21:34:42.7113072",
    "9999-12-31 23:59:59.9999999",
  ],
  int: [0, 1, -1, 2_147_483_647, -2_147_483_648],
  smallint: [0, 1, -1, 32_767, -32_768],
  bigint: ["0", "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808"],
  bit: [true, false],
  varbinary: [null, "0x", "0x00", `0x${"ff".repeat(16)}`, "0x0106000000000164000000000000000071db5298"],
  uniqueidentifier: [
    null,
    "00000000-0000-0000-0000-000000000000",
    "98B4F537-0F82-49E3-AB08-B9D33B5893EF",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
  ],
  varchar: [null, "", " ", "U ", "é"],
  nvarchar: [
    null,
    "",
    "  ",
    "NULL",
    "Überprüfung, проверка, 検査, 😀",
    "a lone \ud83d and \ude00 here",
    "\udc00\ud800",
    "line\r\nbreak and\ttab",
    `'quoted' "twice" ]`,
  ],
};

/** Rows in which every column takes every edge value of its type, the longest text and bytes included. */
export function edgeRows(): readonly AuditRow[] {
  return Array.from({ length: 20 }, (_, row) => {
    const columns = AUDIT_COLUMNS.filter(({ name }) => !["file_name", "audit_file_offset"].includes(name));
    return Object.fromEntries(columns.map((column, index) => [column.name, edgeOf(column, row + index)])) as AuditRow;
  });
}

function edgeOf({ type, nullable }: AuditColumn, turn: number): ColumnValue {
  const longest = typeof type.length === "number" ? type.length : 0;
  const long: ColumnValue[] = [];
  if (type.name === "nvarchar") long.push("漢".repeat(longest));
  if (type.name === "varchar") long.push("y".repeat(longest));
  if (type.name === "varbinary") long.push(`0x${"a5".repeat(longest)}`);
  const fits = (value: ColumnValue) =>
    type.name !== "varbinary" || typeof value !== "string" || value.length <= 2 + 2 * longest;
  const values = [...(EDGES[type.name] ?? []), ...long].filter((value) => (nullable || value !== null) && fits(value));
  return values[turn % values.length] ?? null;
}
