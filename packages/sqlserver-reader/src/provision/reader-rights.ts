import { hasSplitRights, type InstanceFacts } from "../check/instance-facts.ts";
import { quoteName, quoteText } from "../check/statement.ts";
import { LOCK_ROLE } from "../statements.ts";
import type { Step } from "./step.ts";

/** SQL Server notes §6.1: until 2019 reading audit files takes CONTROL SERVER, for want of anything smaller. */
const UNTIL_2019 = ["VIEW SERVER STATE", "VIEW ANY DEFINITION", "CONNECT ANY DATABASE", "CONTROL SERVER"] as const;
const SINCE_2022 = [
  "VIEW SERVER SECURITY AUDIT",
  "VIEW SERVER SECURITY STATE",
  "VIEW SERVER PERFORMANCE STATE",
  "VIEW ANY DEFINITION",
  "CONNECT ANY DATABASE",
] as const;

/** The server permissions of the reader's login, on this version. */
export function readerRights(instance: Pick<InstanceFacts, "majorVersion">): readonly string[] {
  return hasSplitRights(instance) ? SINCE_2022 : UNTIL_2019;
}

export function createReader(login: string, sid: string | undefined): Step {
  const identity = sid === undefined ? "" : `, SID = ${sid}`;
  return {
    what: `create the reader's login ${login}`,
    sql: `CREATE LOGIN ${quoteName(login)} WITH PASSWORD = :reader_password${identity}, CHECK_EXPIRATION = OFF;`,
  };
}

export function grantRight(right: string, login: string): Step {
  return { what: `let ${login} ${right}`, sql: `GRANT ${right} TO ${quoteName(login)};` };
}

export function createReaderUser(login: string): Step {
  const name = quoteName(login);
  return { what: `make ${login} a user of master`, sql: `CREATE USER ${name} FOR LOGIN ${name};` };
}

export function createLockRole(): Step {
  return {
    what: `create the role ${LOCK_ROLE}, whose members may take the publisher's lock`,
    sql: `CREATE ROLE ${quoteName(LOCK_ROLE)};`,
  };
}

export function joinLockRole(user: string): Step {
  return {
    what: `make ${user} a member of ${LOCK_ROLE}`,
    sql: `ALTER ROLE ${quoteName(LOCK_ROLE)} ADD MEMBER ${quoteName(user)};`,
  };
}

/** For `WHERE name = …` of a catalog view. */
export function named(name: string): string {
  return `name = ${quoteText(name)}`;
}
