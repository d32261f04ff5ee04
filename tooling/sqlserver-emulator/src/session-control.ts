/** EXECUTE AS and KILL: what a session does to itself and to others. */
import { recordAction } from "./model/audited-action.ts";
import { findLogin, holdsPermission } from "./principals.ts";
import { sessionRow } from "./session-rows.ts";
import type { SqlContext } from "./sql/context.ts";
import { ServerError } from "./sql/server-error.ts";

/** Until REVERT. @throws ServerError 15406 */
export function executeAs(name: string, text: string, { engine, session, lent }: SqlContext): void {
  const login = findLogin(engine.instance, name);
  if (!login || !holdsPermission(engine.instance, session.login, "IMPERSONATE ANY LOGIN", lent))
    throw new ServerError(
      15406,
      `Cannot execute as the server principal because the principal "${name}" does not exist, this type of principal cannot be impersonated, or you do not have permission.`,
    );
  const row = sessionRow(
    engine,
    session,
    { action_id: "IMP ", class_type: "SL", object_name: login.name, object_id: login.principalId, statement: text },
    "in database",
  );
  engine.changeTrail((trail, now) => recordAction(trail, "SERVER_PRINCIPAL_IMPERSONATION_GROUP", null, row, now));
  session.impersonated = [...session.impersonated, login.name];
}

/** @throws ServerError 6102, 6104, 6106 */
export function killSession(id: number, { engine, session, lent }: SqlContext): void {
  if (!holdsPermission(engine.instance, session.login, "ALTER ANY CONNECTION", lent))
    throw new ServerError(6102, "User does not have permission to use the KILL statement.", 14);
  if (id === session.id) throw new ServerError(6104, "Cannot use KILL to kill your own process.");
  const found = engine.sessions.get(id);
  if (!found) throw new ServerError(6106, `Process ID ${id} is not an active process ID.`, 16, 2);
  found.kill();
}
