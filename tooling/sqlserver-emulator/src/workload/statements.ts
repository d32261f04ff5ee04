/** Statements as applications and people write them. Joined from parts, which gives flat strings and so saves memory. */
import type { AuditedTable } from "./population.ts";
import type { Random } from "./random.ts";

function someColumns(random: Random, table: AuditedTable): readonly string[] {
  const count = random.between(2, table.columns.length);
  return table.columns.slice(0, count);
}

function literal(random: Random, table: AuditedTable): string {
  switch (random.between(0, 3)) {
    case 0:
      return String(random.between(1, 9_999_999));
    case 1:
      return `N'${random.pick(table.sample)}'`;
    case 2:
      return `'2026-${String(random.between(1, 12)).padStart(2, "0")}-${String(random.between(1, 28)).padStart(2, "0")}'`;
    default:
      return `@p${random.between(1, 9)}`;
  }
}

function condition(random: Random, table: AuditedTable): string {
  const parts = [table.columns[0] ?? "id", " = ", literal(random, table)];
  for (let more = random.between(0, 2); more > 0; more -= 1) {
    parts.push(
      " AND ",
      random.pick(table.columns),
      random.pick([" = ", " >= ", " <> ", " LIKE "]),
      literal(random, table),
    );
  }
  return parts.join("");
}

export function selectStatement(random: Random, table: AuditedTable): string {
  const columns = someColumns(random, table);
  const from = `${table.schema}.${table.name}`;
  if (random.chance(0.4)) {
    return ["SELECT ", columns.join(", "), " FROM ", from, " WHERE ", condition(random, table)].join("");
  }
  // As object mappers write them: long, with brackets and an alias on each column.
  const listed = columns.map((column) => `[Extent1].[${column}] AS [${column}]`).join(", \r\n    ");
  return [
    "SELECT TOP (",
    String(random.between(1, 50)),
    ") \r\n    ",
    listed,
    "\r\n    FROM [",
    table.schema,
    "].[",
    table.name,
    "] AS [Extent1]\r\n    WHERE ",
    condition(random, table),
    "\r\n    ORDER BY [Extent1].[",
    columns[0] ?? "",
    "] ",
    random.pick(["ASC", "DESC"]),
  ].join("");
}

export function insertStatement(random: Random, table: AuditedTable): string {
  const columns = someColumns(random, table);
  const values = columns.map(() => literal(random, table));
  return [
    "INSERT INTO ",
    table.schema,
    ".",
    table.name,
    " (",
    columns.join(", "),
    ") VALUES (",
    values.join(", "),
    ")",
  ].join("");
}

export function updateStatement(random: Random, table: AuditedTable): string {
  const column = table.columns.at(-1) ?? "";
  return [
    "UPDATE ",
    table.schema,
    ".",
    table.name,
    " SET ",
    column,
    " = ",
    literal(random, table),
    " WHERE ",
    condition(random, table),
  ].join("");
}

export function deleteStatement(random: Random, table: AuditedTable): string {
  return ["DELETE FROM ", table.schema, ".", table.name, " WHERE ", condition(random, table)].join("");
}

/** Longer than one piece: what an import or a generated IN list looks like. Some cuts go through a surrogate pair. */
export function longStatement(random: Random, table: AuditedTable): string {
  const parts = ["INSERT INTO ", table.schema, ".", table.name, " VALUES "];
  const wanted = random.between(4001, 11_000);
  for (let length = 40; length < wanted; ) {
    const row = `(${random.between(1, 9_999_999)}, N'${random.pick(table.sample)} 🧾🏥', ${literal(random, table)}),\r\n`;
    parts.push(row);
    length += row.length;
  }
  parts.push("(0, N'', NULL);");
  return parts.join("");
}
