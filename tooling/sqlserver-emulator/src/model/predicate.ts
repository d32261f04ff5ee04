/** WHERE of a server audit: which rows it takes. Fields of the row are compared with numbers and texts. */
import { isLike } from "../sql/compare.ts";
import { TokenStream } from "../sql/token-stream.ts";
import type { AuditRow } from "./audit-row.ts";

export type Predicate =
  | { readonly kind: "and" | "or"; readonly left: Predicate; readonly right: Predicate }
  | { readonly kind: "not"; readonly operand: Predicate }
  | {
      readonly kind: "compare";
      readonly field: string;
      readonly operator: Comparison;
      readonly value: string | number;
    };

type Comparison = "=" | "<>" | ">" | ">=" | "<" | "<=" | "like";

/** OR binds weaker than AND. @throws ServerError 102 at whatever is not a predicate. */
export function parsePredicate(tokens: TokenStream): Predicate {
  let left = parseConjunction(tokens);
  while (tokens.takeWords("or")) left = { kind: "or", left, right: parseConjunction(tokens) };
  return left;
}

function parseConjunction(tokens: TokenStream): Predicate {
  let left = parseFactor(tokens);
  while (tokens.takeWords("and")) left = { kind: "and", left, right: parseFactor(tokens) };
  return left;
}

function parseFactor(tokens: TokenStream): Predicate {
  if (tokens.takeWords("not")) return { kind: "not", operand: parseFactor(tokens) };
  if (tokens.takeSymbol("(")) {
    const inner = parsePredicate(tokens);
    tokens.expectSymbol(")");
    return inner;
  }
  const field = tokens.expectName().toLowerCase();
  const operator = parseComparison(tokens);
  const negative = tokens.takeSymbol("-");
  const value = tokens.next();
  if (value.kind === "string" && !negative) return { kind: "compare", field, operator, value: value.text };
  if (value.kind !== "number") throw tokens.unexpected(value);
  return { kind: "compare", field, operator, value: Number(value.text) * (negative ? -1 : 1) };
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  "=": "=",
  "<>": "<>",
  "!=": "<>",
  ">": ">",
  ">=": ">=",
  "<": "<",
  "<=": "<=",
};

function parseComparison(tokens: TokenStream): Comparison {
  if (tokens.takeWords("like")) return "like";
  const token = tokens.next();
  const operator = token.kind === "symbol" ? COMPARISONS[token.text] : undefined;
  if (!operator) throw tokens.unexpected(token);
  return operator;
}

/** As sys.server_audits shows it: `([session_server_principal_name]<>N'das')`. */
export function predicateText(predicate: Predicate): string {
  return `(${inner(predicate)})`;
}

function inner(predicate: Predicate): string {
  switch (predicate.kind) {
    case "not":
      return `NOT ${predicateText(predicate.operand)}`;
    case "compare": {
      const { field, operator, value } = predicate;
      const written = typeof value === "number" ? `(${value})` : `N'${value.replaceAll("'", "''")}'`;
      return `[${field}]${operator === "like" ? " LIKE " : operator}${written}`;
    }
    default:
      return `${predicateText(predicate.left)} ${predicate.kind.toUpperCase()} ${predicateText(predicate.right)}`;
  }
}

const parsed = new Map<string, Predicate>();
const MOST_PARSED = 256;

/** Does an audit with this predicate take the row? @throws ServerError 102 when the text is not a predicate */
export function passesPredicate(text: string, row: AuditRow): boolean {
  let predicate = parsed.get(text);
  if (!predicate) {
    const tokens = new TokenStream(text);
    predicate = parsePredicate(tokens);
    tokens.expectEnd();
    if (parsed.size >= MOST_PARSED) parsed.clear();
    parsed.set(text, predicate);
  }
  return holds(predicate, row);
}

function holds(predicate: Predicate, row: AuditRow): boolean {
  switch (predicate.kind) {
    case "and":
      return holds(predicate.left, row) && holds(predicate.right, row);
    case "or":
      return holds(predicate.left, row) || holds(predicate.right, row);
    case "not":
      return !holds(predicate.operand, row);
    case "compare":
      return typeof predicate.value === "number"
        ? compares(predicate.operator, numberOf(predicate.field, row), predicate.value)
        : compares(predicate.operator, textOf(predicate.field, row), predicate.value);
  }
}

/** NULL counts as the empty text: how the engine compares it is not known (SQL Server notes §10). */
function textOf(field: string, row: AuditRow): string {
  return String(row[field] ?? "").trimEnd();
}

/** Action and class are compared by the number that their characters make, padded with blanks (SQL Server notes §2.4). */
function numberOf(field: string, row: AuditRow): number {
  const value = row[field] ?? 0;
  if (typeof value !== "string") return Number(value);
  if (field !== "action_id" && field !== "class_type") return Number(value);
  const padded = Buffer.from(value.trimEnd().padEnd(field === "action_id" ? 4 : 2));
  return padded.readUIntLE(0, padded.length);
}

function compares<Value extends string | number>(operator: Comparison, value: Value, wanted: Value): boolean {
  switch (operator) {
    case "=":
      return value === wanted;
    case "<>":
      return value !== wanted;
    case ">":
      return value > wanted;
    case ">=":
      return value >= wanted;
    case "<":
      return value < wanted;
    case "<=":
      return value <= wanted;
    case "like":
      return isLike(String(value), String(wanted));
  }
}
