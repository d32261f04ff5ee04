import type { CheckFinding } from "@das/core";
import { type Answer, answered, type Inquiry, textOf } from "./answer.ts";
import { about } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";

/** What V$DATABASE and V$CONTAINERS say of the database that is read. */
export interface DatabaseFacts {
  readonly dbid: string;
  readonly name: string;
  /** READ WRITE, READ ONLY, READ ONLY WITH APPLY. */
  readonly openMode: string;
  /** Of the container; that of the database where there is none. */
  readonly containerDbid: string;
}

const DATABASE = "SELECT TO_CHAR(d.dbid), d.name, d.open_mode FROM sys.v_$database d";
const CONTAINER_DBID =
  "SELECT TO_CHAR(c.dbid) FROM sys.v_$containers c WHERE c.con_id = TO_NUMBER(SYS_CONTEXT('USERENV','CON_ID'))";

export async function lookAtDatabase(inquiry: Inquiry): Promise<Answer<DatabaseFacts>> {
  const database = await inquiry.ask(DATABASE);
  if (!database.known) return database;
  const container = await inquiry.ask(CONTAINER_DBID);
  const [dbid, name, openMode] = database.value[0] ?? [];
  return answered({
    dbid: textOf(dbid),
    name: textOf(name),
    openMode: textOf(openMode),
    containerDbid: (container.known ? textOf(container.value[0]?.[0]) : "") || textOf(dbid),
  });
}

/** Which kind of database this is, and what of it is published from here (Oracle notes §3). */
export function judgeRole(database: Answer<DatabaseFacts>, instance: InstanceFacts): CheckFinding {
  const { ok, warning, failure } = about(
    "role",
    "The table is published by the primary's publisher, files by that of the instance that wrote them",
  );
  if (!database.known) {
    const repair = database.refused ? grantHere("READ ON SYS.V_$DATABASE", instance) : undefined;
    return failure(`role and open mode cannot be looked at (${database.reason})`, repair);
  }
  const { role, uniqueName } = instance;
  const { openMode } = database.value;
  const what = `${uniqueName} is a ${role.toLowerCase()}, open ${openMode.toLowerCase()}`;
  switch (role) {
    case "PRIMARY":
      return ok(`${what}: its table and this instance's files are published`);
    case "PHYSICAL STANDBY":
      return ok(`${what}: this instance's files are published, the table is the primary's to publish`);
    case "SNAPSHOT STANDBY":
      return warning(
        `${what}: what is written to its table is nobody's to publish, and gone when it is converted back`,
        "ALTER DATABASE CONVERT TO PHYSICAL STANDBY; -- mounted; discards everything since the conversion",
      );
    default:
      return warning(
        `${what}: what is audited in its own table is published by nobody`,
        "Read this database as a resource of its own, or make it a physical standby",
      );
  }
}
