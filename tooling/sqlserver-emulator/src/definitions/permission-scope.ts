import type { Definition } from "./definition.ts";

/** Permissions on the server have one of these words; every other one is on the current database. */
const OF_THE_SERVER = /\b(?:SERVER|ANY|SHUTDOWN|SQL|EXTERNAL|UNSAFE)\b/;
/** These have one, but are a database's own. */
const OF_A_DATABASE =
  /^ALTER ANY (?:DATABASE AUDIT|USER|ROLE|SCHEMA|APPLICATION ROLE|DATABASE DDL TRIGGER)$|^VIEW DATABASE /;

export function permissionScope({
  object,
  permissions,
}: Extract<Definition, { kind: "permission" }>): "SERVER" | "DATABASE" | "OBJECT" {
  if (object !== undefined) return "OBJECT";
  const isServers = permissions.every((name) => OF_THE_SERVER.test(name) && !OF_A_DATABASE.test(name));
  return isServers ? "SERVER" : "DATABASE";
}
