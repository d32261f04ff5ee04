/** Statements as applications and people write them. Joined from parts, which gives flat strings and so saves memory. */
import type { AuditedProgram, AuditedTable } from "./population.ts";
import type { Random } from "./random.ts";

export interface Statement {
  readonly text: string;
  /** SQL_BINDS: ` #1(5):hello #2(1):7`, the length in characters (assumed; Oracle notes §1.3); null without binds. */
  readonly binds: string | null;
}

/** What a bind variable is given: plain, empty (NULL), with blanks, other scripts, and what looks like the next bind. */
function bindValue(random: Random, table: AuditedTable): string {
  switch (random.between(0, 9)) {
    case 0:
      return "";
    case 1:
      return "see #2(3):abc in the ticket";
    case 2:
      return `🧾 ${random.pick(table.sample)}`;
    case 3:
    case 4:
    case 5:
      return String(random.between(1, 9_999_999));
    case 6:
      return `${random.between(1, 28)}.11.2026 08:${random.between(10, 59)}`;
    default:
      return random.pick(table.sample);
  }
}

/** Collects what a statement binds, in order. */
class Binds {
  readonly #values: string[] = [];

  add(value: string): string {
    this.#values.push(value);
    return `:B${this.#values.length}`;
  }

  text(): string | null {
    if (this.#values.length === 0) return null;
    return this.#values.map((value, index) => ` #${index + 1}(${[...value].length}):${value}`).join("");
  }
}

type Literal = (random: Random, table: AuditedTable) => string;

function literalOf(binds: Binds | undefined): Literal {
  return (random, table) => {
    if (binds) return binds.add(bindValue(random, table));
    switch (random.between(0, 2)) {
      case 0:
        return String(random.between(1, 9_999_999));
      case 1:
        return `'${random.pick(table.sample)}'`;
      default:
        return `DATE '2026-${String(random.between(1, 12)).padStart(2, "0")}-${String(random.between(1, 28)).padStart(2, "0")}'`;
    }
  };
}

function condition(random: Random, table: AuditedTable, literal: Literal): string {
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

function someColumns(random: Random, table: AuditedTable): readonly string[] {
  return table.columns.slice(0, random.between(2, table.columns.length));
}

function write(random: Random, compose: (literal: Literal) => readonly string[]): Statement {
  const binds = random.chance(0.6) ? new Binds() : undefined;
  const text = compose(literalOf(binds)).join("");
  return { text, binds: binds?.text() ?? null };
}

export function selectStatement(random: Random, table: AuditedTable): Statement {
  const columns = someColumns(random, table);
  const from = `${table.schema.toLowerCase()}.${table.name.toLowerCase()}`;
  return write(random, (literal) => {
    if (random.chance(0.4)) {
      return ["SELECT ", columns.join(", "), " FROM ", from, " WHERE ", condition(random, table, literal)];
    }
    // As object mappers write them: many lines, quoted, with an alias on each column.
    const listed = columns.map((column) => `t0.${column} AS ${column}_0`).join(",\n       ");
    return [
      "SELECT ",
      listed,
      "\n  FROM ",
      from,
      " t0\n WHERE t0.",
      condition(random, table, literal),
      "\n ORDER BY t0.",
      columns[0] ?? "",
      random.pick([" ASC", " DESC"]),
      "\n FETCH FIRST ",
      String(random.between(1, 50)),
      " ROWS ONLY",
    ];
  });
}

export function insertStatement(random: Random, table: AuditedTable): Statement {
  const columns = someColumns(random, table);
  return write(random, (literal) => [
    "INSERT INTO ",
    `${table.schema}.${table.name} (`,
    columns.join(", "),
    ") VALUES (",
    columns.map(() => literal(random, table)).join(", "),
    ")",
  ]);
}

export function updateStatement(random: Random, table: AuditedTable): Statement {
  return write(random, (literal) => [
    `UPDATE ${table.schema}.${table.name}\n   SET `,
    table.columns.at(-1) ?? "",
    " = ",
    literal(random, table),
    "\n WHERE ",
    condition(random, table, literal),
  ]);
}

export function deleteStatement(random: Random, table: AuditedTable): Statement {
  return write(random, (literal) => [
    `DELETE FROM ${table.schema}.${table.name} WHERE `,
    condition(random, table, literal),
  ]);
}

export function blockStatement(random: Random, program: AuditedProgram): Statement {
  const binds = new Binds();
  const first = binds.add(String(random.between(1, 99_999)));
  const second = binds.add(random.hex(random.between(4, 12)));
  const text = `BEGIN\n  ${program.schema.toLowerCase()}.${program.call}(p_key => ${first}, p_note => ${second});\nEND;`;
  return { text, binds: binds.text() };
}

/** What an import or a generated list looks like: beyond 4,000 characters, and now and then beyond 32 KB. */
export function longStatement(random: Random, table: AuditedTable): Statement {
  const parts = [`INSERT ALL\n`];
  const wanted = random.chance(0.25) ? random.between(33_000, 45_000) : random.between(4100, 12_000);
  for (let length = 12; length < wanted; ) {
    const row = `  INTO ${table.schema}.${table.name} VALUES (${random.between(1, 9_999_999)}, '${random.pick(table.sample)} 🧾🏥', NULL)\n`;
    parts.push(row);
    length += row.length;
  }
  parts.push("SELECT 1 FROM dual");
  // As a client hands over a buffer whose end it counts as well.
  if (random.chance(0.3)) parts.push("\u0000");
  return { text: parts.join(""), binds: null };
}
