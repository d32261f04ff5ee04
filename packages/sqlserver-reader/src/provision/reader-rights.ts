import { hasSplitRights, type InstanceFacts } from "../check/instance-facts.ts";
import { quoteName } from "../check/statement.ts";
import { LOCK_ROLE } from "../statements.ts";
import type { ReaderFacts } from "./provision-facts.ts";
import type { Step } from "./step.ts";

/** SQL Server notes §6.1: until 2019 reading audit files takes CONTROL SERVER, which `dbo.rds_das_read` has instead. */
const UNTIL_2019 = ["VIEW SERVER STATE", "VIEW ANY DEFINITION", "CONNECT ANY DATABASE"] as const;
const SINCE_2022 = [
  "VIEW SERVER SECURITY AUDIT",
  "VIEW SERVER SECURITY STATE",
  "VIEW SERVER PERFORMANCE STATE",
  "VIEW ANY DEFINITION",
  "CONNECT ANY DATABASE",
] as const;

/** The server permissions of the reader's login, on this version. */
function readerRights(instance: Pick<InstanceFacts, "majorVersion">): readonly string[] {
  return hasSplitRights(instance) ? SINCE_2022 : UNTIL_2019;
}

/** The login, its rights, its user in master and its membership in the role of the lock: what is missing of them. */
export function planReader(
  reader: ReaderFacts,
  instance: Pick<InstanceFacts, "majorVersion">,
  login: string,
  sid: string | undefined,
): readonly Step[] {
  const missing = readerRights(instance).filter((right) => !reader.granted.has(right));
  const name = quoteName(login);
  const role = quoteName(LOCK_ROLE);
  return [
    ...(reader.hasLogin ? [] : [createReader(login, sid)]),
    ...missing.map((right) => ({ what: `let ${login} ${right}`, sql: `GRANT ${right} TO ${name};` })),
    ...(reader.user === undefined
      ? [{ what: `make ${login} a user of master`, sql: `CREATE USER ${name} FOR LOGIN ${name};` }]
      : []),
    ...(reader.lockRoleExists
      ? []
      : [
          {
            what: `create the role ${LOCK_ROLE}, whose members may take the publisher's lock`,
            sql: `CREATE ROLE ${role};`,
          },
        ]),
    ...(reader.isInLockRole
      ? []
      : [
          {
            what: `make ${login} a member of ${LOCK_ROLE}`,
            sql: `ALTER ROLE ${role} ADD MEMBER ${quoteName(reader.user ?? login)};`,
          },
        ]),
  ];
}

function createReader(login: string, sid: string | undefined): Step {
  const identity = sid === undefined ? "" : `, SID = ${sid}`;
  return {
    what: `create the reader's login ${login}`,
    sql: `CREATE LOGIN ${quoteName(login)} WITH PASSWORD = :reader_password${identity}, CHECK_EXPIRATION = OFF;`,
    secret: "reader",
  };
}
