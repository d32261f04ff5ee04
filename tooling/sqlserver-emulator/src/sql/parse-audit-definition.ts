/** CREATE, ALTER and DROP of server audits and of audit specifications. */

import type {
  AuditedThing,
  AuditOptions,
  AuditTarget,
  Definition,
  Scope,
  SpecificationChange,
} from "../definitions/definition.ts";
import { parsePredicate } from "../model/predicate.ts";
import type { TokenStream } from "./token-stream.ts";

/** After CREATE SERVER AUDIT. */
export function parseCreateAudit(tokens: TokenStream): Definition {
  const name = tokens.expectName();
  tokens.expectWord("to");
  const target = parseTarget(tokens);
  const options = parseOptions(tokens, "create");
  if (!tokens.takeWords("where")) return { kind: "createAudit", name, target, options };
  return { kind: "createAudit", name, target, options, predicate: parsePredicate(tokens) };
}

/** After ALTER SERVER AUDIT. */
export function parseAlterAudit(tokens: TokenStream): Definition {
  const name = tokens.expectName();
  if (tokens.takeWords("remove", "where")) return { kind: "alterAudit", name, options: {}, predicate: null };
  if (tokens.takeWords("modify", "name")) {
    tokens.expectSymbol("=");
    return { kind: "alterAudit", name, options: {}, newName: tokens.expectName() };
  }
  const before = tokens.peek();
  const target = tokens.takeWords("to") ? parseTarget(tokens) : undefined;
  const options = parseOptions(tokens, "alter");
  const predicate = tokens.takeWords("where") ? parsePredicate(tokens) : undefined;
  if (tokens.peek() === before) throw tokens.unexpected();
  return { kind: "alterAudit", name, options, ...(target && { target }), ...(predicate && { predicate }) };
}

function parseTarget(tokens: TokenStream): AuditTarget {
  if (tokens.takeWords("application_log")) return { target: "APPLICATION LOG" };
  if (tokens.takeWords("security_log")) return { target: "SECURITY LOG" };
  tokens.expectWord("file");
  const found: { -readonly [Key in keyof AuditTarget]: AuditTarget[Key] } = { target: "FILE" };
  parseSettings(tokens, {
    filepath: () => {
      found.directory = expectText(tokens);
    },
    maxsize: () => {
      found.maxFileSize = parseSize(tokens);
    },
    max_rollover_files: () => {
      found.maxRolloverFiles = tokens.takeWords("unlimited") ? null : expectInteger(tokens);
    },
    max_files: () => {
      found.maxFiles = expectInteger(tokens);
    },
    reserve_disk_space: () => {
      found.reserveDiskSpace = expectSwitch(tokens);
    },
  });
  return found;
}

function parseOptions(tokens: TokenStream, statement: "create" | "alter"): AuditOptions {
  const found: { -readonly [Key in keyof AuditOptions]: AuditOptions[Key] } = {};
  if (!tokens.takeWords("with")) return found;
  parseSettings(tokens, {
    queue_delay: () => {
      found.queueDelay = expectInteger(tokens);
    },
    on_failure: () => {
      const word = tokens.next();
      const wanted = word.text.toUpperCase();
      if (wanted !== "CONTINUE" && wanted !== "SHUTDOWN" && wanted !== "FAIL_OPERATION") throw tokens.unexpected(word);
      found.onFailure = wanted;
    },
    // The GUID is given once, and an audit that is made is off.
    ...(statement === "create"
      ? {
          audit_guid: () => {
            found.guid = expectText(tokens).toUpperCase();
          },
        }
      : {
          state: () => {
            found.state = expectSwitch(tokens);
          },
        }),
  });
  return found;
}

/** `( name = value, … )`: each name at most once. */
function parseSettings(tokens: TokenStream, known: Readonly<Record<string, () => void>>): void {
  const seen = new Set<string>();
  tokens.expectSymbol("(");
  do {
    const word = tokens.next();
    const name = word.text.toLowerCase();
    if (word.kind !== "word" || !Object.hasOwn(known, name) || seen.has(name)) throw tokens.unexpected(word);
    seen.add(name);
    tokens.expectSymbol("=");
    known[name]?.();
  } while (tokens.takeSymbol(","));
  tokens.expectSymbol(")");
}

