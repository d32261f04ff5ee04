/** CREATE TABLE, PROCEDURE, TRIGGER … ON ALL SERVER and CERTIFICATE, and signing: what lives in database master. */
import type { Definition } from "../definitions/definition.ts";
import { parseType } from "./parse-expression.ts";
import type { TokenStream } from "./token-stream.ts";

export function parseCreateTable(tokens: TokenStream): Definition {
  const name = tokens.expectDottedName().join(".");
  const columns: { name: string; type: ReturnType<typeof parseType> }[] = [];
  tokens.expectSymbol("(");
  do {
    columns.push({ name: tokens.expectName(), type: parseType(tokens) });
    skipConstraints(tokens);
  } while (tokens.takeSymbol(","));
  tokens.expectSymbol(")");
  return { kind: "createTable", name, columns };
}

/** NOT NULL, PRIMARY KEY, CHECK (…): up to the comma or parenthesis that ends the column. */
function skipConstraints(tokens: TokenStream): void {
  for (let depth = 0; ; ) {
    if (tokens.peek().kind === "end") throw tokens.unexpected();
    if (depth === 0 && (tokens.isSymbol(",") || tokens.isSymbol(")"))) return;
    if (tokens.isSymbol("(")) depth += 1;
    if (tokens.isSymbol(")")) depth -= 1;
    tokens.next();
  }
}

/** The body is the rest of the batch, as in the engine; it is parsed when it is executed. */
export function parseProcedure(tokens: TokenStream, kind: "createProcedure" | "alterProcedure"): Definition {
  const name = tokens.expectDottedName().join(".");
  const first = tokens.peek();
  while (!tokens.isWord("as")) {
    if (tokens.peek().kind === "end") throw tokens.unexpected();
    tokens.next();
  }
  const parameters = first === tokens.peek() ? "" : tokens.textFrom(first);
  tokens.next();
  return { kind, name, parameters, body: takeRest(tokens) };
}

function takeRest(tokens: TokenStream): string {
  const first = tokens.peek();
  if (first.kind === "end") throw tokens.unexpected();
  while (tokens.peek().kind !== "end") tokens.next();
  return tokens.textFrom(first);
}

export function parseCreateTrigger(tokens: TokenStream): Definition {
  const name = tokens.expectName();
  for (const word of ["on", "all", "server", "for"]) tokens.expectWord(word);
  const events: string[] = [];
  do events.push(tokens.expectName().toUpperCase());
  while (tokens.takeSymbol(","));
  tokens.expectWord("as");
  return { kind: "createTrigger", name, events, body: takeRest(tokens) };
}

export function parseCreateCertificate(tokens: TokenStream): Definition {
  const name = tokens.expectName();
  for (const word of ["encryption", "by"]) tokens.expectWord(word);
  const password = expectSetting(tokens, "password");
  tokens.expectWord("with");
  expectSetting(tokens, "subject");
  if (tokens.takeSymbol(",")) expectSetting(tokens, "expiry_date");
  return { kind: "createCertificate", name, password };
}

function expectSetting(tokens: TokenStream, name: string): string {
  tokens.expectWord(name);
  tokens.expectSymbol("=");
  const token = tokens.next();
  if (token.kind !== "string") throw tokens.unexpected(token);
  return token.text;
}

export function parseAlterCertificate(tokens: TokenStream): Definition {
  const name = tokens.expectName();
  for (const word of ["remove", "private", "key"]) tokens.expectWord(word);
  return { kind: "removePrivateKey", name };
}

/** `ADD SIGNATURE TO dbo.x BY CERTIFICATE c WITH PASSWORD = '…'`, after ADD. */
export function parseAddSignature(tokens: TokenStream): Definition {
  for (const word of ["signature", "to"]) tokens.expectWord(word);
  const name = tokens.expectDottedName().join(".");
  for (const word of ["by", "certificate"]) tokens.expectWord(word);
  const certificate = tokens.expectName();
  tokens.expectWord("with");
  return { kind: "addSignature", name, certificate, password: expectSetting(tokens, "password") };
}
