import { NEEDS } from "../check/rights.ts";
import { quoteName } from "../check/statement.ts";
import { LOCK_POLICY, type Names, STATE_TABLE } from "./names.ts";
import { programsOf } from "./programs.ts";

/** What the reader needs of the database itself (Oracle notes §4.2), in the order in which it is granted. */
export const READER_RIGHTS: readonly string[] = ["CREATE SESSION", ...NEEDS.map(({ right }) => right)];

/** What the programs of the owner need; nobody logs on with them. */
export const OWNER_RIGHTS: readonly string[] = [
  "AUDIT_ADMIN",
  "EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT",
  "ADMINISTER DATABASE TRIGGER",
  "READ ON SYS.DBA_PART_TABLES",
];

/** What `das start` installs for the reader. */
export function installedRights(names: Names): readonly string[] {
  return [
    `READ ON ${names.owner}.${STATE_TABLE}`,
    ...programsOf(names).flatMap(({ name, isForReader }) => (isForReader ? [`EXECUTE ON ${names.owner}.${name}`] : [])),
  ];
}

/** @param right `READ ON C##DAS_OWNER.DAS_STATE` has names that must be quoted */
export function grantText(right: string, grantee: string, { owner, everywhere }: Names): string {
  // A program may be granted only roles that its owner may hand on.
  const option = right === "AUDIT_ADMIN" && grantee === owner ? " WITH DELEGATE OPTION" : "";
  // What stands in the root's own schema stands nowhere else.
  const isInstalled = right.includes(` ON ${owner}.`);
  const written = right.replace(`${owner}.`, `${quoteName(owner)}.`);
  return `GRANT ${written} TO ${quoteName(grantee)}${option}${isInstalled ? "" : everywhere}`;
}

/** Whatever changes the audit, or what protects it (Oracle notes §5). */
export function lockActions({ owner }: Names): string {
  const schema = quoteName(owner);
  return [
    "CREATE AUDIT POLICY, ALTER AUDIT POLICY, DROP AUDIT POLICY, AUDIT, NOAUDIT",
    "ALTER SYSTEM, ALTER DATABASE, CREATE TRIGGER, ALTER TRIGGER, DROP TRIGGER",
    "EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT",
    `EXECUTE ON ${schema}.DAS_SET_POLICY, EXECUTE ON ${schema}.DAS_RECORD, EXECUTE ON ${schema}.DAS_HEAL`,
    `INSERT ON ${schema}.${STATE_TABLE}, UPDATE ON ${schema}.${STATE_TABLE}, DELETE ON ${schema}.${STATE_TABLE}`,
  ].join(",\n  ");
}

export const LOCK_POLICY_WHAT = `the audit policy ${LOCK_POLICY}, which records whatever changes the audit`;
