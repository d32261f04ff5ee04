import { describeStatement } from "../statements.ts";
import { type Answer, answered, type Inquiry, mapAnswer, notKnown, textOf } from "./answer.ts";

/** A unified audit policy that is enabled: for whom, and what it records. */
export interface Policy {
  readonly name: string;
  readonly enablements: readonly Enablement[];
  /** SQL that has to hold; "" for none. */
  readonly condition: string;
  /** "" where nobody could look: what it records is then not known. */
  readonly options: Answer<readonly PolicyOption[]>;
  /** ONLY TOPLEVEL; absent where the release does not say (19c and later do), or nobody could look. */
  readonly onlyTopLevel?: boolean;
}

/** A line of AUDIT_UNIFIED_ENABLED_POLICIES. */
export interface Enablement {
  readonly way: "by" | "except" | "by role";
  /** A user, a role, or `ALL USERS`. */
  readonly entity: string;
  readonly success: boolean;
  readonly failure: boolean;
}

/** One thing that a policy records. */
interface PolicyOption {
  /** `ALL`, `SELECT`, `CREATE TABLE`, the name of a privilege or of a role. */
  readonly name: string;
  /** STANDARD ACTION, OBJECT ACTION, SYSTEM PRIVILEGE, ROLE PRIVILEGE, … */
  readonly type: string;
  /** `AUDSYS.AUD$UNIFIED`; "" where it is about no object. */
  readonly object: string;
}

export const ALL_USERS = "ALL USERS";

const ENABLED = `SELECT e.policy_name, e.enabled_option, e.entity_name, e.success, e.failure
FROM   sys.audit_unified_enabled_policies e
ORDER BY e.policy_name, e.enabled_option, e.entity_name`;

/** Slow where there are many policies, so only of those that are enabled (Oracle notes §5.1). */
function optionsOf(names: readonly string[], topLevel: string): string {
  return `SELECT p.policy_name, p.audit_condition, p.audit_option, p.audit_option_type, p.object_schema, p.object_name, ${topLevel}
FROM   sys.audit_unified_policies p
WHERE  p.policy_name IN (${names.map((_, index) => `:p${index}`).join(", ")})`;
}

/** As many names as go into one list. */
const MOST_NAMES = 500;

/** The enabled ones, by name. @param withOptions whether what each one records is asked, which may take long */
export async function lookAtPolicies(inquiry: Inquiry, withOptions = true): Promise<Answer<readonly Policy[]>> {
  const enabled = await inquiry.ask(ENABLED);
  if (!enabled.known) return enabled;
  const byName = Map.groupBy(enabled.value, ([name]) => textOf(name));
  const names = [...byName.keys()];
  const details = withOptions ? await lookAtOptions(inquiry, names) : notKnown("not asked");
  return answered(
    names.map((name) => {
      const rows = details.known ? details.value.filter(([policy]) => policy === name) : [];
      return {
        name,
        enablements: (byName.get(name) ?? []).map(([, way, entity, success, failure]) => ({
          way: wayOf(textOf(way)),
          entity: textOf(entity),
          success: textOf(success) === "YES",
          failure: textOf(failure) === "YES",
        })),
        condition: conditionOf(textOf(rows[0]?.[1])),
        ...(named(rows[0]?.[6]) && { onlyTopLevel: rows[0]?.[6] === "YES" }),
        options: mapAnswer(details, () =>
          rows.map(([, , option, type, schema, object]) => ({
            name: textOf(option),
            type: textOf(type),
            object: named(object) ? `${textOf(schema)}.${textOf(object)}` : "",
          })),
        ),
      };
    }),
  );
}

async function lookAtOptions(
  inquiry: Inquiry,
  names: readonly string[],
): Promise<Answer<readonly (readonly (string | null)[])[]>> {
  const rows: (readonly (string | null)[])[] = [];
  const described = await inquiry.describe(describeStatement("sys.audit_unified_policies"));
  const hasTopLevel = described.known && described.value.some(({ name }) => name === "AUDIT_ONLY_TOPLEVEL");
  const topLevel = hasTopLevel ? "p.audit_only_toplevel" : "NULL";
  for (let begin = 0; begin < names.length; begin += MOST_NAMES) {
    const some = names.slice(begin, begin + MOST_NAMES);
    const binds = Object.fromEntries(some.map((name, index) => [`p${index}`, name]));
    const answer = await inquiry.ask(optionsOf(some, topLevel), binds);
    if (!answer.known) return answer;
    rows.push(...answer.value);
  }
  return answered(rows);
}

/** 12.2 and later say `BY USER`, `EXCEPT USER`, `BY GRANTED ROLE`. */
function wayOf(option: string): Enablement["way"] {
  if (option.startsWith("EXCEPT")) return "except";
  return option.includes("ROLE") ? "by role" : "by";
}

function conditionOf(text: string): string {
  return text === "NONE" ? "" : text;
}

function named(name: string | null | undefined): boolean {
  return name !== null && name !== undefined && name !== "NONE";
}

/** Policies that Oracle brings along: logons, grants and the like, no access to data. */
export function isPredefined({ name }: Policy): boolean {
  return name.startsWith("ORA_") || name.startsWith("ORA$");
}
