import { hash } from "node:crypto";
import { type Answer, type Inquiry, mapAnswer, notKnown, textOf } from "../check/answer.ts";
import { lookAtParameters, type Parameters } from "../check/excluded-columns.ts";
import { lookAtPolicies, type Policy } from "../check/policies.ts";
import { quoteName } from "../check/statement.ts";
import { type AuditingMode, lookAtAuditingMode } from "../check/unified-auditing.ts";
import { lookAtVault, type VaultFacts } from "../check/vault.ts";
import { enableTexts } from "./enabling.ts";
import { LOCK_TRIGGER } from "./names.ts";

/** What must stay as it is while the policy is locked (Oracle notes §5.1). */
export interface ProtectedFacts {
  readonly policies: Answer<readonly Policy[]>;
  readonly parameters: Answer<Parameters>;
  readonly mode: Answer<AuditingMode>;
  /** What `das_guard` says of the lock's own programs. */
  readonly guard: Answer<string>;
  readonly vault: Answer<VaultFacts>;
}

/**
 * A line each, by its subject: `audit policy DAS_ALL` → `AUDIT POLICY DAS_ALL EXCEPT DAS_READER;`. Where it is SQL, that is
 * what puts it back: `das_heal` sends it, and the trigger lets it through.
 */
export type PolicyRecord = ReadonlyMap<string, string>;

/** What a subject begins with. Subjects of a kind that could not be looked at are not in the record. */
const KINDS = {
  policy: "audit policy",
  content: "content of audit policy",
  mode: "unified auditing",
  parameter: "parameter",
  program: "program",
  trigger: "trigger",
  vault: "Database Vault",
} as const;

const SEPARATOR = ": ";

/** Bytes that a procedure takes as one text, less a line. */
const MOST_TEXT = 32_000;

const EXCLUDE_COLUMNS = "unified_audit_trail_exclude_columns";
/** As `das_guard` says it, where a start changed it. */
const PARTITION_INTERVAL = "PARTITION_INTERVAL";

/**
 * @param owner of the programs, as SQL names it
 * @param withContent whether what each policy records is looked at, too: slow where there are many (Oracle notes §5.1)
 */
export async function lookAtProtected(inquiry: Inquiry, owner: string, withContent: boolean): Promise<ProtectedFacts> {
  return {
    policies: await lookAtPolicies(inquiry, withContent),
    parameters: await lookAtParameters(inquiry),
    mode: await lookAtAuditingMode(inquiry),
    guard: mapAnswer(await inquiry.ask(`SELECT ${owner}.das_guard FROM dual`), ([row]) => textOf(row?.[0])),
    vault: withContent ? await lookAtVault(inquiry) : notKnown("not asked"),
  };
}

export function policyRecord({ policies, parameters, mode, guard, vault }: ProtectedFacts): PolicyRecord {
  const lines = new Map<string, string>();
  for (const policy of policies.known ? policies.value : []) {
    const { name, onlyTopLevel } = policy;
    lines.set(`${KINDS.policy} ${name}`, statements(enableTexts(name, policy.enablements).toSorted()));
    if (policy.options.known) lines.set(`${KINDS.content} ${name}`, contentDigest(policy));
    if (onlyTopLevel !== undefined) {
      const verb = onlyTopLevel ? "ADD" : "DROP";
      lines.set(
        `${KINDS.content} ${name}${TOP_LEVEL}`,
        statements([`ALTER AUDIT POLICY ${quoteName(name)} ${verb} ONLY TOPLEVEL`]),
      );
    }
  }
  if (mode.known) lines.set(KINDS.mode, mode.value);
  if (parameters.known) {
    const excluded = parameters.value.get(EXCLUDE_COLUMNS) || "none";
    lines.set(`${KINDS.parameter} ${EXCLUDE_COLUMNS}`, excluded.toLowerCase());
  }
  for (const part of guard.known ? guard.value.split(";") : []) {
    const [name = "", status = ""] = part.split("=");
    if (name !== "") lines.set(`${kindOfGuarded(name, status)} ${name}`, status);
  }
  if (vault.known && vault.value.parts.known) {
    for (const [name, text] of vault.value.isEnabled ? vault.value.parts.value : []) {
      lines.set(`${KINDS.vault} ${name}`, text);
    }
  }
  return lines;
}

const TOP_LEVEL = " (top level)";

function statements(texts: readonly string[]): string {
  return texts.map((text) => `${text};`).join(" ");
}

/** `VALID 2026-11-22 12:00:00` of an object, `ENABLED` of a trigger. */
function kindOfGuarded(name: string, status: string): string {
  if (name === PARTITION_INTERVAL) return KINDS.parameter;
  return /^(IN)?VALID /.test(status) ? KINDS.program : KINDS.trigger;
}

