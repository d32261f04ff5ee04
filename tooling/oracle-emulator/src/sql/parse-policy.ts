/** CREATE, ALTER, DROP AUDIT POLICY, AUDIT and NOAUDIT (Oracle notes §5). */
import type { Definition } from "../definitions/definition.ts";
import type { AuditPolicy, EnabledPolicy, PolicyOption } from "../model/audit-policy.ts";
import type { TokenStream } from "./token-stream.ts";

/** After CREATE AUDIT POLICY. */
export function parseCreatePolicy(tokens: TokenStream): Definition {
  const name = tokens.expectName(46355);
  const options = parseOptions(tokens);
  if (options.length === 0) throw tokens.failure(46351);
  const { condition, evaluation } = parseCondition(tokens) ?? { condition: null, evaluation: null };
  const onlyTopLevel = tokens.takeWords("only", "toplevel");
  const common = takeContainer(tokens) === "all";
  return {
    kind: "createPolicy",
    policy: { name, options, condition, evaluation, onlyTopLevel, isPredefined: false, common },
  };
}

/** After ALTER AUDIT POLICY. */
export function parseAlterPolicy(tokens: TokenStream): Definition {
  const name = tokens.expectName(46355);
  const before = tokens.peek();
  const isTopLevelAdded = tokens.takeWords("add", "only", "toplevel");
  const isTopLevelDropped = !isTopLevelAdded && tokens.takeWords("drop", "only", "toplevel");
  const add = tokens.takeWords("add") ? parseOptions(tokens) : [];
  const drop = tokens.takeWords("drop") ? parseOptions(tokens) : [];
  const condition = tokens.takeWords("condition", "drop") ? null : parseAlteredCondition(tokens);
  if (tokens.peek() === before) throw tokens.failure(46351);
  return {
    kind: "alterPolicy",
    name,
    add,
    drop,
    ...(condition !== undefined && { condition }),
    ...((isTopLevelAdded || isTopLevelDropped) && { onlyTopLevel: isTopLevelAdded }),
  };
}

function parseAlteredCondition(tokens: TokenStream) {
  if (!tokens.takeWords("condition")) return undefined;
  return evaluated(tokens, tokens.expectString(46366));
}

function parseCondition(tokens: TokenStream): Pick<AuditPolicy, "condition" | "evaluation"> | undefined {
  return tokens.takeWords("when") ? evaluated(tokens, tokens.expectString(46366)) : undefined;
}

function evaluated(tokens: TokenStream, condition: string): Pick<AuditPolicy, "condition" | "evaluation"> {
  if (!tokens.takeWords("evaluate", "per")) throw tokens.failure(46367);
  for (const evaluation of ["STATEMENT", "SESSION", "INSTANCE"] as const) {
    if (tokens.takeWords(evaluation.toLowerCase())) return { condition, evaluation };
  }
  throw tokens.failure(46367);
}

function takeContainer(tokens: TokenStream): "all" | "current" | undefined {
  if (!tokens.takeWords("container")) return undefined;
  tokens.expectSymbol("=");
  if (tokens.takeWords("all")) return "all";
  tokens.expectWord("current");
  return "current";
}

const ENDS_OPTION: ReadonlySet<string> = new Set([
  "actions",
  "privileges",
  "roles",
  "when",
  "only",
  "container",
  "on",
  "add",
  "drop",
  "condition",
]);

/** PRIVILEGES …, ACTIONS …, ROLES …, in this order. */
function parseOptions(tokens: TokenStream): readonly PolicyOption[] {
  const plain = { objectSchema: null, objectName: null, objectType: null };
  const privileges = tokens.takeWords("privileges")
    ? list(tokens, () => ({ ...plain, name: takePhrase(tokens), type: "SYSTEM PRIVILEGE" as const }))
    : [];
  const actions: PolicyOption[] = [];
  while (tokens.takeWords("actions")) {
    tokens.takeWords("component", "=");
    actions.push(...list(tokens, () => parseAction(tokens)));
  }
  const roles = tokens.takeWords("roles")
    ? list(tokens, () => ({ ...plain, name: tokens.expectName(), type: "ROLE PRIVILEGE" as const }))
    : [];
  return [...privileges, ...actions, ...roles];
}

function list<Item>(tokens: TokenStream, parse: () => Item): readonly Item[] {
  const items = [parse()];
  while (tokens.takeSymbol(",")) items.push(parse());
  return items;
}

/** Its first word ends nothing: `DROP TABLE` is an action. */
function takePhrase(tokens: TokenStream): string {
  const words: string[] = [];
  const ends = () => words.length > 0 && ENDS_OPTION.has(tokens.peek().text.toLowerCase());
  while (tokens.peek().kind === "word" && !ends()) {
    words.push(tokens.next().text.toUpperCase());
  }
  if (words.length === 0) throw tokens.failure(46353);
  return words.join(" ");
}

function parseAction(tokens: TokenStream): PolicyOption {
  const name = takePhrase(tokens);
  if (!tokens.takeWords("on"))
    return { name, type: "STANDARD ACTION", objectSchema: null, objectName: null, objectType: null };
  const path = tokens.expectDottedName();
  return {
    name,
    type: "OBJECT ACTION",
    objectSchema: path.length > 1 ? (path[0] ?? null) : null,
    objectName: path.at(-1) ?? null,
    // What it is becomes known when the policy is created.
    objectType: null,
  };
}

/** After AUDIT POLICY. */
export function parseEnablePolicy(tokens: TokenStream): Definition {
  const name = tokens.expectName(46355);
  const lines = parseEntities(tokens, true);
  const outcome = parseOutcome(tokens);
  return { kind: "enablePolicy", name, lines: lines.map((line) => ({ ...line, ...outcome })) };
}

/** After NOAUDIT POLICY. */
export function parseDisablePolicy(tokens: TokenStream): Definition {
  const name = tokens.expectName(46355);
  const entities = parseEntities(tokens, false).flatMap(({ entityName }) => entityName ?? []);
  return { kind: "disablePolicy", name, ...(entities.length > 0 && { entities }) };
}

type Line = Partial<Omit<EnabledPolicy, "policyName">>;

function parseEntities(tokens: TokenStream, mayExcept: boolean): readonly Line[] {
  if (tokens.takeWords("by", "users", "with", "granted", "roles"))
    return list(tokens, () => ({ option: "BY GRANTED ROLE", entityType: "ROLE", entityName: tokens.expectName() }));
  if (tokens.takeWords("by"))
    return list(tokens, () => ({ option: "BY USER", entityType: "USER", entityName: tokens.expectName(987) }));
  if (mayExcept && tokens.takeWords("except"))
    return list(tokens, () => ({ option: "EXCEPT USER", entityType: "USER", entityName: tokens.expectName(987) }));
  return [{}];
}

function parseOutcome(tokens: TokenStream): Line {
  if (!tokens.takeWords("whenever")) return {};
  const negated = tokens.takeWords("not");
  tokens.expectWord("successful");
  return { success: !negated, failure: negated };
}
