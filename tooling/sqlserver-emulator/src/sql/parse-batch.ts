import { parseDefinition, startsDefinition } from "./parse-definition.ts";
import { parseExpression, parseType } from "./parse-expression.ts";
import { parseSelect } from "./parse-select.ts";
import { parseWrite } from "./parse-write.ts";
import type { Declaration, ExecuteArgument, Statement } from "./syntax.ts";
import { TokenStream } from "./token-stream.ts";

/** @throws ServerError 102 at whatever is not understood. */
export function parseBatch(sql: string): readonly Statement[] {
  const tokens = new TokenStream(sql, parseSelect);
  const statements: Statement[] = [];
  for (;;) {
    while (tokens.takeSymbol(";"));
    if (tokens.peek().kind === "end") return statements;
    statements.push(parseStatement(tokens));
  }
}

/** The declaration of sp_executesql: `@pattern nvarchar(260), @offset bigint`. */
export function parseDeclarations(text: string): readonly Declaration[] {
  const tokens = new TokenStream(text, parseSelect);
  if (tokens.peek().kind === "end") return [];
  const declarations = parseDeclare(tokens);
  tokens.expectEnd();
  return declarations;
}

function parseStatement(tokens: TokenStream): Statement {
  if (tokens.isWord("select")) return { kind: "select", select: parseSelect(tokens) };
  if (tokens.takeWords("declare")) return { kind: "declare", variables: parseDeclare(tokens) };
  if (tokens.takeWords("set")) return parseSet(tokens);
  if (tokens.takeWords("use")) return { kind: "use", database: tokens.expectName() };
  if (tokens.takeWords("print")) return { kind: "print", value: parseExpression(tokens) };
  if (tokens.isWord("exec") || tokens.isWord("execute")) return parseExecute(tokens);
  if (tokens.takeWords("if")) return parseIf(tokens);
  if (tokens.takeWords("revert")) return { kind: "revert" };
  if (tokens.takeWords("kill")) return { kind: "kill", session: parseExpression(tokens) };
  const transaction = parseTransaction(tokens);
  if (transaction) return transaction;
  if (tokens.takeWords("begin", "try")) return parseTry(tokens);
  if (tokens.takeWords("begin")) return { kind: "block", statements: parseUntilEnd(tokens) };
  if (tokens.takeWords("throw")) return parseThrow(tokens);
  if (tokens.takeWords("return")) return parseReturn(tokens);
  const write = parseWrite(tokens);
  if (write) return write;
  if (startsDefinition(tokens)) return { kind: "define", ...parseDefinition(tokens) };
  throw tokens.unexpected();
}

function parseDeclare(tokens: TokenStream): readonly Declaration[] {
  const variables: Declaration[] = [];
  do {
    const name = tokens.expectVariable();
    tokens.takeWords("as");
    const type = parseType(tokens);
    tokens.takeWords("output");
    variables.push({ name, type, ...(tokens.takeSymbol("=") && { value: parseExpression(tokens) }) });
  } while (tokens.takeSymbol(","));
  return variables;
}

function parseSet(tokens: TokenStream): Statement {
  if (tokens.peek().kind === "variable") {
    const name = tokens.expectVariable();
    tokens.expectSymbol("=");
    return { kind: "setVariable", name, value: parseExpression(tokens) };
  }
  if (tokens.takeWords("transaction", "isolation", "level")) {
    tokens.expectName();
    if (tokens.isWord("committed") || tokens.isWord("uncommitted") || tokens.isWord("read")) tokens.next();
    return { kind: "setOption" };
  }
  tokens.expectName();
  if (tokens.peek().kind !== "word" && tokens.peek().kind !== "number" && tokens.peek().kind !== "name") {
    if (!tokens.takeSymbol("-")) throw tokens.unexpected();
  }
  tokens.next();
  return { kind: "setOption" };
}

