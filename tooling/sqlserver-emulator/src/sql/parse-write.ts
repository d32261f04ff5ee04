import { parseExpression, parseList } from "./parse-expression.ts";
import type { Expression, Statement } from "./syntax.ts";
import type { TokenStream } from "./token-stream.ts";

/** INSERT [INTO] table (columns) VALUES …, UPDATE table SET …, DELETE [FROM] table, the last two with WHERE. */
export function parseWrite(tokens: TokenStream): Statement | undefined {
  if (tokens.takeWords("insert")) return parseInsert(tokens);
  if (tokens.takeWords("update")) return parseUpdate(tokens);
  if (!tokens.takeWords("delete")) return undefined;
  tokens.takeWords("from");
  return { kind: "delete", table: tokens.expectDottedName().join("."), ...parseWhere(tokens) };
}

function parseInsert(tokens: TokenStream): Statement {
  tokens.takeWords("into");
  const table = tokens.expectDottedName().join(".");
  const columns: string[] = [];
  tokens.expectSymbol("(");
  do columns.push(tokens.expectName());
  while (tokens.takeSymbol(","));
  tokens.expectSymbol(")");
  tokens.expectWord("values");
  const rows: (readonly Expression[])[] = [];
  do {
    tokens.expectSymbol("(");
    const row = parseList(tokens);
    if (row.length !== columns.length) throw tokens.unexpected();
    rows.push(row);
    tokens.expectSymbol(")");
  } while (tokens.takeSymbol(","));
  return { kind: "insert", table, columns, rows };
}

function parseUpdate(tokens: TokenStream): Statement {
  const table = tokens.expectDottedName().join(".");
  tokens.expectWord("set");
  const changes: { column: string; value: Expression }[] = [];
  do {
    const column = tokens.expectName();
    tokens.expectSymbol("=");
    changes.push({ column, value: parseExpression(tokens) });
  } while (tokens.takeSymbol(","));
  return { kind: "update", table, changes, ...parseWhere(tokens) };
}

function parseWhere(tokens: TokenStream): { readonly where?: Expression } {
  return tokens.takeWords("where") ? { where: parseExpression(tokens) } : {};
}
