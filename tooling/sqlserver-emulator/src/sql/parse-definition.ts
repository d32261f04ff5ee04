/** CREATE, ALTER, DROP, GRANT, DENY, REVOKE, ENABLE and DISABLE. */
import type { Definition, Scope } from "../definitions/definition.ts";
import { parseAlterAudit, parseCreateAudit, parseSpecification } from "./parse-audit-definition.ts";
import {
  parseAddSignature,
  parseAlterCertificate,
  parseCreateCertificate,
  parseCreateTable,
  parseCreateTrigger,
  parseProcedure,
} from "./parse-object-definition.ts";
import type { TokenStream } from "./token-stream.ts";

const VERBS = ["create", "alter", "drop", "add", "grant", "deny", "revoke", "enable", "disable"] as const;

/** A definition with its text as it was written, passwords hidden as the engine hides them in what it audits. */
export interface WrittenDefinition {
  readonly definition: Definition;
  readonly text: string;
}

export function startsDefinition(tokens: TokenStream): boolean {
  return VERBS.some((verb) => tokens.isWord(verb));
}

export function parseDefinition(tokens: TokenStream): WrittenDefinition {
  const first = tokens.peek();
  const verb = VERBS.find((known) => tokens.takeWords(known));
  const definition = parseAfter(tokens, verb);
  return { definition, text: hidePasswords(tokens.textFrom(first)) };
}

function hidePasswords(text: string): string {
  return text.replaceAll(/(\b(?:OLD_)?PASSWORD\s*=\s*)(N?)'(?:[^']|'')*'/gi, "$1$2'******'");
}

function parseAfter(tokens: TokenStream, verb: (typeof VERBS)[number] | undefined): Definition {
  switch (verb) {
    case "create":
      return parseCreate(tokens);
    case "alter":
      return parseAlter(tokens);
    case "drop":
      return parseDrop(tokens);
    case "add":
      return parseAddSignature(tokens);
    case "grant":
      return parsePermission(tokens, "GRANT");
    case "deny":
      return parsePermission(tokens, "DENY");
    case "revoke":
      return parsePermission(tokens, "REVOKE");
    case "enable":
    case "disable":
      return parseTriggerSwitch(tokens, verb === "disable");
    default:
      throw tokens.unexpected();
  }
}

function parseCreate(tokens: TokenStream): Definition {
  const scope = takeSpecification(tokens);
  if (scope) return parseSpecification(tokens, "createSpecification", scope);
  if (tokens.takeWords("server", "audit")) return parseCreateAudit(tokens);
  if (tokens.takeWords("server", "role")) return parseCreateRole(tokens, "SERVER");
  if (tokens.takeWords("role")) return parseCreateRole(tokens, "DATABASE");
  if (tokens.takeWords("login")) return parseCreateLogin(tokens);
  if (tokens.takeWords("user")) return parseCreateUser(tokens);
  if (tokens.takeWords("database")) return { kind: "createDatabase", name: tokens.expectName() };
  if (tokens.takeWords("table")) return parseCreateTable(tokens);
  if (tokens.takeWords("procedure")) return parseProcedure(tokens, "createProcedure");
  if (tokens.takeWords("trigger")) return parseCreateTrigger(tokens);
  if (tokens.takeWords("certificate")) return parseCreateCertificate(tokens);
  throw tokens.unexpected();
}

function parseAlter(tokens: TokenStream): Definition {
  const scope = takeSpecification(tokens);
  if (scope) return parseSpecification(tokens, "alterSpecification", scope);
  if (tokens.takeWords("server", "audit")) return parseAlterAudit(tokens);
  if (tokens.takeWords("server", "role")) return parseAlterRole(tokens, "SERVER");
  if (tokens.takeWords("role")) return parseAlterRole(tokens, "DATABASE");
  if (tokens.takeWords("login")) return parseAlterLogin(tokens);
  if (tokens.takeWords("certificate")) return parseAlterCertificate(tokens);
  if (tokens.takeWords("procedure")) return parseProcedure(tokens, "alterProcedure");
  throw tokens.unexpected();
}

function parseDrop(tokens: TokenStream): Definition {
  const scope = takeSpecification(tokens);
  if (scope) return { kind: "dropSpecification", scope, name: tokens.expectName() };
  if (tokens.takeWords("server", "audit")) return { kind: "dropAudit", name: tokens.expectName() };
  if (tokens.takeWords("server", "role")) return { kind: "dropRole", scope: "SERVER", name: tokens.expectName() };
  if (tokens.takeWords("role")) return { kind: "dropRole", scope: "DATABASE", name: tokens.expectName() };
  if (tokens.takeWords("login")) return { kind: "dropLogin", name: tokens.expectName() };
  if (tokens.takeWords("user")) return { kind: "dropUser", name: tokens.expectName() };
  if (tokens.takeWords("database")) return { kind: "dropDatabase", name: tokens.expectName() };
  if (tokens.takeWords("table")) return { kind: "dropTable", name: tokens.expectDottedName().join(".") };
  if (tokens.takeWords("procedure")) return { kind: "dropProcedure", name: tokens.expectDottedName().join(".") };
  if (tokens.takeWords("certificate")) return { kind: "dropCertificate", name: tokens.expectName() };
  if (tokens.takeWords("trigger")) return { kind: "dropTriggers", names: parseServerTriggers(tokens) };
  throw tokens.unexpected();
}

function takeSpecification(tokens: TokenStream): Scope | undefined {
  if (tokens.takeWords("server", "audit", "specification")) return "SERVER";
  return tokens.takeWords("database", "audit", "specification") ? "DATABASE" : undefined;
}

