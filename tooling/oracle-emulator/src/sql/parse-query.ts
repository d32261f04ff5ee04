import { parseCondition, parseValue, parseValues } from "./parse-expression.ts";
import type { Expression, Join, Ordering, Query, Select, SelectItem, SetOperator, TableReference } from "./syntax.ts";
import type { TokenStream } from "./token-stream.ts";

/** SELECT without WITH, CONNECT BY, PIVOT and analytic functions, which are errors. */
export function parseQuery(tokens: TokenStream): Query {
  const first = parseTerm(tokens);
  const others: Query["others"][number][] = [];
  for (let operator = takeSetOperator(tokens); operator; operator = takeSetOperator(tokens)) {
    others.push({ operator, select: parseTerm(tokens) });
  }
  const order = parseOrder(tokens);
  const offset = tokens.takeWords("offset") ? parseRowCount(tokens) : undefined;
  const limit = parseLimit(tokens);
  return { kind: "query", first, others, order, ...(offset && { offset }), ...(limit && { limit }) };
}

function parseTerm(tokens: TokenStream): Select {
  if (tokens.isSymbol("(") && tokens.isWord("select", 1)) {
    tokens.next();
    const inner = parseSelect(tokens);
    tokens.expectSymbol(")");
    return inner;
  }
  return parseSelect(tokens);
}

function takeSetOperator(tokens: TokenStream): SetOperator | undefined {
  if (tokens.takeWords("union", "all")) return "union all";
  return (["union", "minus", "intersect"] as const).find((word) => tokens.takeWords(word));
}

function parseSelect(tokens: TokenStream): Select {
  tokens.expectWord("select", 928);
  const distinct = tokens.takeWords("distinct") || tokens.takeWords("unique");
  if (!distinct) tokens.takeWords("all");
  const items = [parseItem(tokens)];
  while (tokens.takeSymbol(",")) items.push(parseItem(tokens));
  const into = tokens.inBlock && tokens.takeWords("into") ? parseVariables(tokens) : [];
  const from = parseFrom(tokens);
  const joins = from ? parseJoins(tokens) : [];
  const where = tokens.takeWords("where") ? parseCondition(tokens) : undefined;
  const groupBy = parseGroupBy(tokens);
  const having = tokens.takeWords("having") ? parseCondition(tokens) : undefined;
  return {
    distinct,
    items,
    into,
    joins,
    groupBy,
    ...(from && { from }),
    ...(where && { where }),
    ...(having && { having }),
  };
}

function parseVariables(tokens: TokenStream): readonly string[] {
  const variables = [tokens.expectName()];
  while (tokens.takeSymbol(",")) variables.push(tokens.expectName());
  return variables;
}

function parseFrom(tokens: TokenStream): TableReference | undefined {
  if (tokens.takeWords("from")) return parseTable(tokens);
  // Whether a release can do without FROM is known when the query is compiled.
  const { kind, text } = tokens.peek();
  if (kind === "end" || (kind === "symbol" && (text === ")" || text === ";"))) return undefined;
  throw tokens.failure(923);
}

function parseItem(tokens: TokenStream): SelectItem {
  const { from: at } = tokens.peek();
  if (tokens.takeSymbol("*")) return { kind: "star", at };
  if (tokens.isName() && tokens.isSymbol(".", 1) && tokens.isSymbol("*", 2)) {
    const table = tokens.expectName();
    tokens.next();
    tokens.next();
    return { kind: "star", table, at };
  }
  const first = tokens.peek();
  const expression = parseValue(tokens);
  const written = tokens.textFrom(first);
  const alias = parseAlias(tokens, true);
  return { kind: "expression", expression, name: alias ?? nameOf(expression, written) };
}

/** As the server names what has no alias: a column by its name, all else by its text without blanks. */
function nameOf(expression: Expression, written: string): string {
  if (expression.kind === "name") return expression.path.at(-1) ?? "";
  return written.replaceAll(/('(?:[^']|'')*')|\s+/g, (_, text?: string) => text ?? "").toUpperCase();
}

