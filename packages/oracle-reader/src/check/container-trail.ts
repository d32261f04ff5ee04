import type { CheckFinding, Clock } from "@das/core";
import type { ConnectionOptions } from "../connection-options.ts";
import { type Answer, type Inquiry, notKnown } from "./answer.ts";
import { judgeOutcomes, judgePolicies } from "./enabled-policies.ts";
import { judgeHealing, lookAtHealing } from "./healing.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { judgeLeastPrivilege } from "./least-privilege.ts";
import {
  judgeOwnProcedures,
  lookAtOwnProcedures,
  type OwnProcedures,
  type WantedProcedures,
} from "./own-procedures.ts";
import { judgePartitionInterval } from "./partition-interval.ts";
import { lookAtPace, lookAtPartitions, type Pace, type Partition } from "./partitions.ts";
import { lookAtPolicies, type Policy } from "./policies.ts";
import { judgePolicyLock, lookAtPolicyLock, type PolicyLock } from "./policy-lock.ts";
import { judgeArchiveTime, judgePurgeJobs, lookAtArchiveTime, lookAtPurgeJobs, type PurgeJob } from "./purge.ts";
import { judgeReaderExcluded, judgeReaderWatched } from "./reader-excluded.ts";
import { judgeRights, lookAtRights, type RightsFacts } from "./rights.ts";
import type { ClockFacts } from "./server-clock.ts";
import { judgeSpillover, lookAtSpillover, type SpilloverFacts } from "./spillover.ts";
import type { DatabaseFacts } from "./standby.ts";
import { isStatement } from "./statement.ts";
import { judgeStatistics } from "./statistics.ts";
import { judgeBranches, judgeColumns, lookAtTrail, type TrailFacts, trailAccess } from "./trail-access.ts";
import { judgeLocation, lookAtLocation } from "./trail-location.ts";
import { judgeVault, lookAtVault, type VaultFacts } from "./vault.ts";

/** All that one look at the trail of one container gave: each has rights, policies, partitions and files of its own. */
export interface ContainerTrail {
  readonly options: ConnectionOptions;
  /** As this container says it. */
  readonly instance: InstanceFacts;
  readonly trail: TrailFacts;
  readonly rights: RightsFacts;
  readonly policies: Answer<readonly Policy[]>;
  readonly partitions: Answer<readonly Partition[]>;
  readonly pace: Answer<Pace>;
  readonly location: Answer<string | undefined>;
  readonly spillover: Answer<SpilloverFacts>;
  readonly purgeJobs: Answer<readonly PurgeJob[]>;
  readonly archiveTime: Answer<string | undefined>;
  readonly ownProcedures: OwnProcedures;
  readonly policyLock: Answer<PolicyLock | undefined>;
  readonly vault: Answer<VaultFacts>;
  readonly healing: Answer<boolean>;
}

export async function lookAtContainerTrail(
  options: ConnectionOptions,
  inquiry: Inquiry,
  instance: InstanceFacts,
  database: Answer<DatabaseFacts>,
  serverClock: Answer<ClockFacts>,
  clock: Clock,
): Promise<ContainerTrail> {
  const trail = await lookAtTrail(inquiry);
  const partitions = await lookAtPartitions(inquiry);
  return {
    options,
    instance,
    trail,
    rights: await lookAtRights(inquiry, trail),
    policies: await lookAtPolicies(inquiry),
    partitions,
    // A standby's table is read by nobody: counting it would cost for nothing.
    pace:
      instance.role === "PRIMARY"
        ? await lookAtPace(inquiry, partitions, instance, serverClock, () => clock.monotonic())
        : notKnown("not asked for on a standby"),
    location: await lookAtLocation(inquiry),
    spillover: await lookAtSpillover(inquiry, serverClock),
    purgeJobs: await lookAtPurgeJobs(inquiry),
    archiveTime: database.known ? await lookAtArchiveTime(inquiry, database.value) : database,
    ownProcedures: await lookAtOwnProcedures(inquiry, instance),
    policyLock: await lookAtPolicyLock(inquiry, instance),
    vault: await lookAtVault(inquiry),
    healing: await lookAtHealing(inquiry, instance),
  };
}

/** What holds of every container of a server. */
export interface ServerWide {
  readonly clock: Answer<ClockFacts>;
  readonly wanted: WantedProcedures;
}

/** The checks of one container, in the order in which a person would go through them. Pure. */
export function judgeContainerTrail(container: ContainerTrail, server: ServerWide): readonly CheckFinding[] {
  const { clock, wanted } = server;
  const { options, instance, trail, rights, policies, partitions, pace, purgeJobs } = container;
  const access = trailAccess(trail, instance, options);
  const isPrimary = instance.role === "PRIMARY";
  const isProvisioned = container.policyLock.known && container.policyLock.value !== undefined;
  const findings = [
    ...judgeRights(instance, rights, access),
    judgeLeastPrivilege(instance, rights),
    judgeBranches(trail, instance, access),
    ...judgeColumns(trail, access),
    judgePolicies(policies, instance),
    ...judgeOutcomes(policies),
    ...judgeReaderExcluded(policies, instance, rights.roles),
    ...judgeReaderWatched(policies, instance, rights.roles),
    ...(isPrimary ? [judgePartitionInterval(partitions, pace, instance), ...judgeStatistics(partitions, pace)] : []),
    judgeLocation(container.location, instance),
    judgeSpillover(container.spillover, instance),
    judgePurgeJobs(purgeJobs, instance),
    judgeArchiveTime(container.archiveTime, purgeJobs, clock, instance),
    ...judgeOwnProcedures(container.ownProcedures, wanted, policies, instance),
    judgePolicyLock(container.policyLock),
    judgeVault(container.vault, isProvisioned, instance),
    judgeHealing(container.healing, isProvisioned, instance),
  ];
  return instance.role === "PHYSICAL STANDBY" ? findings.map(onPrimary) : findings;
}

/** A standby takes no statement that changes the database; what lies in its own files is repaired there. */
function onPrimary({ repair, ...finding }: CheckFinding): CheckFinding {
  if (repair === undefined) return finding;
  const isElsewhere = isStatement(repair) && finding.id !== "oracle.spillover";
  return { ...finding, repair: isElsewhere ? `-- on the primary; this database is read only\n${repair}` : repair };
}
