import type { CheckFinding } from "@das/core";
import { textOf } from "../instance.ts";
import { LOCK_TRIGGER } from "../provision/names.ts";
import { LOCK_ROLE } from "../statements.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";
import { about, nameSome } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { grant, quoteName, quoteText } from "./statement.ts";

export interface LockFacts {
  readonly roleExists: boolean;
  readonly readerIsMember: boolean;
  /** Users of master that are in the role, the reader's own left out. */
  readonly otherMembers: readonly string[];
}

const ROLE = `SELECT DATABASE_PRINCIPAL_ID(${quoteText(LOCK_ROLE)}) AS role_id, IS_ROLEMEMBER(${quoteText(LOCK_ROLE)}) AS is_member`;
const OTHER_MEMBERS = `SELECT m.name
FROM sys.database_role_members AS rm
JOIN sys.database_principals AS r ON r.principal_id = rm.role_principal_id
JOIN sys.database_principals AS m ON m.principal_id = rm.member_principal_id
WHERE r.name = ${quoteText(LOCK_ROLE)} AND (m.sid IS NULL OR m.sid <> SUSER_SID())
ORDER BY m.name`;

export async function lookAtLockRole(inquiry: Inquiry): Promise<Answer<LockFacts>> {
  const role = await inquiry.ask(ROLE);
  if (!role.known) return role;
  return mapAnswer(await inquiry.ask(OTHER_MEMBERS), (rows) => ({
    roleExists: role.value[0]?.[0] !== null,
    readerIsMember: Number(role.value[0]?.[1]) === 1,
    otherMembers: rows.map(([name]) => textOf(name)),
  }));
}

export function judgeLockRole(
  facts: Answer<LockFacts>,
  { login }: InstanceFacts,
  maySeeDefinitions: boolean,
): CheckFinding {
  const { ok, warning, failure } = about(
    "lock-role",
    "Only members can take the publisher's lock: a publisher does not read without it, and a stranger who takes it stops the stream",
  );
  const name = quoteName(login);
  const role = quoteName(LOCK_ROLE);
  if (!facts.known) return warning(`the role ${LOCK_ROLE} cannot be looked at (${facts.reason})`);
  const { roleExists, readerIsMember, otherMembers } = facts.value;
  if (!roleExists || !readerIsMember) {
    const steps = [
      "USE master;",
      ...(roleExists ? [] : [`CREATE ROLE ${role};`]),
      `IF USER_ID(${quoteText(login)}) IS NULL CREATE USER ${name} FOR LOGIN ${name};`,
      `ALTER ROLE ${role} ADD MEMBER ${name};`,
    ];
    const what = roleExists ? `${login} is no member of ${LOCK_ROLE}` : `master has no role ${LOCK_ROLE}`;
    return failure(what, steps.join("\n"));
  }
  if (otherMembers.length > 0) {
    const drops = otherMembers.map((member) => `ALTER ROLE ${role} DROP MEMBER ${quoteName(member)};`);
    const what = `${LOCK_ROLE} has members besides the reader: ${nameSome(otherMembers)}`;
    return warning(what, ["USE master;", ...drops].join("\n"));
  }
  if (maySeeDefinitions) return ok(`${login} alone is a member of ${LOCK_ROLE}`);
  return warning(`whether ${LOCK_ROLE} has other members cannot be seen`, grant("VIEW ANY DEFINITION", login));
}

export type TriggerState = "enabled" | "disabled" | "absent";

const TRIGGER = `SELECT is_disabled FROM sys.server_triggers WHERE name = ${quoteText(LOCK_TRIGGER)}`;

export async function lookAtLockTrigger(inquiry: Inquiry): Promise<Answer<TriggerState>> {
  return mapAnswer(await inquiry.ask(TRIGGER), ([row]) => {
    if (!row) return "absent";
    return Number(row[0]) === 1 ? "disabled" : "enabled";
  });
}

/** For information: without the lock the stream works, and changes of the audit are told. */
export function judgeLockTrigger(
  trigger: Answer<TriggerState>,
  { login }: InstanceFacts,
  maySeeDefinitions: boolean,
): CheckFinding {
  const { ok, warning } = about(
    "lock-trigger",
    "It keeps the audit from being changed by anybody but sysadmins; whatever is changed is told on the stream anyway",
  );
  if (!trigger.known) return warning(`server triggers cannot be looked at (${trigger.reason})`);
  if (trigger.value === "absent" && !maySeeDefinitions) {
    return warning("server triggers cannot be seen", grant("VIEW ANY DEFINITION", login));
  }
  switch (trigger.value) {
    case "enabled":
      return ok(`the trigger ${LOCK_TRIGGER} is enabled: a locked policy refuses changes of audits (51000)`);
    case "absent":
      return ok(`there is no trigger ${LOCK_TRIGGER}: the audit policy is not locked`);
    case "disabled":
      return warning(
        `the trigger ${LOCK_TRIGGER} is disabled: somebody unlocked the audit policy past das`,
        `ENABLE TRIGGER ${quoteName(LOCK_TRIGGER)} ON ALL SERVER;`,
      );
  }
}
