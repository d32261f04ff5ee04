import type { AuditRow } from "./model/audit-row.ts";

/** Why a login failed: the state of error 18456, and how the audit words it (real rows of 2014 to 2019). */
const REASONS = {
  wrongPassword: { state: 8, text: "Password did not match that for the login provided." },
  unknownLogin: { state: 5, text: "Could not find a login matching the name provided." },
};

export interface FailedLogin {
  readonly loginName: string;
  readonly reason: keyof typeof REASONS;
  /** As the column client_ip shows it. */
  readonly clientAddress: string;
  readonly applicationName: string;
  readonly hostName: string;
  readonly serverInstanceName: string;
  readonly connectionId: string;
  readonly sequenceGroupId: string;
  readonly eventTime: string;
}

/** Action LGIF: no session, no principal but the name that was tried. */
export function failedLoginRow(failed: FailedLogin): AuditRow {
  const { state, text } = REASONS[failed.reason];
  const { clientAddress } = failed;
  const client = clientAddress === "local machine" ? "local-machine" : clientAddress;
  return {
    event_time: failed.eventTime,
    action_id: "LGIF",
    succeeded: false,
    class_type: "LX",
    server_principal_name: failed.loginName,
    server_instance_name: failed.serverInstanceName,
    statement: `Login failed for user '${failed.loginName}'. Reason: ${text} [CLIENT: ${client}]`,
    additional_information: `<action_info xmlns="http://schemas.microsoft.com/sqlserver/2008/sqlaudit_data"><pooled_connection>0</pooled_connection><error>0x00004818</error><state>${state}</state><address>${clientAddress}</address></action_info>`,
    sequence_group_id: failed.sequenceGroupId,
    client_ip: clientAddress,
    application_name: failed.applicationName,
    connection_id: failed.connectionId,
    host_name: failed.hostName,
  };
}
