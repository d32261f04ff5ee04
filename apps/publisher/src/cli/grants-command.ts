import { loadConfiguration } from "../configuration/load-configuration.ts";
import { type AccountGrants, grantsOf } from "../engines/grants.ts";

export interface GrantsOptions {
  readonly config: string;
  readonly engineVersion?: string;
  readonly adminUser?: string;
  readonly vaultOwner?: string;
}

/** `das grants`: SQL on standard output, a comment before each statement. @throws ConfigurationError */
export function grantsCommand({ config, engineVersion, adminUser, vaultOwner }: GrantsOptions): number {
  const configuration = loadConfiguration(config);
  const grants = grantsOf(configuration, engineVersion, {
    ...(adminUser !== undefined && { administrator: adminUser }),
    ...(vaultOwner !== undefined && { vaultOwner }),
  });
  const isOne = configuration.resource.engine === "oracle";
  process.stdout.write(grants.map((account) => accountText(account, isOne, vaultOwner !== undefined)).join("\n"));
  return 0;
}

/**
 * @param isOneDatabase the instances are sites of one database, which carries accounts to the standbys itself
 * @param isTask what the user runs, not what the user gets
 */
function accountText({ user, instances, statements }: AccountGrants, isOneDatabase: boolean, isTask: boolean): string {
  const names = instances.join(", ");
  const where = isOneDatabase
    ? `once, on the primary (instance${instances.length === 1 ? "" : "s"} ${names})`
    : `on ${instances.length === 1 ? `instance ${names}` : `each of the instances ${names}`}`;
  const lines = [`-- What ${user} ${isTask ? "runs" : "needs"}, ${where}.`];
  if (statements.some(({ sql }) => sql.includes(":reader_password"))) {
    lines.push("-- Put the password in the place of :reader_password, in the engine's quotes.");
  }
  if (statements.some(({ sql }) => sql.includes(":signing_password"))) {
    lines.push("-- Put one that you throw away in the place of :signing_password.");
  }
  let last: string | undefined;
  for (const { what, sql, place } of statements) {
    if (place !== last) lines.push("", ...headingOf(place));
    last = place;
    // SQL Server wants it alone in a batch.
    const around = /^CREATE PROCEDURE dbo\./.test(sql) ? ["GO"] : [];
    lines.push(...around, `-- ${what}`, sql, ...around);
  }
  return `${lines.join("\n")}\n`;
}

/** A batch of SQL Server says itself where it belongs; in Oracle it is the connection. */
function headingOf(place = "the database"): readonly string[] {
  const database = /^database (\S+)$/.exec(place)?.[1];
  return database === undefined ? [`-- In ${place}:`] : [`USE ${database};`];
}