function parseCreateRole(tokens: TokenStream, scope: Scope): Definition {
  const name = tokens.expectName();
  if (tokens.takeWords("authorization")) tokens.expectName();
  return { kind: "createRole", scope, name };
}

function parseAlterRole(tokens: TokenStream, scope: Scope): Definition {
  const name = tokens.expectName();
  const verb = tokens.takeWords("add", "member") ? "add" : "drop";
  if (verb === "drop") {
    tokens.expectWord("drop");
    tokens.expectWord("member");
  }
  return { kind: "changeRole", scope, name, verb, member: tokens.expectName() };
}

/** Options that change nothing that is played here: they are read and forgotten. */
const LOGIN_OPTIONS = ["check_expiration", "check_policy", "default_database", "default_language"] as const;

function parseCreateLogin(tokens: TokenStream): Definition {
  const name = tokens.expectName();
  if (tokens.takeWords("from", "certificate"))
    return { kind: "createCertificateLogin", name, certificate: tokens.expectName() };
  tokens.expectWord("with");
  tokens.expectWord("password");
  tokens.expectSymbol("=");
  const password = expectPassword(tokens);
  let sid: string | undefined;
  while (tokens.takeSymbol(",")) {
    if (tokens.takeWords("sid")) {
      tokens.expectSymbol("=");
      const token = tokens.next();
      if (token.kind !== "binary") throw tokens.unexpected(token);
      sid = token.text.toLowerCase();
    } else skipLoginOption(tokens);
  }
  return { kind: "createLogin", name, password, ...(sid !== undefined && { sid }) };
}

function parseAlterLogin(tokens: TokenStream): Definition {
  const name = tokens.expectName();
  if (tokens.takeWords("enable")) return { kind: "alterLogin", name, isDisabled: false };
  if (tokens.takeWords("disable")) return { kind: "alterLogin", name, isDisabled: true };
  tokens.expectWord("with");
  let password: string | undefined;
  let newName: string | undefined;
  do {
    if (tokens.takeWords("password")) {
      tokens.expectSymbol("=");
      password = expectPassword(tokens);
    } else if (tokens.takeWords("name")) {
      tokens.expectSymbol("=");
      newName = tokens.expectName();
    } else skipLoginOption(tokens);
  } while (tokens.takeSymbol(","));
  return {
    kind: "alterLogin",
    name,
    ...(password !== undefined && { password }),
    ...(newName !== undefined && { newName }),
  };
}

function expectPassword(tokens: TokenStream): string {
  const token = tokens.next();
  if (token.kind !== "string") throw tokens.unexpected(token);
  tokens.takeWords("must_change");
  return token.text;
}

function skipLoginOption(tokens: TokenStream): void {
  if (!LOGIN_OPTIONS.some((option) => tokens.takeWords(option))) throw tokens.unexpected();
  tokens.expectSymbol("=");
  tokens.expectName();
}

function parseCreateUser(tokens: TokenStream): Definition {
  const name = tokens.expectName();
  if (tokens.takeWords("without", "login")) return { kind: "createUser", name };
  if (!tokens.takeWords("for", "login") && !tokens.takeWords("from", "login"))
    return { kind: "createUser", name, login: name };
  return { kind: "createUser", name, login: tokens.expectName() };
}

/** `GRANT VIEW SERVER STATE, … [ON [OBJECT::] name] TO a, …`; REVOKE says FROM, and may say GRANT OPTION FOR first. */
function parsePermission(tokens: TokenStream, verb: "GRANT" | "DENY" | "REVOKE"): Definition {
  const permissions = [parsePermissionName(tokens)];
  while (tokens.takeSymbol(",")) permissions.push(parsePermissionName(tokens));
  let object: string | undefined;
  if (tokens.takeWords("on")) {
    if (tokens.isWord("object") && tokens.isSymbol("::", 1)) {
      tokens.next();
      tokens.next();
    }
    object = tokens.expectDottedName().join(".");
  }
  if (!(verb === "REVOKE" && tokens.takeWords("from"))) tokens.expectWord("to");
  const principals = [tokens.expectName()];
  while (tokens.takeSymbol(",")) principals.push(tokens.expectName());
  const withGrantOption =
    !tokens.takeWords("cascade") && verb === "GRANT" && tokens.takeWords("with", "grant", "option");
  return {
    kind: "permission",
    verb,
    permissions,
    principals,
    ...(object !== undefined && { object }),
    ...(withGrantOption && { withGrantOption }),
  };
}

function parsePermissionName(tokens: TokenStream): string {
  const words: string[] = [];
  while (tokens.peek().kind === "word" && !["on", "to", "from"].some((word) => tokens.isWord(word))) {
    words.push(tokens.next().text.toUpperCase());
  }
  if (words.length === 0) throw tokens.unexpected();
  return words.join(" ");
}

function parseTriggerSwitch(tokens: TokenStream, isDisabled: boolean): Definition {
  tokens.expectWord("trigger");
  if (!tokens.takeWords("all")) return { kind: "switchTriggers", names: parseServerTriggers(tokens), isDisabled };
  expectAllServer(tokens);
  return { kind: "switchTriggers", names: "ALL", isDisabled };
}

function parseServerTriggers(tokens: TokenStream): readonly string[] {
  const names = [tokens.expectName()];
  while (tokens.takeSymbol(",")) names.push(tokens.expectName());
  expectAllServer(tokens);
  return names;
}

function expectAllServer(tokens: TokenStream): void {
  for (const word of ["on", "all", "server"]) tokens.expectWord(word);
}
