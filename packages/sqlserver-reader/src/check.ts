import { type CheckFinding, type CheckReport, type Clock, DasError, type Logger } from "@das/core";
import { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { type ConnectedInstance, describeInstance } from "./instance.ts";

/** Reach, login, version, and whether each audit is there, on and readable. Never writes. */
export async function checkInstance(
  options: ConnectionOptions,
  _audits: readonly string[],
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
