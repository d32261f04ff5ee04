import type { CheckFinding } from "@das/core";
import { TRAIL_FILES, TRAIL_TABLE, TRAIL_VIEW } from "../statements.ts";
import { type Answer, answered } from "./answer.ts";
import { clauseOf, exceptedOf } from "./enabled-policies.ts";
import { about, nameSome } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { ALL_USERS, type Policy } from "./policies.ts";
import { enableAnew, quoteName } from "./statement.ts";

/** What the reader polls, and the dictionary beside it. */
const POLLED: ReadonlySet<string> = new Set(
  [TRAIL_VIEW, TRAIL_TABLE, TRAIL_FILES, "sys.v_$database"].map((object) => object.toUpperCase()),
);

/** Does a policy record the reader's own polls? Each one would make a row for the next (Oracle notes §4.2). */
export function judgeReaderExcluded(
  policies: Answer<readonly Policy[]>,
  instance: InstanceFacts,
  roles: Answer<readonly string[]>,
): readonly CheckFinding[] {
  if (!policies.known || policies.value.length === 0) return [];
  const { user } = instance;
  const { ok, warning, failure } = about(
    "reader-excluded",
    "Each poll of a reader that is audited makes a row, which the next poll reads: the trail fills with the reader's own work",
  );
  const concerning = policies.value.filter((policy) => concerns(policy, user, roles));
  const recording = concerning.filter(recordsPolls);
  const certain = recording.filter(({ condition }) => condition === "");
  if (certain.length > 0) {
    return [failure(`${subject(certain, "record")} each poll of ${user}`, withoutReader(certain, user))];
  }
  const unknown = concerning.find(({ options }) => !options.known)?.options;
  if (unknown && !unknown.known) {
    const what = `what the policies record that concern ${user} cannot be looked at (${unknown.reason})`;
    return [warning(what, unknown.refused ? grantHere("READ ON SYS.AUDIT_UNIFIED_POLICIES", instance) : undefined)];
  }
  const doubtful = recording.filter(({ condition }) => !spares(condition, user));
  if (doubtful.length > 0) {
    const what = `${subject(doubtful, "record")} each poll of ${user}, unless the condition spares it`;
    return [warning(what, withoutReader(doubtful, user))];
  }
  return [ok(`no enabled policy records the polls of ${user}`)];
}

/** `A, B record`, `A records`. */
function subject(policies: readonly Policy[], verb: string): string {
  return `${nameSome(policies.map(({ name }) => name))} ${verb}${policies.length > 1 ? "" : "s"}`;
}

/** Policies that record the reader's polls, whatever their conditions would say. */
export function recordingPolls(policies: readonly Policy[], user: string, roles: readonly string[]): readonly Policy[] {
  const held = answered(roles);
  return policies.filter((policy) => concerns(policy, user, held) && recordsPolls(policy) && policy.condition === "");
}

function concerns({ enablements }: Policy, user: string, roles: Answer<readonly string[]>): boolean {
  const excepted = exceptedOf(enablements);
  if (excepted.length > 0) return !excepted.includes(user);
  return enablements.some(({ way, entity }) => {
    if (way === "by role") return !roles.known || roles.value.includes(entity);
    return entity === ALL_USERS || entity === user;
  });
}

function recordsPolls({ options }: Policy): boolean {
  if (!options.known) return false;
  return options.value.some(({ name, type, object }) => {
    if (name !== "ALL" && name !== "SELECT" && name !== "READ") return false;
    return type === "OBJECT ACTION" ? POLLED.has(object) : type === "STANDARD ACTION";
  });
}

function recordsLogOns({ options }: Policy): boolean {
  if (!options.known) return false;
  return options.value.some(({ name, type }) => type === "STANDARD ACTION" && (name === "LOGON" || name === "ALL"));
}

/** A condition that names the reader is taken for one that leaves it out. */
function spares(condition: string, user: string): boolean {
  return condition.toUpperCase().includes(`'${user.toUpperCase()}'`) && /<>|!=|\bNOT\b/i.test(condition);
}

function withoutReader(policies: readonly Policy[], user: string): string {
  return policies.map((policy) => excluding(policy, user)).join("\n");
}

/** BY and EXCEPT cannot be mixed in one policy, and a later EXCEPT replaces an earlier one. */
function excluding(policy: Policy, user: string): string {
  const { name, enablements } = policy;
  const own = enablements.find(({ way, entity }) => way === "by" && entity === user);
  if (own) return `NOAUDIT POLICY ${quoteName(name)} BY ${quoteName(user)};`;
  const byRole = enablements.find(({ way }) => way === "by role");
  if (byRole) {
    const role = clauseOf(policy, byRole);
    return `NOAUDIT POLICY ${quoteName(name)}${role};\n-- then enable it BY those users with the role that are not the reader`;
  }
  const excepted = [...exceptedOf(enablements), user].map(quoteName).join(", ");
  return enableAnew(name, ` EXCEPT ${excepted}`);
}

/** All that else the reader's user could do: the policy lists it, because ACTIONS ALL knows no exception (Oracle notes §5). */
export const ELSE = "LOGON, LOGOFF, INSERT, UPDATE, DELETE, GRANT, REVOKE, ALTER USER, CREATE TABLE";

/** Who is left out of everything could do anything unseen. */
export function judgeReaderWatched(
  policies: Answer<readonly Policy[]>,
  instance: InstanceFacts,
  roles: Answer<readonly string[]>,
): readonly CheckFinding[] {
  if (!policies.known || policies.value.length === 0) return [];
  const { user } = instance;
  const { ok, warning } = about(
    "reader-watched",
    "The reader is left out for its polls only: whoever logs on with its password should leave a row like anybody else",
  );
  const concerning = policies.value.filter(
    (policy) => concerns(policy, user, roles) && policy.enablements.some(({ success }) => success),
  );
  const watching = concerning.filter(recordsLogOns);
  if (watching.length > 0) return [ok(`${subject(watching, "record")} each log-on of ${user}`)];
  const unknown = concerning.find(({ options }) => !options.known)?.options;
  if (unknown && !unknown.known) {
    return [warning(`whether a policy records each log-on of ${user} cannot be looked at (${unknown.reason})`)];
  }
  return [
    warning(
      `no enabled policy records that ${user} logs on, nor what else is done with its password`,
      [
        `CREATE AUDIT POLICY das_reader_pol ACTIONS ${ELSE};`,
        `AUDIT POLICY das_reader_pol BY ${quoteName(user)};`,
      ].join("\n"),
    ),
  ];
}
