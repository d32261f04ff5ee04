import type { CheckFinding } from "@das/core";
import { judgeCluster } from "./cluster.ts";
import { judgeContainerTrail } from "./container-trail.ts";
import { judgeContainers } from "./containers.ts";
import { judgeAlwaysAudited } from "./enabled-policies.ts";
import { judgeExcludedColumns } from "./excluded-columns.ts";
import { judgeKeepalive } from "./keepalive.ts";
import { judgePluggable, namesOf } from "./pluggables.ts";
import { judgePartnerships, judgeReplicas } from "./replicas.ts";
import { judgeClock } from "./server-clock.ts";
import type { ServerFacts } from "./server-facts.ts";
import { judgeRole } from "./standby.ts";
import { judgeUnifiedAuditing } from "./unified-auditing.ts";
import { judgeEdition, judgeVersion } from "./version.ts";

/** The checks, in the order in which a person would go through them; those of further PDBs at the end. Pure. */
export function judgeServer(facts: ServerFacts): readonly CheckFinding[] {
  const { instance, mode, clock, database, parameters, replicas, pluggables } = facts;
  return [
    judgeVersion(instance),
    judgeEdition(instance),
    judgeUnifiedAuditing(mode, instance),
    judgeAlwaysAudited(mode),
    judgeRole(database, instance),
    ...judgeContainerTrail(facts.trail, facts),
    judgeExcludedColumns(parameters, instance),
    judgeContainers(facts.containers, instance, [instance.containerName, ...namesOf(pluggables)]),
    judgeCluster(facts.cluster, instance, replicas),
    judgePartnerships(parameters, instance, replicas),
    ...judgeReplicas(facts.instanceId, instance, database, replicas),
    judgeKeepalive(),
    judgeClock(clock),
    ...pluggables.flatMap((pluggable) => judgePluggable(pluggable, facts)),
  ];
}
