import type { CheckFinding } from "@das/core";
import { type Answer, type Inquiry, mapAnswer, textOf } from "./answer.ts";
import { about, nameSome } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import type { Replica } from "./replicas.ts";

export interface ClusterFacts {
  readonly instanceName: string;
  /** Is the database open in more than one instance, or meant to be? */
  readonly isCluster: boolean;
}

const INSTANCE = "SELECT i.instance_name, i.parallel FROM sys.v_$instance i";

export async function lookAtCluster(inquiry: Inquiry): Promise<Answer<ClusterFacts>> {
  return mapAnswer(await inquiry.ask(INSTANCE), ([row]) => ({
    instanceName: textOf(row?.[0]),
    isCluster: textOf(row?.[1]) === "YES",
  }));
}

/** Each instance of a cluster writes files of its own, which only a publisher that reads there publishes. */
export function judgeCluster(
  cluster: Answer<ClusterFacts>,
  instance: InstanceFacts,
  replicas: readonly Replica[],
): CheckFinding {
  const { ok, warning } = about(
    "cluster",
    "Spillover files are read where they are: of each instance of a cluster by a publisher of its own",
  );
  if (!cluster.known) {
    const repair = cluster.refused ? grantHere("READ ON SYS.V_$INSTANCE", instance) : undefined;
    return warning(`whether this is a cluster cannot be looked at (${cluster.reason})`, repair);
  }
  const { instanceName, isCluster } = cluster.value;
  if (!isCluster) return ok(`${instanceName} is the only instance of ${instance.uniqueName}`);
  const others = replicas.filter(({ facts }) => facts.known && facts.value.uniqueName === instance.uniqueName);
  if (others.length > 0) {
    return ok(
      `${instanceName} is one of a cluster, of which ${nameSome(others.map(({ instanceId }) => instanceId))} is configured, too`,
    );
  }
  return warning(
    `${instanceName} is one of a cluster, and no other instance of it is configured`,
    "Name every instance of the cluster under instances: in the configuration, and run a publisher for each",
  );
}
