/** CREATE, ALTER, DROP, GRANT, REVOKE, AUDIT, NOAUDIT and TRUNCATE. */
import type { Definition, SessionSetting } from "../definitions/definition.ts";
import { inBlock, parseBlock } from "./parse-block.ts";
import { parseCondition, parseValue } from "./parse-expression.ts";
import { parseAlterPolicy, parseCreatePolicy, parseDisablePolicy, parseEnablePolicy } from "./parse-policy.ts";
import { parseType } from "./parse-type.ts";
import type { TokenStream } from "./token-stream.ts";

const VERBS = ["create", "alter", "drop", "grant", "revoke", "audit", "noaudit", "truncate"] as const;

export function startsDefinition(tokens: TokenStream): boolean {
  return VERBS.some((verb) => tokens.isWord(verb));
}

export function parseDefinition(tokens: TokenStream): Definition {
  const definition = parseAfterVerb(tokens);
  if (definition.kind !== "createRoutine" && definition.kind !== "createTrigger") tokens.expectEnd();
  return definition;
}

function parseAfterVerb(tokens: TokenStream): Definition {
  if (tokens.takeWords("create")) return parseCreate(tokens);
  if (tokens.takeWords("alter")) return parseAlter(tokens);
  if (tokens.takeWords("drop")) return parseDrop(tokens);
  if (tokens.takeWords("grant")) return parseGranting(tokens, "grant");
  if (tokens.takeWords("revoke")) return parseGranting(tokens, "revoke");
  if (tokens.takeWords("audit", "policy")) return parseEnablePolicy(tokens);
  if (tokens.takeWords("noaudit", "policy")) return parseDisablePolicy(tokens);
  if (tokens.takeWords("truncate", "table"))
    return { kind: "changeTable", action: "TRUNCATE TABLE", path: tokens.expectDottedName(903) };
  throw tokens.failure(900);
}

function parseCreate(tokens: TokenStream): Definition {
  if (tokens.takeWords("audit", "policy")) return parseCreatePolicy(tokens);
  if (tokens.takeWords("user")) return parseUser(tokens, "createUser");
  if (tokens.takeWords("role")) {
    const name = tokens.expectName(1935);
    tokens.takeWords("not", "identified");
    takeContainer(tokens);
    return { kind: "createRole", name };
  }
  if (tokens.takeWords("table")) return parseCreateTable(tokens);
  if (tokens.takeWords("index")) {
    tokens.expectDottedName();
    tokens.expectWord("on", 969);
    const path = tokens.expectDottedName(903);
    while (tokens.peek().kind !== "end") tokens.next();
    return { kind: "changeTable", action: "CREATE INDEX", path };
  }
  const orReplace = tokens.takeWords("or", "replace");
  if (!tokens.takeWords("editionable")) tokens.takeWords("noneditionable");
  if (tokens.takeWords("procedure")) return inBlock(tokens, () => parseRoutine(tokens, "procedure", orReplace));
  if (tokens.takeWords("function")) return inBlock(tokens, () => parseRoutine(tokens, "function", orReplace));
  if (tokens.takeWords("trigger")) return inBlock(tokens, () => parseTrigger(tokens, orReplace));
  throw tokens.failure(orReplace ? 922 : 901);
}

function parseAlter(tokens: TokenStream): Definition {
  if (tokens.takeWords("audit", "policy")) return parseAlterPolicy(tokens);
  if (tokens.takeWords("user")) return parseUser(tokens, "alterUser");
  if (tokens.takeWords("trigger")) {
    const path = tokens.expectDottedName();
    const isEnabled = tokens.takeWords("enable");
    if (!isEnabled) tokens.expectWord("disable", 922);
    return { kind: "switchTrigger", path, isEnabled };
  }
  if (tokens.takeWords("table")) {
    const path = tokens.expectDottedName(903);
    while (tokens.peek().kind !== "end") tokens.next();
    return { kind: "changeTable", action: "ALTER TABLE", path };
  }
  if (tokens.takeWords("system")) return parseAlterSystem(tokens);
  throw tokens.failure(940);
}

