import type { Definition, SessionSetting } from "../definitions/definition.ts";
import { OracleError } from "../oracle-error.ts";
import { parseAnonymousBlock } from "./parse-block.ts";
import { parseDefinition, parseSessionSettings, startsDefinition } from "./parse-definition.ts";
import { parseCondition, parseValue } from "./parse-expression.ts";
import { parseQuery } from "./parse-query.ts";
import type { Block, Expression, Query } from "./syntax.ts";
import { TokenStream } from "./token-stream.ts";

export type Statement =
  | { readonly kind: "query"; readonly query: Query }
  | { readonly kind: "block"; readonly block: Block }
  | { readonly kind: "define"; readonly definition: Definition }
  | { readonly kind: "setSession"; readonly settings: readonly SessionSetting[] }
  | {
      readonly kind: "insert";
      readonly path: readonly string[];
      readonly columns: readonly string[] | undefined;
      readonly values: readonly Expression[] | Query;
    }
  | {
      readonly kind: "update";
      readonly path: readonly string[];
      readonly alias: string;
      readonly assignments: readonly { readonly column: string; readonly value: Expression }[];
      readonly where: Expression | undefined;
    }
  | {
      readonly kind: "delete";
      readonly path: readonly string[];
      readonly alias: string;
      readonly where: Expression | undefined;
    }
  | { readonly kind: "transaction"; readonly verb: "commit" | "rollback" | "other" };

export type Change = Extract<Statement, { kind: "insert" | "update" | "delete" }>;

export interface ParsedStatement {
  readonly statement: Statement;
  /** How many values the client has to send. */
  readonly bindCount: number;
}

/** Text → statement; a reader sends the same few texts all the time. */
const parsed = new Map<string, ParsedStatement>();
const MOST_PARSED_TEXTS = 256;

/** @throws OracleError with the code that the server has for what it does not understand */
export function parseStatement(sql: string): ParsedStatement {
  const known = parsed.get(sql);
  if (known) return known;
  const tokens = new TokenStream(sql, parseQuery);
  const statement = parseAny(tokens);
  const result = { statement, bindCount: tokens.binds.length };
  if (parsed.size >= MOST_PARSED_TEXTS) parsed.clear();
  parsed.set(sql, result);
  return result;
}

function parseAny(tokens: TokenStream): Statement {
  if (tokens.isWord("select") || tokens.isSymbol("(")) {
    const query = parseQuery(tokens);
    if (tokens.takeWords("for", "update")) throw tokens.failure(1031);
    tokens.expectEnd();
    return { kind: "query", query };
  }
  if (tokens.isWord("begin") || tokens.isWord("declare")) return { kind: "block", block: parseAnonymousBlock(tokens) };
  const settings = parseSessionSettings(tokens);
  if (settings) return { kind: "setSession", settings };
  if (startsDefinition(tokens)) return { kind: "define", definition: parseDefinition(tokens) };
  if (tokens.takeWords("insert")) return ended(tokens, parseInsert(tokens));
  if (tokens.takeWords("update")) return ended(tokens, parseUpdate(tokens));
  if (tokens.takeWords("delete")) return ended(tokens, parseDelete(tokens));
  const transaction = parseTransaction(tokens);
  if (transaction) return ended(tokens, transaction);
  throw tokens.failure(900);
}

function ended(tokens: TokenStream, statement: Statement): Statement {
  tokens.expectEnd();
  return statement;
}

function parseTransaction(tokens: TokenStream): Statement | undefined {
  if (tokens.takeWords("commit") || tokens.takeWords("commit", "work")) return { kind: "transaction", verb: "commit" };
  if (tokens.takeWords("rollback") || tokens.takeWords("rollback", "work"))
    return { kind: "transaction", verb: "rollback" };
  if (!tokens.takeWords("set", "transaction")) return undefined;
  tokens.expectWord("read");
  if (!tokens.takeWords("only")) tokens.expectWord("write");
  return { kind: "transaction", verb: "other" };
}

function parseInsert(tokens: TokenStream): Statement {
  tokens.expectWord("into", 925);
  const path = tokens.expectDottedName(903);
  let columns: string[] | undefined;
  if (tokens.isSymbol("(") && !tokens.isWord("select", 1)) {
    tokens.next();
    columns = [tokens.expectName()];
    while (tokens.takeSymbol(",")) columns.push(tokens.expectName());
    tokens.expectSymbol(")");
  }
  if (tokens.isWord("select") || tokens.isSymbol("("))
    return { kind: "insert", path, columns, values: parseQuery(tokens) };
  tokens.expectWord("values", 926);
  tokens.expectSymbol("(");
  const values = [parseValue(tokens)];
  while (tokens.takeSymbol(",")) values.push(parseValue(tokens));
  tokens.expectSymbol(")");
  return { kind: "insert", path, columns, values };
}

function parseTarget(tokens: TokenStream): { readonly path: readonly string[]; readonly alias: string } {
  const path = tokens.expectDottedName(903);
  const alias = tokens.isName() && !tokens.isWord("where") ? tokens.expectName() : (path.at(-1) ?? "");
  return { path, alias };
}

function parseUpdate(tokens: TokenStream): Statement {
  const target = parseTarget(tokens);
  tokens.expectWord("set", 971);
  const assignments: { column: string; value: Expression }[] = [];
  do {
    const column = tokens.expectDottedName(904).at(-1) ?? "";
    tokens.expectSymbol("=", 927);
    assignments.push({ column, value: parseValue(tokens) });
  } while (tokens.takeSymbol(","));
  const where = tokens.takeWords("where") ? parseCondition(tokens) : undefined;
  return { kind: "update", ...target, assignments, where };
}

function parseDelete(tokens: TokenStream): Statement {
  tokens.takeWords("from");
  const target = parseTarget(tokens);
  const where = tokens.takeWords("where") ? parseCondition(tokens) : undefined;
  return { kind: "delete", ...target, where };
}

/** As a client that sets its time zone at log-on does it: with a NUL at the end. */
export function parseSettings(sql: string): readonly SessionSetting[] {
  const { statement } = parseStatement(sql.replace(/\0+$/, ""));
  if (statement.kind !== "setSession") throw new OracleError(900, "invalid SQL statement");
  return statement.settings;
}