const UNITS = { mb: 2 ** 20, gb: 2 ** 30, tb: 2 ** 40 } as const;

/** 0 is UNLIMITED, as is the word. */
function parseSize(tokens: TokenStream): number | null {
  if (tokens.takeWords("unlimited")) return null;
  const count = expectInteger(tokens);
  for (const [unit, bytes] of Object.entries(UNITS)) {
    if (tokens.takeWords(unit)) return count === 0 ? null : count * bytes;
  }
  if (count === 0) return null;
  throw tokens.unexpected();
}

function expectInteger(tokens: TokenStream): number {
  const negative = tokens.takeSymbol("-");
  const token = tokens.next();
  if (token.kind !== "number" || !/^\d+$/.test(token.text)) throw tokens.unexpected(token);
  return (negative ? -1 : 1) * Number(token.text);
}

function expectText(tokens: TokenStream): string {
  const token = tokens.next();
  if (token.kind !== "string") throw tokens.unexpected(token);
  return token.text;
}

function expectSwitch(tokens: TokenStream): boolean {
  if (tokens.takeWords("on")) return true;
  tokens.expectWord("off");
  return false;
}

/** After CREATE or ALTER … AUDIT SPECIFICATION. */
export function parseSpecification(
  tokens: TokenStream,
  kind: "createSpecification" | "alterSpecification",
  scope: Scope,
): Definition {
  const name = tokens.expectName();
  const before = tokens.peek();
  const audit = parseAuditReference(tokens, kind);
  const changes: SpecificationChange[] = [];
  while (startsChange(tokens, kind)) {
    changes.push(...parseChange(tokens, scope));
    tokens.takeSymbol(",");
  }
  let state: boolean | undefined;
  if (tokens.takeWords("with")) {
    parseSettings(tokens, {
      state: () => {
        state = expectSwitch(tokens);
      },
    });
  }
  if (tokens.peek() === before) throw tokens.unexpected();
  return {
    kind,
    scope,
    name,
    changes,
    ...(audit !== undefined && { audit }),
    ...(state !== undefined && { state }),
  };
}

function parseAuditReference(tokens: TokenStream, kind: Definition["kind"]): string | undefined {
  if (!tokens.takeWords("for", "server", "audit")) {
    if (kind === "createSpecification") throw tokens.unexpected();
    return undefined;
  }
  return tokens.expectName();
}

function startsChange(tokens: TokenStream, kind: Definition["kind"]): boolean {
  return tokens.isSymbol("(", 1) && (tokens.isWord("add") || (kind === "alterSpecification" && tokens.isWord("drop")));
}

/** `ADD (GROUP)`, `ADD (INSERT, UPDATE ON [class ::] name BY principal, …)`. */
function parseChange(tokens: TokenStream, scope: Scope): readonly SpecificationChange[] {
  const verb = tokens.next().text.toLowerCase() === "add" ? "add" : "drop";
  tokens.expectSymbol("(");
  const first = tokens.expectName();
  if (tokens.takeSymbol(")")) return [{ verb, thing: { kind: "group", name: first.toUpperCase() } }];
  if (scope === "SERVER") throw tokens.unexpected();
  const thing = parseActions(tokens, first);
  tokens.expectSymbol(")");
  return [{ verb, thing }];
}

function parseActions(tokens: TokenStream, first: string): AuditedThing {
  const actions = [first.toUpperCase()];
  while (tokens.takeSymbol(",")) actions.push(tokens.expectName().toUpperCase());
  tokens.expectWord("on");
  const securable = parseSecurable(tokens);
  tokens.expectWord("by");
  const principals = [tokens.expectName()];
  while (tokens.takeSymbol(",")) principals.push(tokens.expectName());
  return { kind: "actions", actions, securable, principals };
}

function parseSecurable(tokens: TokenStream) {
  const word = tokens.peek();
  if (!tokens.isSymbol("::", 1)) return { class: "OBJECT", name: tokens.expectDottedName().join(".") } as const;
  tokens.next();
  tokens.next();
  const name = tokens.expectDottedName().join(".");
  const written = word.text.toUpperCase();
  if (written !== "OBJECT" && written !== "SCHEMA" && written !== "DATABASE") throw tokens.unexpected(word);
  return { class: written, name } as const;
}
