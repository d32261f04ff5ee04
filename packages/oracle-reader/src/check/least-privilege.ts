import type { CheckFinding } from "@das/core";
import type { Answer } from "./answer.ts";
import { about, nameSome } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { NEEDS, type RightsFacts } from "./rights.ts";
import { grant, quoteName, revoke } from "./statement.ts";

/** Roles with which whoever has the reader's password could change the audit, or read what it protects. */
const DANGEROUS_ROLES: ReadonlySet<string> = new Set([
  "AUDIT_ADMIN",
  "DBA",
  "PDB_DBA",
  "CDB_DBA",
  "EXECUTE_CATALOG_ROLE",
  "SELECT_CATALOG_ROLE",
  "DATAPUMP_EXP_FULL_DATABASE",
  "DATAPUMP_IMP_FULL_DATABASE",
  "EXP_FULL_DATABASE",
  "IMP_FULL_DATABASE",
  "DV_OWNER",
  "DV_ADMIN",
]);

/** Objects that das has of its own; whether they are there is the installation's choice (Oracle notes §§4.2, 5). */
const OWN_OBJECTS = ["DAS_OWNER", "C##DAS_OWNER"].flatMap((owner) => [
  `EXECUTE ON ${owner}.DAS_ADVANCE`,
  `EXECUTE ON ${owner}.DAS_CANARY`,
  `EXECUTE ON ${owner}.DAS_GUARD`,
  `EXECUTE ON ${owner}.DAS_HEAL`,
  `READ ON ${owner}.DAS_STATE`,
]);
const NEEDED_GRANTS: ReadonlySet<string> = new Set([
  ...NEEDS.map(({ right }) => right),
  ...NEEDS.map(({ right }) => right.replace(/^READ ON /, "SELECT ON ")),
  ...OWN_OBJECTS,
  // Of use where it is not PUBLIC's.
  "READ ON SYS.V_$OPTION",
]);

/** With DV_SECANALYST the reader sees whether the rules of Database Vault are in force. */
const OF_VAULT = /^(READ|SELECT) ON DVSYS\./;

/** Whoever steals the reader's password should get what was audited, and nothing else. */
export function judgeLeastPrivilege(instance: InstanceFacts, rights: RightsFacts): CheckFinding {
  const { ok, warning } = about(
    "least-privilege",
    "Whoever gets hold of the reader's password should see the audit, not change it, nor read the database",
  );
  const { user } = instance;
  if (instance.isSysdba || user === "SYS" || user === "SYSTEM") {
    const how = instance.isSysdba ? "is logged on with SYSDBA" : "is an administrator";
    return warning(
      `${user} ${how}`,
      [
        `CREATE USER DAS_READER IDENTIFIED BY "<password>"; -- of its own, for nothing else`,
        `GRANT CREATE SESSION, ${NEEDS[0]?.right} TO DAS_READER;`,
        ...NEEDS.slice(1).map(({ right }) => grant(right, "DAS_READER")),
      ].join("\n"),
    );
  }
  const { roles, privileges, grants, objectGrants } = rights;
  for (const answer of [roles, privileges, grants, objectGrants]) {
    if (!answer.known) return warning(`the user's own rights cannot be looked at (${answer.reason})`);
  }
  const held = (answer: Answer<readonly string[]>) => (answer.known ? answer.value : []);
  const excess = [
    ...held(roles).filter((role) => DANGEROUS_ROLES.has(role)),
    ...held(privileges).filter((privilege) => privilege !== "CREATE SESSION"),
    ...held(objectGrants).filter((right) => !NEEDED_GRANTS.has(right) && !OF_VAULT.test(right)),
  ];
  if (excess.length === 0) return ok(`${user} holds nothing that reading does not take`);
  const own = new Set([...held(grants), ...held(objectGrants)]);
  const repairs = excess.filter((right) => own.has(right)).map((right) => revoke(right, user));
  // A role of the site's own that brings system privileges: nobody but the site knows what else it is for.
  const brought = excess.some((right) => !own.has(right));
  const carriers = held(grants).filter(
    (name) => held(roles).includes(name) && name !== "AUDIT_VIEWER" && !excess.includes(name),
  );
  if (brought)
    repairs.push(...carriers.map((role) => `${revoke(role, user)} -- or take what reading does not need out of it`));
  return warning(
    `${user} holds ${nameSome(excess)}, which reading does not take`,
    repairs.length > 0
      ? repairs.join("\n")
      : `Look at what PUBLIC was granted in this database, from which ${quoteName(user)} has it`,
  );
}
