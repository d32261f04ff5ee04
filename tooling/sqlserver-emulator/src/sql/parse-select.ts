import { parseExpression, parseList } from "./parse-expression.ts";
import type { Expression, Join, Ordering, Select, SelectItem, TableReference } from "./syntax.ts";
import type { TokenStream } from "./token-stream.ts";

/** Words that end a select list's item or a table's alias. */
const RESERVED: ReadonlySet<string> = new Set([
  "from",
  "where",
  "order",
  "option",
  "inner",
  "left",
  "cross",
  "join",
  "on",
  "with",
  "union",
  "group",
  "having",
  "for",
  "into",
  "select",
  "if",
  "else",
  "begin",
  "end",
  "set",
  "declare",
  "exec",
  "execute",
  "print",
  "use",
  "insert",
  "update",
  "delete",
  "create",
  "alter",
  "drop",
  "grant",
  "deny",
  "revoke",
  "commit",
  "rollback",
  "and",
  "or",
  "as",
]);

/** SELECT … without GROUP BY, UNION and common table expressions, which are errors. */
export function parseSelect(tokens: TokenStream): Select {
  tokens.expectWord("select");
  const distinct = tokens.takeWords("distinct");
  if (!distinct) tokens.takeWords("all");
  const top = tokens.takeWords("top") ? parseTop(tokens) : undefined;
  const items = [parseItem(tokens)];
  while (tokens.takeSymbol(",")) items.push(parseItem(tokens));
  const from = tokens.takeWords("from") ? parseTable(tokens) : undefined;
  const joins = from ? parseJoins(tokens) : [];
  const where = tokens.takeWords("where") ? parseExpression(tokens) : undefined;
  const order = tokens.takeWords("order", "by") ? parseOrder(tokens) : [];
  skipOptions(tokens);
  return { distinct, items, joins, order, ...(top && { top }), ...(from && { from }), ...(where && { where }) };
}

function parseTop(tokens: TokenStream): Expression {
  if (!tokens.takeSymbol("(")) return { kind: "literal", value: Number(tokens.next().text), type: { name: "bigint" } };
  const count = parseExpression(tokens);
  tokens.expectSymbol(")");
  return count;
}

function parseItem(tokens: TokenStream): SelectItem {
  if (tokens.takeSymbol("*")) return { kind: "star" };
  if (tokens.isSymbol(".", 1) && tokens.isSymbol("*", 2)) {
    const table = tokens.expectName();
    tokens.next();
    tokens.next();
    return { kind: "star", table };
  }
  if (tokens.peek().kind === "variable" && tokens.isSymbol("=", 1)) {
    const variable = tokens.expectVariable();
    tokens.next();
    return { kind: "assignment", variable, expression: parseExpression(tokens) };
  }
  const expression = parseExpression(tokens);
  const alias = parseAlias(tokens, true);
  return { kind: "expression", expression, name: alias ?? (expression.kind === "column" ? expression.name : "") };
}

function parseAlias(tokens: TokenStream, mayBeString: boolean): string | undefined {
  if (tokens.takeWords("as")) {
    return mayBeString && tokens.peek().kind === "string" ? tokens.next().text : tokens.expectName();
  }
  const token = tokens.peek();
  if (token.kind === "name" || (token.kind === "word" && !RESERVED.has(token.text.toLowerCase()))) {
    return tokens.next().text;
  }
  return undefined;
}

function parseTable(tokens: TokenStream): TableReference {
  const parts = tokens.expectDottedName();
  const args = parseTableArguments(tokens);
  const alias = parseAlias(tokens, false) ?? parts.at(-1) ?? "";
  if (tokens.takeWords("with")) skipParentheses(tokens);
  const database = parts.at(-3);
  return {
    name: parts.slice(-2).join(".").toLowerCase(),
    ...(database !== undefined && { database }),
    written: parts.join("."),
    alias,
    ...(args && { arguments: args }),
  };
}

function parseTableArguments(tokens: TokenStream): readonly Expression[] | undefined {
  if (!tokens.takeSymbol("(")) return undefined;
  const args = tokens.isSymbol(")") ? [] : parseList(tokens);
  tokens.expectSymbol(")");
  return args;
}

function parseJoins(tokens: TokenStream): readonly Join[] {
  const joins: Join[] = [];
  for (;;) {
    if (tokens.takeWords("cross", "join") || tokens.takeSymbol(",")) {
      joins.push({ kind: "cross", table: parseTable(tokens) });
      continue;
    }
    const kind = joinKind(tokens);
    if (!kind) return joins;
    const table = parseTable(tokens);
    tokens.expectWord("on");
    joins.push({ kind, table, on: parseExpression(tokens) });
  }
}

function joinKind(tokens: TokenStream): "inner" | "left" | undefined {
  if (tokens.takeWords("join") || tokens.takeWords("inner", "join")) return "inner";
  if (tokens.takeWords("left", "join") || tokens.takeWords("left", "outer", "join")) return "left";
  return undefined;
}

function parseOrder(tokens: TokenStream): readonly Ordering[] {
  const order: Ordering[] = [];
  do {
    const expression = parseExpression(tokens);
    const descending = tokens.takeWords("desc");
    if (!descending) tokens.takeWords("asc");
    order.push({ expression, descending });
  } while (tokens.takeSymbol(","));
  return order;
}

/** OPTION (RECOMPILE, MAXDOP 1): hints change no result here. */
function skipOptions(tokens: TokenStream): void {
  if (tokens.takeWords("option")) skipParentheses(tokens);
}

function skipParentheses(tokens: TokenStream): void {
  tokens.expectSymbol("(");
  for (let depth = 1; depth > 0; ) {
    const token = tokens.next();
    if (token.kind === "end") throw tokens.unexpected();
    if (token.kind !== "symbol") continue;
    if (token.text === "(") depth += 1;
    else if (token.text === ")") depth -= 1;
  }
}
