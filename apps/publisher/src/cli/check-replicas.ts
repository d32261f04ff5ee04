import { type CheckFinding, ConfigurationError } from "@das/core";
import type { ConnectionOptions } from "@das/sqlserver-reader";
import type { Configuration } from "../configuration/schema.ts";
import { isSqlServer, sqlServerConnection } from "../engines/sqlserver.ts";

export interface FoundReplicas {
  readonly connections: readonly ConnectionOptions[];
  /** What is to be said of those that cannot be reached from here. */
  readonly findings: readonly CheckFinding[];
}

/** The other instances of the configuration. One whose secret is not at hand here is told, never taken for well. */
export function findReplicas(
  configuration: Configuration,
  instanceId: string,
  environment: Readonly<Record<string, string | undefined>>,
): FoundReplicas {
  const connections: ConnectionOptions[] = [];
  const findings: CheckFinding[] = [];
  if (!isSqlServer(configuration)) return { connections, findings };
  for (const [index, { id }] of configuration.instances.entries()) {
    if (id === instanceId) continue;
    try {
      connections.push(sqlServerConnection(configuration, index, environment));
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      findings.push({
        id: `configuration.replica.${id}`,
        status: "warning",
        what: `instance ${id} was not compared: ${error.what}`,
        why: "Audits that differ between the instances of a resource record nothing after a failover",
        repair: error.remedy,
      });
    }
  }
  return { connections, findings };
}