const ENDS_ALIAS: ReadonlySet<string> = new Set(
  "cross full inner join left natural offset on outer right using fetch into loop partition".split(" "),
);

function parseAlias(tokens: TokenStream, mayHaveAs: boolean): string | undefined {
  if (mayHaveAs && tokens.takeWords("as")) return tokens.expectName(923);
  const token = tokens.peek();
  if (token.kind === "word" && ENDS_ALIAS.has(token.text.toLowerCase())) return undefined;
  return tokens.isName() ? tokens.expectName() : undefined;
}

function parseTable(tokens: TokenStream): TableReference {
  if (tokens.takeSymbol("(")) {
    const query = tokens.takeSubquery();
    return { kind: "query", query, alias: parseAlias(tokens, false) ?? "" };
  }
  if (tokens.isWord("table") && tokens.isSymbol("(", 1)) {
    tokens.next();
    tokens.next();
    const call = parseValue(tokens);
    tokens.expectSymbol(")");
    return { kind: "collection", call, alias: parseAlias(tokens, false) ?? "" };
  }
  const { from: at } = tokens.peek();
  const path = tokens.expectDottedName(903);
  if (tokens.isSymbol("@")) throw tokens.failure(2019);
  return { kind: "table", path, alias: parseAlias(tokens, false) ?? path.at(-1) ?? "", at };
}

function parseJoins(tokens: TokenStream): readonly Join[] {
  const joins: Join[] = [];
  for (;;) {
    if (tokens.takeSymbol(",") || tokens.takeWords("cross", "join")) {
      joins.push({ kind: "cross", table: parseTable(tokens) });
      continue;
    }
    const kind = takeJoin(tokens);
    if (!kind) return joins;
    const table = parseTable(tokens);
    tokens.expectWord("on");
    joins.push({ kind, table, on: parseCondition(tokens) });
  }
}

function takeJoin(tokens: TokenStream): "inner" | "left" | "right" | "full" | undefined {
  if (tokens.takeWords("join") || tokens.takeWords("inner", "join")) return "inner";
  return (["left", "right", "full"] as const).find(
    (side) => tokens.takeWords(side, "join") || tokens.takeWords(side, "outer", "join"),
  );
}

function parseGroupBy(tokens: TokenStream): readonly Expression[] {
  if (!tokens.takeWords("group")) return [];
  tokens.expectWord("by", 924);
  return parseValues(tokens);
}

function parseOrder(tokens: TokenStream): readonly Ordering[] {
  if (!tokens.takeWords("order")) return [];
  tokens.expectWord("by", 924);
  const order: Ordering[] = [];
  do {
    const expression = parseValue(tokens);
    const descending = tokens.takeWords("desc");
    if (!descending) tokens.takeWords("asc");
    // NULL counts as the greatest value.
    const nullsFirst = tokens.takeWords("nulls", "first") || (!tokens.takeWords("nulls", "last") && descending);
    order.push({ expression, descending, nullsFirst });
  } while (tokens.takeSymbol(","));
  return order;
}

/** After OFFSET. */
function parseRowCount(tokens: TokenStream): Expression {
  const count = parseValue(tokens);
  if (!tokens.takeWords("rows")) tokens.expectWord("row");
  return count;
}

/** FETCH FIRST n ROWS ONLY. */
function parseLimit(tokens: TokenStream): Expression | undefined {
  if (!tokens.takeWords("fetch")) return undefined;
  if (!tokens.takeWords("first")) tokens.expectWord("next");
  const one: Expression = { kind: "literal", value: 1, type: { name: "NUMBER" } };
  const count = tokens.isWord("row") || tokens.isWord("rows") ? one : parseValue(tokens);
  if (!tokens.takeWords("rows")) tokens.expectWord("row");
  tokens.expectWord("only");
  return count;
}
