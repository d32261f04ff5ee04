import type { Clock } from "@das/core";
import type { EmulatedGroup, ReplicaRole } from "../availability-group.ts";
import type { SqlServerEmulator } from "../server.ts";
import { type RunningWorkload, runWorkload } from "./run-workload.ts";
import { createWorkload, type Workload } from "./workload.ts";

export interface GroupWorkloadOptions {
  readonly seed: number;
  /** Where the activity is: it moves with the role, and on a secondary it only reads. */
  readonly role: ReplicaRole;
}

/**
 * Generates at a rate until it is stopped, on whichever replica has the role and runs; nowhere while none does. When the
 * role moves everybody logs in again.
 */
export function runGroupWorkload(
  group: EmulatedGroup,
  { seed, role }: GroupWorkloadOptions,
  rate: number,
  clock: Clock,
): RunningWorkload {
  const workloads = new Map<SqlServerEmulator, Workload>();
  const workloadOn = (replica: SqlServerEmulator): Workload => {
    const known = workloads.get(replica);
    if (known) return known;
    const { profile, instance } = replica;
    const made = createWorkload({
      seed: seed + workloads.size,
      profile,
      serverInstanceName: instance.serverName,
      readOnly: role === "SECONDARY",
    });
    workloads.set(replica, made);
    return made;
  };
  let connectedTo: SqlServerEmulator | undefined;
  const place = (): SqlServerEmulator | undefined => {
    const found = group.running(role);
    if (connectedTo && found !== connectedTo) workloadOn(connectedTo).disconnect?.();
    connectedTo = found;
    return found;
  };
  const target = {
    now: () => (place() ?? clock).now(),
    get isRunning() {
      return place() !== undefined;
    },
    change: (transition: Parameters<SqlServerEmulator["change"]>[0]) => place()?.change(transition),
  };
  const workload: Workload = {
    generate: (count, from, to) => {
      const replica = place();
      return replica ? workloadOn(replica).generate(count, from, to) : [];
    },
  };
  return runWorkload(target, workload, rate, clock);
}
