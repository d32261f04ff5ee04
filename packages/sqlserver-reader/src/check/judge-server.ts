import type { CheckFinding } from "@das/core";
import { judgeAuditDirectory } from "./audit-directory.ts";
import { judgeFileListing, judgeFolder } from "./audit-folder.ts";
import { judgeAudit, judgeAuditOn } from "./audit-on.ts";
import { judgeReading } from "./audit-read.ts";
import { judgeFileLimits, judgeOnFailure, judgeQueueDelay, judgeReservation } from "./audit-settings.ts";
import {
  attachedActions,
  judgeCoverage,
  judgeDatabaseSpecifications,
  judgeDatabases,
} from "./database-specifications.ts";
import { judgeErrorLog } from "./error-log.ts";
import { judgeEventSession } from "./event-sessions.ts";
import { judgeFilePath } from "./file-path.ts";
import { judgeLockRole, judgeLockTrigger } from "./lock.ts";
import { judgePolicyLock } from "./policy-lock.ts";
import { judgePredicate } from "./predicate.ts";
import { judgeAbsence } from "./publisher-absence.ts";
import { guidElsewhere, judgePartnerships, judgeReplicas } from "./replicas.ts";
import { judgeLeastPrivilege, judgeRights } from "./rights.ts";
import { judgeClock } from "./server-clock.ts";
import type { ServerFacts, StreamAudit } from "./server-facts.ts";
import { judgeServerName } from "./server-name.ts";
import { judgeServerSpecification } from "./server-specification.ts";
import { judgeHealProcedure, judgeReadProcedure } from "./signed-procedures.ts";
import { judgeEdition, judgeVersion } from "./version.ts";

/** The checks, in the order in which a person would go through them. Pure. */
export function judgeServer(facts: ServerFacts): readonly CheckFinding[] {
  const { instance, streamAudits } = facts;
  const own = streamAudits.map(({ audit }) => audit);
  const main = streamAudits.find(({ role }) => role === facts.roles[0])?.audit;
  const maySeeDefinitions = facts.rights.known && facts.rights.value.held.has("VIEW ANY DEFINITION");
  return [
    judgeVersion(instance),
    judgeEdition(instance),
    ...judgeRights(instance, facts.rights),
    ...judgeReadProcedure(facts.procedures, facts.rights),
    ...judgeLeastPrivilege(instance, facts.rights),
    ...facts.roles.map((role) =>
      judgeAudit(role, facts.audits, instance, {
        guidElsewhere: guidElsewhere(role, facts.replicas),
        maySeeDefinitions,
      }),
    ),
    ...judgeAuditDirectory(facts.auditDirectory, streamAudits),
    ...streamAudits.flatMap((streamAudit) => judgeStreamAudit(streamAudit, facts)),
    ...judgeFolders(facts),
    judgeDatabases(facts.databases, instance),
    ...judgeDatabaseSpecifications(facts.databases, main, own, allAuditsOf(facts)),
    ...(main ? judgeCoverage(main, facts.serverSpecifications, facts.databases) : []),
    judgeErrorLog(facts.errorLog, instance),
    judgePartnerships(facts.partnerships, facts.replicas),
    ...judgeReplicas(facts.instanceId, instance, streamAudits, facts.replicas),
    judgeServerName(instance),
    judgeLockRole(facts.lockRole, instance, maySeeDefinitions),
    judgeLockTrigger(facts.lockTrigger, instance, maySeeDefinitions),
    judgePolicyLock(facts.policyLock),
    ...judgeHealProcedure(facts.procedures, facts.rights, facts.policyLock),
    judgeClock(facts.clock),
  ];
}

/** What concerns one audit that is there and writes to files. */
function judgeStreamAudit({ role, audit, state, folder, reading }: StreamAudit, facts: ServerFacts): CheckFinding[] {
  const { instance } = facts;
  return [
    judgeAuditOn(audit, facts.states, instance),
    ...judgeReading(audit, reading, instance),
    judgeServerSpecification(role, audit, facts.serverSpecifications),
    judgePredicate(audit, instance.login, serverActionsOf(facts, audit.guid)),
    judgeQueueDelay(audit),
    judgeOnFailure(audit),
    judgeFileLimits(audit),
    judgeReservation(audit),
    judgeFilePath(audit, instance, facts.sharedDrives),
    judgeAbsence(audit, state, folder, facts.clock),
    ...judgeEventSession(audit, facts.eventSessions, instance),
  ];
}

/** Each folder once, however many audits write to it. */
function judgeFolders(facts: ServerFacts): CheckFinding[] {
  const directories = [...new Set(facts.streamAudits.map(({ audit }) => audit.directory))];
  return directories.flatMap((directory) => {
    const inIt = facts.streamAudits.filter(({ audit }) => audit.directory === directory);
    const [first] = inIt;
    if (!first) return [];
    const currentPaths = inIt.flatMap(({ state }) => (state?.currentPath ? [state.currentPath] : []));
    const owners = inIt.map(({ audit }) => audit);
    return [
      judgeFileListing(first.audit, first.folder, facts.instance, currentPaths),
      ...judgeFolder(owners, allAuditsOf(facts), first.folder),
    ];
  });
}

/** What the server's own specifications, and those of master, in which the reader works, let an audit record. */
function serverActionsOf({ serverSpecifications, databases }: ServerFacts, auditGuid: string): readonly string[] {
  const master = databases.known ? databases.value.find(({ name }) => name === "master") : undefined;
  return [
    ...attachedActions(auditGuid, serverSpecifications),
    ...(master ? attachedActions(auditGuid, master.specifications) : []),
  ];
}

function allAuditsOf({ audits }: ServerFacts) {
  return audits.known ? audits.value : [];
}
