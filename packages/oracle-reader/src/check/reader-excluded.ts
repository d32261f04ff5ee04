import type { CheckFinding } from "@das/core";
import { TRAIL_FILES, TRAIL_TABLE, TRAIL_VIEW } from "../statements.ts";
import type { Answer } from "./answer.ts";
import { clauseOf, exceptedOf } from "./enabled-policies.ts";
import { about, nameSome } from "./finding.ts";
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
  { user }: InstanceFacts,
  roles: Answer<readonly string[]>,
): readonly CheckFinding[] {
  if (!policies.known || policies.value.length === 0) return [];
  const { ok, warning, failure } = about(
    "reader-excluded",
    "Each poll of a reader that is audited makes a row, which the next poll reads: the trail fills with the reader's own work",
  );
  const concerning = policies.value.filter((policy) => concerns(policy, user, roles));
  const unknown = concerning.filter(({ options }) => !options.known);
  const recording = concerning.filter(recordsPolls);
  const certain = recording.filter(({ condition }) => condition === "");
  if (certain.length > 0) {
    return [
      failure(
        `${nameSome(certain.map(({ name }) => name))} ${certain.length > 1 ? "record" : "records"} each poll of ${user}`,
        certain.map((policy) => withoutReader(policy, user)).join("\n"),
      ),
    ];
  }
  const doubtful = [...recording.filter(({ condition }) => !spares(condition, user)), ...unknown];
  if (doubtful.length > 0) {
    return [
      warning(
        `it cannot be told whether ${nameSome(doubtful.map(({ name }) => name))} ${doubtful.length > 1 ? "record" : "records"} each poll of ${user}`,
        doubtful.map((policy) => withoutReader(policy, user)).join("\n"),
      ),
    ];
  }
  return [ok(`no enabled policy records the polls of ${user}`)];
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

/** A condition that names the reader is taken for one that leaves it out. */
function spares(condition: string, user: string): boolean {
  return condition.toUpperCase().includes(`'${user.toUpperCase()}'`) && /<>|!=|\bNOT\b/i.test(condition);
}

/** BY and EXCEPT cannot be mixed in one policy, and a later EXCEPT replaces an earlier one. */
function withoutReader(policy: Policy, user: string): string {
  const { name, enablements } = policy;
  const own = enablements.find(({ way, entity }) => way === "by" && entity === user);
  if (own) return `NOAUDIT POLICY ${quoteName(name)} BY ${quoteName(user)};`;
  const byRole = enablements.find(({ way }) => way === "by role");
  if (byRole) {
    const role = clauseOf(policy, byRole);
    return `NOAUDIT POLICY ${quoteName(name)}${role}; -- and enable it BY those users with the role that are not the reader`;
  }
  const excepted = [...exceptedOf(enablements), user].map(quoteName).join(", ");
  return enableAnew(name, ` EXCEPT ${excepted}`);
}

/** All that else the reader's user could do: the policy lists it, because ACTIONS ALL knows no exception (Oracle notes §5). */
const ELSE = "LOGON, LOGOFF, INSERT, UPDATE, DELETE, GRANT, REVOKE, ALTER USER, CREATE TABLE";

/** Who is left out of everything could do anything unseen. */
export function judgeReaderWatched(
  policies: Answer<readonly Policy[]>,
  { user }: InstanceFacts,
  roles: Answer<readonly string[]>,
): readonly CheckFinding[] {
  if (!policies.known || policies.value.length === 0) return [];
  const { ok, warning } = about(
    "reader-watched",
    "The reader is left out for its polls only: whoever logs on with its password should leave a row like anybody else",
  );
  const watching = policies.value.filter(
    (policy) =>
      concerns(policy, user, roles) &&
      policy.enablements.some(({ success }) => success) &&
      policy.options.known &&
      policy.options.value.some(({ name, type }) => type === "STANDARD ACTION" && (name === "LOGON" || name === "ALL")),
  );
  if (watching.length > 0)
    return [ok(`${nameSome(watching.map(({ name }) => name))}: each log-on of ${user} is recorded`)];
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
