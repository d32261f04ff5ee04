import type { Clock, Logger } from "@das/core";
import type { ConnectionOptions } from "../connection-options.ts";
import type { Answer, Inquiry } from "./answer.ts";
import { type AuditDirectory, lookAtAuditDirectory } from "./audit-directory.ts";
import { type FolderEntry, lookAtFolder } from "./audit-folder.ts";
import { lookAtReading } from "./audit-read.ts";
import { type ErrorLogFacts, lookAtErrorLog } from "./error-log.ts";
import { type EventSession, lookAtEventSessions } from "./event-sessions.ts";
import { lookAtSharedDrives } from "./file-path.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { type LockFacts, lookAtLockRole, lookAtLockTrigger, type TriggerState } from "./lock.ts";
import { lookAtPolicyLock, type PolicyLock } from "./policy-lock.ts";
import { lookAtPartnerships, lookAtReplicas, type Replica } from "./replicas.ts";
import { lookAtRights, type RightsFacts, readsByProcedure } from "./rights.ts";
import { type AuditState, auditNamed, lookAtAudits, lookAtStates, type ServerAudit } from "./server-audits.ts";
import { type ClockFacts, lookAtClock } from "./server-clock.ts";
import { lookAtSignedProcedures, type SignedProcedures } from "./signed-procedures.ts";
import {
  type DatabaseFacts,
  lookAtDatabases,
  lookAtServerSpecifications,
  type Specification,
} from "./specifications.ts";

export interface CheckRequest {
  readonly connection: ConnectionOptions;
  /** Names of the server audits that are the stream's. */
  readonly audits: readonly string[];
  /** The other configured instances of the same resource. */
  readonly replicas: readonly ConnectionOptions[];
  /** Where the configuration wants the audits' files; undefined: it does not say. */
  readonly auditDirectory: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One of the stream's audits that writes to files. */
export interface StreamAudit {
  /** The name that it was asked for by, which may differ from its own. */
  readonly role: string;
  readonly audit: ServerAudit;
  readonly state: AuditState | undefined;
  /** What lies in its FILEPATH. */
  readonly folder: Answer<readonly FolderEntry[]>;
  /** undefined: it writes no file now. */
  readonly reading: Answer<number> | undefined;
}

/** All that one look at a server gave; what follows from it is decided without asking anything more. */
export interface ServerFacts {
  readonly instanceId: string;
  readonly instance: InstanceFacts;
  readonly rights: Answer<RightsFacts>;
  readonly procedures: SignedProcedures;
  /** Every audit of the server. */
  readonly audits: Answer<readonly ServerAudit[]>;
  readonly roles: readonly string[];
  readonly states: Answer<ReadonlyMap<string, AuditState>>;
  readonly streamAudits: readonly StreamAudit[];
  /** undefined: the configuration does not say where the files are to be. */
  readonly auditDirectory: AuditDirectory | undefined;
  readonly sharedDrives: Answer<readonly string[]>;
  readonly serverSpecifications: Answer<readonly Specification[]>;
  readonly databases: Answer<readonly DatabaseFacts[]>;
  readonly eventSessions: Answer<ReadonlyMap<string, EventSession>>;
  readonly errorLog: Answer<ErrorLogFacts>;
  readonly partnerships: Answer<readonly string[]>;
  readonly replicas: readonly Replica[];
  readonly lockRole: Answer<LockFacts>;
  readonly lockTrigger: Answer<TriggerState>;
  readonly policyLock: Answer<PolicyLock | undefined>;
  readonly clock: Answer<ClockFacts>;
}

export async function lookAtServer(
  request: CheckRequest,
  inquiry: Inquiry,
  instance: InstanceFacts,
  signal: AbortSignal,
): Promise<ServerFacts> {
  const { clock, logger } = request;
  const audits = await lookAtAudits(inquiry);
  const states = await lookAtStates(inquiry);
  const rights = await lookAtRights(inquiry);
  return {
    instanceId: request.connection.instanceId,
    instance,
    rights,
    procedures: await lookAtSignedProcedures(inquiry, instance),
    audits,
    roles: request.audits,
    states,
    streamAudits: await lookAtStreamAudits(request.audits, audits, states, inquiry, { instance, rights }),
    auditDirectory: await lookAtAuditDirectory(inquiry, request.auditDirectory),
    sharedDrives: await lookAtSharedDrives(inquiry, instance),
    serverSpecifications: await lookAtServerSpecifications(inquiry),
    databases: await lookAtDatabases(inquiry),
    eventSessions: await lookAtEventSessions(inquiry),
    errorLog: await lookAtErrorLog(inquiry),
    partnerships: await lookAtPartnerships(inquiry),
    replicas: await lookAtReplicas(request.replicas, clock, logger, signal),
    lockRole: await lookAtLockRole(inquiry),
    lockTrigger: await lookAtLockTrigger(inquiry),
    policyLock: await lookAtPolicyLock(inquiry),
    clock: await lookAtClock(inquiry, clock),
  };
}

async function lookAtStreamAudits(
  roles: readonly string[],
  audits: ServerFacts["audits"],
  states: ServerFacts["states"],
  inquiry: Inquiry,
  { instance, rights }: Pick<ServerFacts, "instance" | "rights">,
): Promise<readonly StreamAudit[]> {
  const byProcedure = rights.known && readsByProcedure(instance, rights.value);
  const folders = new Map<string, Answer<readonly FolderEntry[]>>();
  const found: StreamAudit[] = [];
  for (const role of roles) {
    const audit = audits.known ? auditNamed(audits.value, role) : undefined;
    if (audit?.target !== "FILE") continue;
    const folder = folders.get(audit.directory) ?? (await lookAtFolder(inquiry, instance, audit.directory));
    folders.set(audit.directory, folder);
    const state = states.known ? states.value.get(audit.name) : undefined;
    found.push({ role, audit, state, folder, reading: await lookAtReading(inquiry, state, byProcedure) });
  }
  return found;
}