function parseAlterSystem(tokens: TokenStream): Definition {
  if (tokens.takeWords("kill", "session")) {
    const [sid, serial] = tokens.expectString().split(",");
    tokens.takeWords("immediate");
    return { kind: "killSession", sid: Number(sid), serial: Number(serial) };
  }
  tokens.expectWord("set", 2065);
  const name = tokens.expectName().toLowerCase();
  tokens.expectSymbol("=", 927);
  const value = tokens.next();
  if (value.kind === "end" || value.kind === "symbol") throw tokens.failure(2017, value);
  if (tokens.takeWords("scope")) {
    tokens.expectSymbol("=", 927);
    tokens.expectName();
  }
  takeContainer(tokens);
  return { kind: "setParameter", name, value: value.text };
}

function parseDrop(tokens: TokenStream): Definition {
  if (tokens.takeWords("audit", "policy")) return { kind: "dropPolicy", name: tokens.expectName(46355) };
  if (tokens.takeWords("user")) {
    const name = tokens.expectName(1935);
    tokens.takeWords("cascade");
    return { kind: "dropUser", name };
  }
  if (tokens.takeWords("role")) return { kind: "dropRole", name: tokens.expectName(1935) };
  for (const routine of ["procedure", "function"] as const) {
    if (tokens.takeWords(routine)) return { kind: "dropRoutine", routine, path: tokens.expectDottedName() };
  }
  if (tokens.takeWords("trigger")) return { kind: "dropTrigger", path: tokens.expectDottedName() };
  if (tokens.takeWords("table")) {
    const path = tokens.expectDottedName(903);
    tokens.takeWords("cascade", "constraints");
    tokens.takeWords("purge");
    return { kind: "changeTable", action: "DROP TABLE", path };
  }
  throw tokens.failure(950);
}

function takeContainer(tokens: TokenStream): void {
  if (!tokens.takeWords("container")) return;
  tokens.expectSymbol("=", 927);
  if (!tokens.takeWords("all")) tokens.expectWord("current");
}

/** Settings of storage change nothing that is played here: they are read and forgotten. */
function parseUser(tokens: TokenStream, kind: "createUser" | "alterUser"): Definition {
  const name = tokens.expectName(1935);
  let password: string | null | undefined;
  let isLocked: boolean | undefined;
  for (;;) {
    if (tokens.takeWords("identified", "by")) {
      const token = tokens.next();
      if (token.kind !== "word" && token.kind !== "name" && token.kind !== "string") throw tokens.failure(988, token);
      password = token.text;
    } else if (tokens.takeWords("no", "authentication")) password = null;
    else if (tokens.takeWords("account", "lock")) isLocked = true;
    else if (tokens.takeWords("account", "unlock")) isLocked = false;
    else if (
      tokens.takeWords("default", "tablespace") ||
      tokens.takeWords("temporary", "tablespace") ||
      tokens.takeWords("profile")
    )
      tokens.expectName();
    else if (tokens.takeWords("quota")) {
      const size = tokens.next();
      if (size.kind !== "number" && size.text.toLowerCase() !== "unlimited") throw tokens.failure(922, size);
      if (size.kind === "number" && !tokens.isWord("on")) tokens.next();
      tokens.expectWord("on", 969);
      tokens.expectName();
    } else break;
  }
  takeContainer(tokens);
  if (tokens.peek().kind !== "end") throw tokens.failure(922);
  if (kind === "createUser" && password === undefined) throw tokens.failure(988);
  return { kind, name, ...(password !== undefined && { password }), ...(isLocked !== undefined && { isLocked }) };
}

/** `GRANT READ ON a.b TO c`, `GRANT x, y TO a, b`, `GRANT role TO PROCEDURE a.b`. */
function parseGranting(tokens: TokenStream, verb: "grant" | "revoke"): Definition {
  const privileges = [takePrivilege(tokens)];
  while (tokens.takeSymbol(",")) privileges.push(takePrivilege(tokens));
  const object = tokens.takeWords("on") ? tokens.expectDottedName(903) : undefined;
  tokens.expectWord(verb === "grant" ? "to" : "from");
  const grantees: string[] = [];
  const programs: (readonly string[])[] = [];
  do {
    if (["procedure", "function", "package"].some((word) => tokens.takeWords(word)))
      programs.push(tokens.expectDottedName());
    else if (tokens.takeWords("public")) grantees.push("PUBLIC");
    else grantees.push(tokens.expectName(987));
  } while (tokens.takeSymbol(","));
  for (const option of ["admin", "grant", "delegate"]) tokens.takeWords("with", option, "option");
  takeContainer(tokens);
  return { kind: "granting", verb, privileges, grantees, programs, ...(object && { object }) };
}

