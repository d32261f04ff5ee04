import { hash } from "node:crypto";
import { type Answer, type Inquiry, mapAnswer, textOf } from "../check/answer.ts";
import { lookAtParameters, type Parameters } from "../check/excluded-columns.ts";
import { type Enablement, lookAtPolicies, type Policy } from "../check/policies.ts";
import { type AuditingMode, lookAtAuditingMode } from "../check/unified-auditing.ts";

/** What must stay as it is while the policy is locked (Oracle notes §5.1). */
export interface ProtectedFacts {
  readonly policies: Answer<readonly Policy[]>;
  readonly parameters: Answer<Parameters>;
  readonly mode: Answer<AuditingMode>;
  /** What `das_guard` says of the lock's own programs. */
  readonly guard: Answer<string>;
}

/** A line each, by its subject: `audit policy DAS_ALL` → `except DAS_READER on success and failure`. */
export type PolicyRecord = ReadonlyMap<string, string>;

/** What a subject begins with. Subjects of a kind that could not be looked at are not in the record. */
const KINDS = {
  policy: "audit policy",
  content: "content of audit policy",
  mode: "unified auditing",
  parameter: "parameter",
  program: "program",
  trigger: "trigger",
} as const;

const SEPARATOR = ": ";

/** Bytes that a procedure takes as one text, less a line. */
const MOST_TEXT = 32_000;

const EXCLUDE_COLUMNS = "unified_audit_trail_exclude_columns";

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
  };
}

export function policyRecord({ policies, parameters, mode, guard }: ProtectedFacts): PolicyRecord {
  const lines = new Map<string, string>();
  for (const policy of policies.known ? policies.value : []) {
    lines.set(`${KINDS.policy} ${policy.name}`, policy.enablements.map(enablementText).toSorted().join(", "));
    if (policy.options.known) lines.set(`${KINDS.content} ${policy.name}`, contentDigest(policy));
  }
  if (mode.known) lines.set(KINDS.mode, mode.value);
  if (parameters.known) {
    const excluded = parameters.value.get(EXCLUDE_COLUMNS) || "none";
    lines.set(`${KINDS.parameter} ${EXCLUDE_COLUMNS}`, excluded.toLowerCase());
  }
  for (const part of guard.known ? guard.value.split(";") : []) {
    const [name = "", status = ""] = part.split("=");
    // `VALID 2026-11-22 12:00:00` of an object, `ENABLED` of a trigger.
    if (name !== "") lines.set(`${status.includes(" ") ? KINDS.program : KINDS.trigger} ${name}`, status);
  }
  return lines;
}

function enablementText({ way, entity, success, failure }: Enablement): string {
  const outcome = success && failure ? "success and failure" : success ? "success" : "failure";
  return `${way} ${entity} on ${outcome}`;
}

function contentDigest({ condition, options }: Policy): string {
  const texts = options.known
    ? options.value.map(({ name, type, object }) => JSON.stringify([name, type, object]))
    : [];
  return hash("sha256", JSON.stringify([condition, texts.toSorted()])).slice(0, 16);
}

/** As it is kept in the database. Of more policies than go into it, the last ones are one line together. */
export function recordText(record: PolicyRecord): string {
  const lines = [...record].map(([subject, text]) => `${subject}${SEPARATOR}${text}`).toSorted();
  let length = 0;
  const fitting = lines.findIndex((line) => {
    length += Buffer.byteLength(line) + 1;
    return length > MOST_TEXT;
  });
  if (fitting < 0) return lines.join("\n");
  const rest = lines.slice(fitting);
  const last = `${rest.length} further lines${SEPARATOR}${hash("sha256", rest.join("\n"))}`;
  return [...lines.slice(0, fitting), last].join("\n");
}

function parsedRecord(text: string): PolicyRecord {
  const pairs = text.split("\n").flatMap((line) => {
    const at = line.indexOf(SEPARATOR);
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + SEPARATOR.length)] as const];
  });
  return new Map(pairs);
}

/** What is not as it was recorded, a line each. A kind of which nothing could be looked at is not compared. */
export function driftOf(recorded: string, present: PolicyRecord, looked: ProtectedFacts): readonly string[] {
  const [was, is] = [parsedRecord(recorded), parsedRecord(recordText(present))];
  const unknown = [
    ...(looked.policies.known ? [] : [`${KINDS.policy} `, `${KINDS.content} `]),
    ...(looked.policies.known && looked.policies.value.some(({ options }) => !options.known)
      ? [`${KINDS.content} `]
      : []),
    ...(looked.mode.known ? [] : [KINDS.mode]),
    ...(looked.parameters.known ? [] : [`${KINDS.parameter} `]),
    // Without the guard the programs may be anything.
    ...(looked.guard.known ? [] : [`${KINDS.program} `, `${KINDS.trigger} `]),
  ];
  const subjects = [...new Set([...was.keys(), ...is.keys()])].toSorted();
  const drift = subjects
    .filter((subject) => !unknown.some((kind) => subject.startsWith(kind)))
    .flatMap((subject) => {
      const [before, after] = [was.get(subject), is.get(subject)];
      if (before === after) return [];
      // That it is not enabled says it all.
      if (after === undefined && subject.startsWith(KINDS.content)) return [];
      if (before === undefined) return subject.startsWith(KINDS.content) ? [] : [`${subject} is new: ${after}`];
      return [after === undefined ? `${subject} is gone: it was ${before}` : `${subject} was ${before}, is ${after}`];
    });
  return looked.guard.known ? drift : [...drift, "function DAS_GUARD cannot be asked whether the lock is in place"];
}
