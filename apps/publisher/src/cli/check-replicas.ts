import { type CheckFinding, ConfigurationError } from "@das/core";
import type { Configuration } from "../configuration/schema.ts";
import { demandConnection } from "../engines/open-reader.ts";

export interface FoundReplicas {
  /** Places in the configuration's list of instances. */
  readonly replicas: readonly number[];
  /** What is to be said of those that cannot be reached from here. */
  readonly findings: readonly CheckFinding[];
}

/** The other instances of the configuration. One whose secret is not at hand here is told, never taken for well. */
export function findReplicas(
  configuration: Configuration,
  instanceId: string,
  environment: Readonly<Record<string, string | undefined>>,
): FoundReplicas {
  const replicas: number[] = [];
  const findings: CheckFinding[] = [];
  for (const [index, { id }] of configuration.instances.entries()) {
    if (id === instanceId) continue;
    try {
      demandConnection(configuration, index, environment);
      replicas.push(index);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      findings.push({
        id: `configuration.replica.${id}`,
        status: "warning",
        what: `instance ${id} was not compared: ${error.what}`,
        why: "After a failover another instance of the resource writes the audit: what is wrong with it shows only then",
        repair: error.remedy,
      });
    }
  }
  return { replicas, findings };
}
