/** Statements that repair something, with real names in them, for a person to paste. */

/** `DAS_READER`; quoted where it is not a plain name. */
export function quoteName(name: string): string {
  return /^[A-Z][A-Z0-9_$#]*$/.test(name) ? name : `"${name}"`;
}

/** `'a''b'` */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** @param right a role, a system privilege, or one on an object: `READ ON SYS.V_$DATABASE` */
export function grant(right: string, user: string): string {
  return `GRANT ${right} TO ${quoteName(user)};`;
}

export function revoke(right: string, user: string): string {
  return `REVOKE ${right} FROM ${quoteName(user)};`;
}

/** Advice in words has no end of a statement. */
export function isStatement(repair: string): boolean {
  return /;\s*(--.*)?$/m.test(repair);
}

/** A PL/SQL block as SQL*Plus and its kin take it. */
export function block(...statements: readonly string[]): string {
  return `BEGIN\n${statements.map((statement) => `  ${statement}`).join("\n")}\nEND;\n/`;
}

/** A policy that is switched off to be switched on again audits nothing between. */
export function enableAnew(policy: string, clause: string, noauditClause = ""): string {
  return [
    "-- from NOAUDIT to AUDIT this policy records nothing (told on the stream)",
    `NOAUDIT POLICY ${quoteName(policy)}${noauditClause};`,
    `AUDIT POLICY ${quoteName(policy)}${clause};`,
  ].join("\n");
}
