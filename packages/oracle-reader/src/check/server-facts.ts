import type { Clock } from "@das/core";
import type { ConnectionOptions } from "../connection-options.ts";
import type { Answer, Inquiry } from "./answer.ts";
import { type ClusterFacts, lookAtCluster } from "./cluster.ts";
import { type ContainerTrail, lookAtContainerTrail } from "./container-trail.ts";
import { type ContainerFacts, lookAtContainers } from "./containers.ts";
import { lookAtParameters, type Parameters } from "./excluded-columns.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import type { WantedProcedures } from "./own-procedures.ts";
import { lookAtPluggables, type Pluggable } from "./pluggables.ts";
import { lookAtReplicas, type Replica } from "./replicas.ts";
import { type ClockFacts, lookAtClock } from "./server-clock.ts";
import { type DatabaseFacts, lookAtDatabase } from "./standby.ts";
import { type AuditingMode, lookAtAuditingMode } from "./unified-auditing.ts";

export interface CheckRequest {
  readonly connection: ConnectionOptions;
  /** Services of the PDBs that are read besides. */
  readonly containers: readonly string[];
  /** The other configured instances of the same resource. */
  readonly replicas: readonly ConnectionOptions[];
  /** The procedures of `das_owner` that the reader will call. */
  readonly wanted: WantedProcedures;
  readonly clock: Clock;
}

/** All that one look at a server gave; what follows from it is decided without asking anything more. */
export interface ServerFacts {
  readonly instanceId: string;
  readonly instance: InstanceFacts;
  readonly wanted: WantedProcedures;
  readonly mode: Answer<AuditingMode>;
  readonly database: Answer<DatabaseFacts>;
  readonly parameters: Answer<Parameters>;
  readonly cluster: Answer<ClusterFacts>;
  readonly containers: Answer<readonly ContainerFacts[]>;
  readonly replicas: readonly Replica[];
  readonly clock: Answer<ClockFacts>;
  /** Of the container that the connection leads to. */
  readonly trail: ContainerTrail;
  readonly pluggables: readonly Pluggable[];
}

export async function lookAtServer(
  request: CheckRequest,
  inquiry: Inquiry,
  instance: InstanceFacts,
  signal: AbortSignal,
): Promise<ServerFacts> {
  const { connection, clock } = request;
  const database = await lookAtDatabase(inquiry);
  const serverClock = await lookAtClock(inquiry, clock);
  return {
    instanceId: connection.instanceId,
    instance,
    wanted: request.wanted,
    mode: await lookAtAuditingMode(inquiry),
    database,
    parameters: await lookAtParameters(inquiry),
    cluster: await lookAtCluster(inquiry),
    containers: await lookAtContainers(inquiry, instance),
    replicas: await lookAtReplicas(request.replicas, clock, signal),
    clock: serverClock,
    trail: await lookAtContainerTrail(connection, inquiry, instance, database, serverClock, clock),
    pluggables: await lookAtPluggables(connection, request.containers, serverClock, clock, signal),
  };
}
