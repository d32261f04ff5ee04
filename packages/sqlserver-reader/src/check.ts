import { type CheckFinding, type CheckReport, type Clock, DasError, type Logger } from "@das/core";
import { readDefinition, readStatus } from "./audit-catalog.ts";
import { ServerError } from "./classify-error.ts";
import { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { type ConnectedInstance, describeInstance } from "./instance.ts";

/** Reach, login, version, and whether each audit is there, on and readable. Never writes. */
export async function checkInstance(
  options: ConnectionOptions,
  audits: readonly string[],
  clock: Clock,
  logger: Logger,
  signal: AbortSignal,
): Promise<CheckReport> {
  let connection: Connection;
  try {
    connection = await Connection.open(options, clock, logger);
  } catch (error) {
    if (!(error instanceof DasError)) throw error;
    const why = "Nothing can be read without a connection";
    return { findings: [{ id: "sqlserver.reach", status: "failure", what: error.what, why, repair: error.remedy }] };
  }
  await using _ = connection;
  const instance = await describeInstance(connection, undefined, signal);
  const findings = [versionFinding(instance)];
  for (const audit of audits) findings.push(await auditFinding(connection, audit, signal));
  return { findings };
}

/** SQL Server 2016: the first version whose rows carry all that an event needs. */
const OLDEST_MAJOR_VERSION = 13;

function versionFinding(instance: ConnectedInstance): CheckFinding {
  return {
    id: "sqlserver.version",
    status: instance.majorVersion >= OLDEST_MAJOR_VERSION ? "ok" : "failure",
    what: `${instance.serverName} runs ${instance.description.serverVersion} (${instance.description.serviceName})`,
    why: "SQL Server 2016 and later are supported",
  };
}

async function auditFinding(connection: Connection, audit: string, signal: AbortSignal): Promise<CheckFinding> {
  const id = `sqlserver.audit.${audit}`;
  const why = "Only what this audit records reaches the stream";
  try {
    const definition = await readDefinition(connection, audit, signal);
    if (!definition) {
      const repair = `CREATE SERVER AUDIT [${audit}] TO FILE (FILEPATH = N'…')`;
      return { id, status: "failure", what: `there is no server audit ${audit} that writes to files`, why, repair };
    }
    const { status } = await readStatus(connection, audit, signal);
    if (definition.enabled && status === "STARTED") return { id, status: "ok", what: `${audit} is on`, why };
    const repair = `ALTER SERVER AUDIT [${audit}] WITH (STATE = ON)`;
    return { id, status: "failure", what: `${audit} is not on (${status ?? "no status"})`, why, repair };
  } catch (error) {
    if (error instanceof DasError) return { id, status: "failure", what: error.what, why, repair: error.remedy };
    if (!(error instanceof ServerError)) throw error;
    return { id, status: "failure", what: `${audit} cannot be looked at (error ${error.number})`, why };
  }
}
