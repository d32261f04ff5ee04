/** Statements that repair something, with real names in them, for a person to paste. */

/** `[a]]b]` */
export function quoteName(name: string): string {
  return `[${name.replaceAll("]", "]]")}]`;
}

/** `N'a''b'` */
export function quoteText(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}

/** Rights of the server are granted in master only. */
export function grant(right: string, login: string): string {
  return `USE master; GRANT ${right} TO ${quoteName(login)};`;
}

/** A right on an object of master takes a user there. */
export function grantInMaster(right: string, login: string): string {
  const name = quoteName(login);
  return [
    `USE master; IF USER_ID(${quoteText(login)}) IS NULL CREATE USER ${name} FOR LOGIN ${name};`,
    `GRANT ${right} TO ${name};`,
  ].join("\n");
}

/** An audit must be off to be changed (SQL Server notes §6.1), so changing one costs a loss window. */
export function changeAudit(audit: string, change: string): string {
  const name = quoteName(audit);
  return [
    "-- from OFF to ON nothing is audited: a loss window, told on the stream",
    `ALTER SERVER AUDIT ${name} WITH (STATE = OFF);`,
    `ALTER SERVER AUDIT ${name}`,
    `  ${change};`,
    `ALTER SERVER AUDIT ${name} WITH (STATE = ON);`,
  ].join("\n");
}

/** A specification must be off to be changed; the audit goes on meanwhile. */
export function changeSpecification(kind: "SERVER" | "DATABASE", specification: string, change: string): string {
  const name = `${kind} AUDIT SPECIFICATION ${quoteName(specification)}`;
  return [`ALTER ${name} WITH (STATE = OFF);`, `ALTER ${name}`, `  ${change} WITH (STATE = ON);`].join("\n");
}

/** Everything that CREATE SERVER AUDIT takes. */
export interface AuditPlan {
  readonly name: string;
  /** FILEPATH, with its trailing separator. */
  readonly directory: string;
  /** MB. */
  readonly maxSize: number;
  readonly maxRolloverFiles: number;
  /** undefined: the server makes one up, which no other replica then has. */
  readonly guid: string | undefined;
  readonly predicate: string | undefined;
}

/** As SQL Server notes §6.1 provisions it; it is off until STATE = ON. */
export function createAudit(plan: AuditPlan): string {
  const { name, directory, maxSize, maxRolloverFiles, guid, predicate } = plan;
  const identity = guid === undefined ? "" : `,\n    AUDIT_GUID = '${guid}'`;
  const condition = predicate === undefined ? "" : `\n  WHERE ${predicate}`;
  return [
    `CREATE SERVER AUDIT ${quoteName(name)}`,
    `  TO FILE (FILEPATH = ${quoteText(directory)}, MAXSIZE = ${maxSize} MB,`,
    `    MAX_ROLLOVER_FILES = ${maxRolloverFiles}, RESERVE_DISK_SPACE = OFF)`,
    `  WITH (QUEUE_DELAY = 1000, ON_FAILURE = CONTINUE${identity})${condition};`,
  ].join("\n");
}
