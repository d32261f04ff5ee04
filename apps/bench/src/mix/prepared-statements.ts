import type { AuditRow } from "@das/sqlserver-emulator";

/**
 * Applications as they are: few statements, written once by a programmer or an object mapper and sent again and again.
 *
 * The generator makes up each statement anew, columns, conditions and literals: right for what people type, and the
 * hardest case for compression, but no application works like that. Traces of real ones come down to a few hundred
 * templates for millions of queries, of which a handful does most of the work (Ma et al., "Query-based Workload
 * Forecasting for Self-Driving Database Management Systems", SIGMOD 2018); TPC-C's five transactions have some thirty
 * statements. Through sp_executesql or a prepared handle, as the drivers and object mappers do it by themselves, the
 * audit shows parameters in the place of values (SQL Server notes §6.1).
 *
 * So the rows of three logins, four fifths of the activity, get statements of a fixed number of shapes. Two of them
 * use parameters; the third writes its values into the text, other ones each time. Nothing else of a row changes, and
 * the people's, the agent's and the reports' rows stay as they are.
 */
const APPLICATIONS: Readonly<Record<string, "parameters" | "literals">> = {
  billing_app: "parameters",
  clinic_api: "parameters",
  web_shop: "literals",
};

/** How many statements of an action an application has for one table or procedure. */
const SHAPES: Readonly<Record<string, number>> = { "SL  ": 6, "IN  ": 2, "UP  ": 3, "DL  ": 1, "EX  ": 1 };

/** Text, number or parameter. */
const LITERAL = /N?'(?:[^']|'')*'|\b\d+\b|@p\d+/g;

/** Pieces of a longer statement: imports, which are different each time. */
const PIECE_LENGTH = 4_000;

/** Keeps the shapes that it has seen: give it the rows of one workload in their order. */
export class PreparedStatements {
  readonly #shapes = new Map<string, string[]>();

  /** The row as the application's own statement would have made it. */
  prepare(row: AuditRow): AuditRow {
    const { session_server_principal_name: login, action_id: action, object_name: object, statement } = row;
    const style = APPLICATIONS[String(login)];
    const most = SHAPES[action];
    if (!style || most === undefined || typeof statement !== "string" || isPiece(row, statement)) return row;
    const shapes = this.#shapesOf(`${login} ${action} ${object}`);
    if (shapes.length < most) shapes.push(statement);
    const shape = shapes[Math.floor(shapes.length * skewed(row))] ?? statement;
    return { ...row, statement: style === "parameters" ? withParameters(shape) : withLiteralsOf(statement, shape) };
  }

  #shapesOf(key: string): string[] {
    const shapes = this.#shapes.get(key) ?? [];
    this.#shapes.set(key, shapes);
    return shapes;
  }
}

function isPiece({ sequence_number: number }: AuditRow, statement: string): boolean {
  return number !== 1 || statement.length >= PIECE_LENGTH;
}

/** From 0 to 1, small values being more frequent: some statements are sent more often than others. */
function skewed({ sequence_group_id: group }: AuditRow): number {
  const uniform = Number.parseInt(String(group).slice(2, 10), 16) / 2 ** 32;
  return Number.isNaN(uniform) ? 0 : uniform ** 2;
}

function withParameters(shape: string): string {
  let count = 0;
  return shape.replace(LITERAL, () => {
    count += 1;
    return `@p${count}`;
  });
}

/** The shape with the values of another statement, in their order. */
function withLiteralsOf(statement: string, shape: string): string {
  const literals = statement.match(LITERAL) ?? [];
  let count = 0;
  return shape.replace(LITERAL, (own) => {
    const literal = literals[count % Math.max(1, literals.length)] ?? own;
    count += 1;
    return literal;
  });
}