function parseIf(tokens: TokenStream): Statement {
  const condition = parseExpression(tokens);
  const then = parseStatement(tokens);
  const semicolonBeforeElse = tokens.isSymbol(";") && tokens.isWord("else", 1);
  if (semicolonBeforeElse) tokens.next();
  if (!tokens.takeWords("else")) return { kind: "if", condition, then };
  return { kind: "if", condition, then, otherwise: parseStatement(tokens) };
}

/** Up to END, which is taken too. */
function parseUntilEnd(tokens: TokenStream): readonly Statement[] {
  const statements: Statement[] = [];
  for (;;) {
    while (tokens.takeSymbol(";"));
    if (tokens.takeWords("end")) return statements;
    statements.push(parseStatement(tokens));
  }
}

/** … END TRY BEGIN CATCH … END CATCH */
function parseTry(tokens: TokenStream): Statement {
  const statements = parseUntilEnd(tokens);
  for (const word of ["try", "begin", "catch"]) tokens.expectWord(word);
  const handler = parseUntilEnd(tokens);
  tokens.expectWord("catch");
  return { kind: "try", statements, handler };
}

/** THROW, or THROW number, message, state. */
function parseThrow(tokens: TokenStream): Statement {
  if (tokens.isSymbol(";") || tokens.isWord("end") || tokens.peek().kind === "end") return { kind: "throw" };
  const number = parseExpression(tokens);
  tokens.expectSymbol(",");
  const text = parseExpression(tokens);
  tokens.expectSymbol(",");
  parseExpression(tokens);
  return { kind: "throw", error: { number, text } };
}

function parseReturn(tokens: TokenStream): Statement {
  const { kind } = tokens.peek();
  if (kind !== "number" && kind !== "variable") return { kind: "return" };
  return { kind: "return", value: parseExpression(tokens) };
}

/** BEGIN, COMMIT and ROLLBACK TRAN[SACTION]; a name may follow. */
function parseTransaction(tokens: TokenStream): Statement | undefined {
  for (const verb of ["begin", "commit", "rollback"] as const) {
    const isNamed = tokens.takeWords(verb, "tran") || tokens.takeWords(verb, "transaction");
    if (isNamed && tokens.peek().kind === "name") tokens.next();
    if (isNamed) return { kind: "transaction", verb };
    if (verb !== "begin" && tokens.takeWords(verb)) {
      tokens.takeWords("work");
      return { kind: "transaction", verb };
    }
  }
  return undefined;
}

/** EXEC [@r =] procedure [[@name =] value, …], EXEC (text), or EXECUTE AS LOGIN = name. */
function parseExecute(tokens: TokenStream): Statement {
  const first = tokens.next();
  if (tokens.takeWords("as", "login")) {
    tokens.expectSymbol("=");
    const login = parseExpression(tokens);
    return { kind: "executeAs", login, text: tokens.textFrom(first) };
  }
  if (tokens.takeSymbol("(")) {
    const text = parseExpression(tokens);
    tokens.expectSymbol(")");
    return { kind: "executeText", text };
  }
  const into = tokens.peek().kind === "variable" ? tokens.expectVariable() : undefined;
  if (into) tokens.expectSymbol("=");
  const procedure = tokens.expectDottedName().join(".");
  const args: ExecuteArgument[] = [];
  if (startsArgument(tokens)) {
    do args.push(parseArgument(tokens));
    while (tokens.takeSymbol(","));
  }
  const text = tokens.textFrom(first);
  return { kind: "execute", procedure, arguments: args, text, ...(into !== undefined && { into }) };
}

function startsArgument(tokens: TokenStream): boolean {
  const { kind } = tokens.peek();
  return (
    kind === "variable" ||
    kind === "string" ||
    kind === "number" ||
    kind === "binary" ||
    tokens.isWord("null") ||
    tokens.isSymbol("-")
  );
}

function parseArgument(tokens: TokenStream): ExecuteArgument {
  const isNamed = tokens.peek().kind === "variable" && tokens.isSymbol("=", 1);
  const name = isNamed ? tokens.expectVariable() : undefined;
  if (isNamed) tokens.next();
  const value = parseExpression(tokens);
  tokens.takeWords("output");
  return { value, ...(name !== undefined && { name }) };
}