function takePrivilege(tokens: TokenStream): string {
  const words: string[] = [];
  while (!tokens.isWord("on") && !tokens.isWord("to") && !tokens.isWord("from")) {
    const token = tokens.peek();
    if (token.kind !== "word" && token.kind !== "name") break;
    words.push(token.kind === "name" ? token.text : token.text.toUpperCase());
    tokens.next();
  }
  if (words.length === 0) throw tokens.failure(990);
  return words.join(" ");
}

function parseCreateTable(tokens: TokenStream): Definition {
  const path = tokens.expectDottedName(903);
  tokens.expectSymbol("(");
  const columns: { name: string; type: ReturnType<typeof parseType>; nullable: boolean }[] = [];
  do {
    const name = tokens.expectName(904);
    const type = parseType(tokens);
    if (tokens.takeWords("default")) parseValue(tokens);
    const isRequired = tokens.takeWords("not", "null") || tokens.takeWords("primary", "key");
    if (!isRequired) tokens.takeWords("null");
    columns.push({ name, type, nullable: !isRequired });
  } while (tokens.takeSymbol(","));
  tokens.expectSymbol(")");
  return { kind: "createTable", path, columns };
}

/** After CREATE [OR REPLACE] PROCEDURE or FUNCTION. */
function parseRoutine(tokens: TokenStream, kind: "procedure" | "function", orReplace: boolean): Definition {
  const path = tokens.expectDottedName();
  const parameters: {
    name: string;
    type: ReturnType<typeof parseType>;
    isOptional: boolean;
    value?: ReturnType<typeof parseValue>;
  }[] = [];
  if (tokens.takeSymbol("(")) {
    do {
      const name = tokens.expectName();
      tokens.takeWords("in");
      const type = parseType(tokens);
      const value = tokens.takeWords("default") || tokens.takeSymbol(":=") ? parseCondition(tokens) : undefined;
      parameters.push({ name, type, isOptional: value !== undefined, ...(value && { value }) });
    } while (tokens.takeSymbol(","));
    tokens.expectSymbol(")");
  }
  let result: ReturnType<typeof parseType> | undefined;
  if (kind === "function") {
    tokens.expectWord("return");
    result = parseType(tokens);
  }
  const isCaller = tokens.takeWords("authid", "current_user");
  if (!isCaller) tokens.takeWords("authid", "definer");
  if (!tokens.takeWords("as")) tokens.expectWord("is");
  const block = parseBlock(tokens, true);
  tokens.expectSymbol(";");
  if (tokens.peek().kind !== "end") throw tokens.failure(933);
  return {
    kind: "createRoutine",
    routine: {
      kind,
      path,
      orReplace,
      parameters,
      block,
      rights: isCaller ? "current_user" : "definer",
      source: tokens.sql,
      ...(result && { result }),
    },
  };
}

/** After CREATE [OR REPLACE] TRIGGER: only those on DDL of the database are played. */
function parseTrigger(tokens: TokenStream, orReplace: boolean): Definition {
  const path = tokens.expectDottedName();
  for (const word of ["before", "ddl", "on", "database"]) tokens.expectWord(word);
  const block = parseBlock(tokens, tokens.takeWords("declare"));
  tokens.expectSymbol(";");
  return { kind: "createTrigger", trigger: { path, orReplace, block, isEnabled: true, source: tokens.sql } };
}

/** ALTER SESSION SET name = value …; undefined when it is another statement. @throws OracleError 922, 2248 */
export function parseSessionSettings(tokens: TokenStream): readonly SessionSetting[] | undefined {
  if (!tokens.takeWords("alter", "session")) return undefined;
  tokens.expectWord("set", 922);
  const settings: SessionSetting[] = [];
  do {
    const name = tokens.expectName(922);
    tokens.expectSymbol("=", 927);
    const value = tokens.next();
    if (value.kind === "end" || value.kind === "symbol") throw tokens.failure(922, value);
    settings.push({ name, value: value.text });
  } while (tokens.peek().kind !== "end");
  return settings;
}
