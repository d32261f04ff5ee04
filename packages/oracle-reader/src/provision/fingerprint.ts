import { hash } from "node:crypto";
import type { Answer } from "../check/answer.ts";
import type { Parameters } from "../check/excluded-columns.ts";
import type { Enablement, Policy } from "../check/policies.ts";
import type { AuditingMode } from "../check/unified-auditing.ts";

/** What must stay as it is while the policy is locked; what could not be looked at is not part of it. */
export interface Protected {
  readonly policies: readonly Policy[];
  readonly parameters: Answer<Parameters>;
  readonly mode: Answer<AuditingMode>;
  /** What `das_guard` says of the lock's own programs. */
  readonly guard: Answer<string>;
}

/** A line each, by its subject: `audit policy DAS_ALL` → `except DAS_READER, on success and failure; 4f1c…`. */
export type Fingerprint = ReadonlyMap<string, string>;

const SEPARATOR = ": ";

/** Characters that a procedure takes as one text, less a line. */
const MOST_TEXT = 32_000;

const EXCLUDE_COLUMNS = "unified_audit_trail_exclude_columns";

export function fingerprintOf({ policies, parameters, mode, guard }: Protected): Fingerprint {
  const lines = new Map<string, string>();
  for (const policy of policies) lines.set(`audit policy ${policy.name}`, policyText(policy));
  if (mode.known) lines.set("unified auditing", mode.value);
  if (parameters.known)
    lines.set(`parameter ${EXCLUDE_COLUMNS}`, (parameters.value.get(EXCLUDE_COLUMNS) || "none").toLowerCase());
  if (guard.known) {
    for (const part of guard.value.split(";").filter((each) => each !== "")) {
      const [name = "", status = ""] = part.split("=");
      const subject = /^\w+ /.test(status) ? "program" : "trigger";
      lines.set(`${subject} ${name}`, status);
    }
  }
  return lines;
}

function policyText({ enablements, condition, options }: Policy): string {
  const whom = enablements.map(enablementText).toSorted().join(", ");
  const what = options.known
    ? hash("sha256", JSON.stringify([condition, options.value.map(optionText).toSorted()])).slice(0, 16)
    : "not known";
  return `${whom}; ${what}`;
}

function enablementText({ way, entity, success, failure }: Enablement): string {
  const outcome = success && failure ? "success and failure" : success ? "success" : "failure";
  return `${way} ${entity} on ${outcome}`;
}

function optionText({
  name,
  type,
  object,
}: {
  readonly name: string;
  readonly type: string;
  readonly object: string;
}): string {
  return JSON.stringify([name, type, object]);
}

/** As it is kept in the database. Of more policies than go into it, the last ones are one line together. */
export function fingerprintText(fingerprint: Fingerprint): string {
  const lines = [...fingerprint].map(([subject, text]) => `${subject}${SEPARATOR}${text}`).toSorted();
  let length = 0;
  const fitting = lines.findIndex((line) => {
    length += Buffer.byteLength(line) + 1;
    return length > MOST_TEXT;
  });
  if (fitting < 0) return lines.join("\n");
  const rest = lines.slice(fitting);
  return [
    ...lines.slice(0, fitting),
    `${rest.length} further lines${SEPARATOR}${hash("sha256", rest.join("\n"))}`,
  ].join("\n");
}

function parsed(text: string): Fingerprint {
  return new Map(
    text
      .split("\n")
      .filter((line) => line.includes(SEPARATOR))
      .map((line) => {
        const at = line.indexOf(SEPARATOR);
        return [line.slice(0, at), line.slice(at + SEPARATOR.length)];
      }),
  );
}

/** What is not as it was recorded, a line each. */
export function driftOf(recorded: string, present: Fingerprint): readonly string[] {
  const [was, is] = [parsed(recorded), parsed(fingerprintText(present))];
  const subjects = [...new Set([...was.keys(), ...is.keys()])].toSorted();
  return subjects.flatMap((subject) => {
    const [before, after] = [was.get(subject), is.get(subject)];
    if (before === after) return [];
    if (before === undefined) return [`${subject} is new: ${after}`];
    return [after === undefined ? `${subject} is gone: it was ${before}` : `${subject} was ${before}, is ${after}`];
  });
}
