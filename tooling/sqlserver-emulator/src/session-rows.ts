/** The columns that all rows of a session share, and the rows of its login and logout. */
import { randomBytes } from "node:crypto";
import type { Engine } from "./engine.ts";
import type { AuditRow } from "./model/audit-row.ts";
import { eventTime } from "./model/audit-row.ts";
import type { Actor } from "./model/audit-state.ts";
import { recordAction } from "./model/audited-action.ts";
import { findDatabase, userOf } from "./principals.ts";
import type { SessionState } from "./session-state.ts";

export function actorOf({ id, login, clientAddress }: SessionState): Actor {
  const { principalId, name, sid } = login;
  return { sessionId: id, principalId, principalName: name, sid, clientAddress };
}

/** What a session does: in its database, or on the server as a whole. */
export function sessionRow(
  engine: Engine,
  session: SessionState,
  action: Pick<AuditRow, "action_id"> & { readonly [column: string]: string | number | boolean | null },
  where: "in database" | "on server",
): AuditRow {
  const { login } = session;
  const database = where === "in database" ? findDatabase(engine.instance, session.database) : undefined;
  const user = database && userOf(engine.instance, database, login);
  const transactionId = where === "in database" ? engine.nextTransactionId() : 0;
  return {
    event_time: eventTime(engine.now()),
    succeeded: true,
    session_id: session.id,
    server_principal_id: login.principalId,
    session_server_principal_name: session.originalLogin.name,
    server_principal_name: login.name,
    server_principal_sid: login.sid,
    database_principal_id: user?.id ?? 0,
    database_principal_name: user?.name ?? "",
    server_instance_name: engine.trail.serverInstanceName,
    database_name: database?.name ?? "",
    sequence_group_id: `0x${randomBytes(16).toString("hex")}`,
    transaction_id: transactionId,
    client_ip: session.clientAddress,
    application_name: session.applicationName,
    connection_id: session.connectionId,
    host_name: session.hostName,
    ...action,
  };
}

/** What a login leaves in the statement column (real rows of 2017). */
const LOGIN_SETTINGS = [
  "-- network protocol: TCP/IP",
  "set quoted_identifier on",
  "set arithabort off",
  "set numeric_roundabort off",
  "set ansi_warnings on",
  "set ansi_padding on",
  "set ansi_nulls on",
  "set concat_null_yields_null on",
  "set cursor_close_on_commit off",
  "set implicit_transactions off",
  "set language us_english",
  "set dateformat mdy",
  "set datefirst 7",
  "set transaction isolation level read committed",
  "",
].join("\r\n");

export function recordLogin(engine: Engine, session: SessionState): void {
  const information = `<action_info xmlns="http://schemas.microsoft.com/sqlserver/2008/sqlaudit_data"><pooled_connection>0</pooled_connection><client_options>0x28000020</client_options><client_options1>0x0001f438</client_options1><connect_options>0x00000000</connect_options><packet_data_size>${session.packetSize}</packet_data_size><address>${session.clientAddress}</address><is_dac>0</is_dac></action_info>`;
  const columns = { class_type: "LX", statement: LOGIN_SETTINGS, additional_information: information };
  const row = sessionRow(engine, session, { action_id: "LGIS", ...columns }, "on server");
  engine.changeTrail((trail, now) => recordAction(trail, "SUCCESSFUL_LOGIN_GROUP", null, row, now));
}

/** No real row of a logout was found. */
export function recordLogout(engine: Engine, session: SessionState): void {
  const row = sessionRow(engine, session, { action_id: "LGO ", class_type: "LX" }, "on server");
  engine.changeTrail((trail, now) => recordAction(trail, "LOGOUT_GROUP", null, row, now));
}