function contentDigest({ condition, options }: Policy): string {
  const texts = options.known
    ? options.value.map(({ name, type, object }) => JSON.stringify([name, type, object]))
    : [];
  return hash("sha256", JSON.stringify([condition, texts.toSorted()])).slice(0, 16);
}

/**
 * As it is kept in the database. Of more policies than go into it, what the last ones record is one line together: not
 * every look sees content, and what every look sees must stand for itself.
 */
export function recordText(record: PolicyRecord): string {
  const sorted = [...record].map(([subject, text]) => `${subject}${SEPARATOR}${text}`).toSorted();
  const isContent = (line: string) => line.startsWith(KINDS.content);
  const lines = [...sorted.filter((line) => !isContent(line)), ...sorted.filter(isContent)];
  let length = 0;
  const fitting = lines.findIndex((line) => {
    length += Buffer.byteLength(line) + 1;
    return length > MOST_TEXT;
  });
  if (fitting < 0) return lines.join("\n");
  const rest = lines.slice(fitting);
  const last = `${KINDS.content}, ${rest.length} further lines${SEPARATOR}${hash("sha256", rest.join("\n"))}`;
  return [...lines.slice(0, fitting), last].join("\n");
}

function parsedRecord(text: string): PolicyRecord {
  const pairs = text.split("\n").flatMap((line) => {
    const at = line.indexOf(SEPARATOR);
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + SEPARATOR.length)] as const];
  });
  return new Map(pairs);
}

/** Is the procedure there that puts things back? */
export function hasHealing({ guard }: ProtectedFacts): boolean {
  return guard.known && guard.value.includes("DAS_HEAL=VALID ");
}

/** Was it enabled when the policies were locked? */
export function isPolicyRecorded(recorded: string, policy: string): boolean {
  return parsedRecord(recorded).has(`${KINDS.policy} ${policy}`);
}

/** A line of what is not as it was recorded. */
export interface DriftLine {
  readonly text: string;
  /** What `das_heal` takes to put it back; absent where it cannot. */
  readonly healable?: string;
}

/** A kind of which nothing could be looked at is not compared. */
export function driftOf(recorded: string, present: PolicyRecord, looked: ProtectedFacts): readonly DriftLine[] {
  const [was, is] = [parsedRecord(recorded), parsedRecord(recordText(present))];
  const unknown = [
    ...(looked.policies.known ? [] : [`${KINDS.policy} `, KINDS.content]),
    ...(looked.policies.known && looked.policies.value.some(({ options }) => !options.known) ? [KINDS.content] : []),
    ...(looked.mode.known ? [] : [KINDS.mode]),
    ...(looked.parameters.known ? [] : [`${KINDS.parameter} ${EXCLUDE_COLUMNS}`]),
    // Without the guard the programs may be anything.
    ...(looked.guard.known
      ? []
      : [`${KINDS.program} `, `${KINDS.trigger} `, `${KINDS.parameter} ${PARTITION_INTERVAL}`]),
    ...(looked.vault.known && looked.vault.value.parts.known ? [] : [`${KINDS.vault} `]),
  ];
  const subjects = [...new Set([...was.keys(), ...is.keys()])].toSorted();
  const drift = subjects
    .filter((subject) => !unknown.some((kind) => subject.startsWith(kind)))
    .flatMap((subject): readonly DriftLine[] => {
      const [before, after] = [was.get(subject), is.get(subject)];
      if (before === after) return [];
      const isContent = subject.startsWith(KINDS.content);
      // That it is not enabled says it all.
      if (isContent && (before === undefined || after === undefined)) return [];
      if (before === undefined) return [{ text: shown(`${subject} is new: ${after}`) }];
      const text =
        after === undefined ? `${subject} is gone: it was ${before}` : `${subject} was ${before}, is ${after}`;
      return [{ text: shown(text), ...(isHealable(subject, before) && { healable: subject }) }];
    });
  const silent = { text: "function DAS_GUARD cannot be asked whether the lock is in place" };
  return looked.guard.known ? drift : [...drift, silent];
}

/** What is recorded as statements, and what else `das_heal` knows. */
function isHealable(subject: string, before: string): boolean {
  if (subject === `${KINDS.trigger} ${LOCK_TRIGGER}`) return before === "ENABLED";
  return subject === `${KINDS.parameter} ${PARTITION_INTERVAL}` || before.endsWith(";");
}

const MOST_CHARACTERS = 400;

/** It travels in cursors while it lasts. */
function shown(line: string): string {
  const text = line.replaceAll(/;(?=, is |$)/g, "");
  if (text.length <= MOST_CHARACTERS) return text;
  return `${text.slice(0, MOST_CHARACTERS)}… (${hash("sha256", text).slice(0, 8)})`;
}
