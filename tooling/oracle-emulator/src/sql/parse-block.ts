/** PL/SQL, as far as blocks, procedures and triggers of Oracle notes §§3.3 to 5 go. */
import { OracleError } from "../oracle-error.ts";
import { record } from "../sql-types.ts";
import { compilationError, placeOf } from "./compilation-error.ts";
import { parseArguments, parseCondition, parseValue } from "./parse-expression.ts";
import { parseType } from "./parse-type.ts";
import type { Block, BlockStatement, Declaration } from "./syntax.ts";
import type { TokenStream } from "./token-stream.ts";

/** DECLARE … BEGIN … END;, or BEGIN … END;. @throws OracleError 6550 at whatever is not understood */
export function parseAnonymousBlock(tokens: TokenStream): Block {
  return inBlock(tokens, () => {
    const block = parseBlock(tokens, tokens.takeWords("declare"));
    expectSemicolon(tokens);
    if (tokens.peek().kind !== "end") throw tokens.failure(933);
    return block;
  });
}

/** Within, conditions are values and errors are those of the compiler. */
export function inBlock<Result>(tokens: TokenStream, parse: () => Result): Result {
  tokens.inBlock = true;
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof OracleError) || error.number === 6550) throw error;
    const { line, column } = placeOf(tokens.sql, error.position);
    const found = tokens.sql.slice(error.position).match(/^(?:[\p{L}\d_$#]+|\S)/u)?.[0] ?? "end-of-file";
    throw new OracleError(
      6550,
      `line ${line}, column ${column}:\nPLS-00103: Encountered the symbol "${found.toUpperCase()}" when expecting something else`,
      error.position,
    );
  }
}

/** @param hasDeclarations DECLARE or, in a program, IS came before */
export function parseBlock(tokens: TokenStream, hasDeclarations: boolean): Block {
  const declarations: Declaration[] = [];
  while (hasDeclarations && !tokens.isWord("begin")) declarations.push(parseDeclaration(tokens));
  tokens.expectWord("begin");
  const statements = parseStatements(tokens);
  const handlers = tokens.takeWords("exception") ? parseHandlers(tokens) : [];
  tokens.expectWord("end");
  if (tokens.peek().kind !== "symbol" && tokens.peek().kind !== "end") tokens.expectName();
  return { declarations, statements, handlers };
}

function expectSemicolon(tokens: TokenStream): void {
  tokens.expectSymbol(";");
}

/** `r PLS_INTEGER := 0;`, and collections of names, of which only `ora_name_list_t` is known. */
function parseDeclaration(tokens: TokenStream): Declaration {
  const name = tokens.expectName();
  tokens.takeWords("constant");
  const type = tokens.takeWords("ora_name_list_t") ? record : parseType(tokens);
  if (tokens.takeWords("not")) tokens.expectWord("null");
  const value = tokens.takeSymbol(":=") || tokens.takeWords("default") ? parseCondition(tokens) : undefined;
  expectSemicolon(tokens);
  return { name, type, ...(value && { value }) };
}

const ENDS_STATEMENTS = ["end", "elsif", "else", "exception", "when"] as const;

function parseStatements(tokens: TokenStream): readonly BlockStatement[] {
  const statements: BlockStatement[] = [];
  do statements.push(parseStatement(tokens));
  while (!ENDS_STATEMENTS.some((word) => tokens.isWord(word)));
  return statements;
}

function parseHandlers(tokens: TokenStream): Block["handlers"] {
  const handlers: Block["handlers"][number][] = [];
  while (tokens.takeWords("when")) {
    const exceptions = [tokens.expectName()];
    while (tokens.takeWords("or")) exceptions.push(tokens.expectName());
    tokens.expectWord("then");
    handlers.push({ exceptions, body: parseStatements(tokens) });
  }
  return handlers;
}

function parseStatement(tokens: TokenStream): BlockStatement {
  const first = tokens.peek();
  const { line, column } = placeOf(tokens.sql, first.from);
  if (tokens.isWord("select")) return ended(tokens, { kind: "select", query: tokens.parseQuery(), line });
  if (
    ["insert", "update", "delete", "commit", "rollback"].some((word) => tokens.isWord(word)) &&
    !tokens.isSymbol("(", 1)
  )
    return parseSql(tokens, line);
  if (tokens.takeWords("null")) return ended(tokens, { kind: "null" });
  if (tokens.takeWords("if")) return parseIf(tokens);
  if (tokens.takeWords("for")) return parseFor(tokens);
  if (tokens.takeWords("while")) {
    const condition = parseCondition(tokens);
    return { kind: "loop", condition, body: parseLoop(tokens) };
  }
  if (tokens.isWord("loop")) return { kind: "loop", body: parseLoop(tokens) };
  if (tokens.takeWords("exit")) {
    const condition = tokens.takeWords("when") ? parseCondition(tokens) : undefined;
    return ended(tokens, { kind: "exit", ...(condition && { condition }) });
  }
  if (tokens.takeWords("return")) {
    const value = tokens.isSymbol(";") ? undefined : parseCondition(tokens);
    return ended(tokens, { kind: "return", ...(value && { value }) });
  }
  if (tokens.takeWords("raise")) {
    const exception = tokens.isSymbol(";") ? undefined : tokens.expectName();
    return ended(tokens, { kind: "raise", line, ...(exception !== undefined && { exception }) });
  }
  if (tokens.takeWords("execute", "immediate"))
    return ended(tokens, { kind: "executeImmediate", text: parseValue(tokens), line });
  if (tokens.isWord("begin") || tokens.isWord("declare")) {
    const block = parseBlock(tokens, tokens.takeWords("declare"));
    return ended(tokens, { kind: "block", block });
  }
  const path = tokens.expectDottedName();
  if (tokens.takeSymbol(":=")) {
    if (path.length > 1)
      throw compilationError(`PLS-00201: identifier '${path.join(".")}' must be declared`, { line, column });
    return ended(tokens, { kind: "assign", variable: path[0] ?? "", value: parseCondition(tokens), line });
  }
  const args = tokens.takeSymbol("(") ? parseCallArguments(tokens) : [];
  return ended(tokens, { kind: "call", path, arguments: args, line, column });
}

function parseCallArguments(tokens: TokenStream) {
  if (tokens.takeSymbol(")")) return [];
  const args = parseArguments(tokens);
  tokens.expectSymbol(")");
  return args;
}

function ended(tokens: TokenStream, statement: BlockStatement): BlockStatement {
  expectSemicolon(tokens);
  return statement;
}

/** A statement of SQL as it is written, up to its semicolon. */
function parseSql(tokens: TokenStream, line: number): BlockStatement {
  const first = tokens.next();
  while (!tokens.isSymbol(";")) {
    if (tokens.peek().kind === "end") throw tokens.failure(933);
    tokens.next();
  }
  const text = tokens.textFrom(first);
  return ended(tokens, { kind: "sql", text, line });
}

function parseIf(tokens: TokenStream): BlockStatement {
  const branches: { condition: ReturnType<typeof parseCondition>; body: readonly BlockStatement[] }[] = [];
  do {
    const condition = parseCondition(tokens);
    tokens.expectWord("then");
    branches.push({ condition, body: parseStatements(tokens) });
  } while (tokens.takeWords("elsif"));
  const otherwise = tokens.takeWords("else") ? parseStatements(tokens) : [];
  tokens.expectWord("end");
  tokens.expectWord("if");
  return ended(tokens, { kind: "if", branches, otherwise });
}

function parseFor(tokens: TokenStream): BlockStatement {
  const variable = tokens.expectName();
  tokens.expectWord("in");
  if (tokens.takeSymbol("(")) {
    const query = tokens.takeSubquery();
    return { kind: "queryLoop", variable, query, body: parseLoop(tokens) };
  }
  const from = parseValue(tokens);
  tokens.expectSymbol("..");
  const to = parseValue(tokens);
  return { kind: "countLoop", variable, from, to, body: parseLoop(tokens) };
}

function parseLoop(tokens: TokenStream): readonly BlockStatement[] {
  tokens.expectWord("loop");
  const body = parseStatements(tokens);
  tokens.expectWord("end");
  tokens.expectWord("loop");
  tokens.expectSymbol(";");
  return body;
}
