import { type CheckFinding, type Clock, DasError, type Logger } from "@das/core";
import { Connection } from "../connection.ts";
import type { ConnectionOptions } from "../connection-options.ts";
import { textOf } from "../instance.ts";
import { type Answer, answered, Inquiry, mapAnswer, notKnown } from "./answer.ts";
import { about, count, nameSome } from "./finding.ts";
import { type InstanceFacts, lookAtInstance } from "./instance-facts.ts";
import { auditNamed, lookAtAudits, type ServerAudit } from "./server-audits.ts";
import { changeAudit, createAudit, quoteName, quoteText } from "./statement.ts";

/** Another configured instance of the same resource, or why nothing is known of it. */
export interface Replica {
  readonly instanceId: string;
  readonly facts: Answer<{ readonly serverName: string; readonly audits: readonly ServerAudit[] }>;
}

/** All at once: one that is down costs its timeout. */
export function lookAtReplicas(
  replicas: readonly ConnectionOptions[],
  clock: Clock,
  logger: Logger,
  signal: AbortSignal,
): Promise<readonly Replica[]> {
  return Promise.all(
    replicas.map(async (options) => ({
      instanceId: options.instanceId,
      facts: await lookAtReplica(options, clock, logger, signal),
    })),
  );
}

async function lookAtReplica(
  options: ConnectionOptions,
  clock: Clock,
  logger: Logger,
  signal: AbortSignal,
): Promise<Replica["facts"]> {
  try {
    await using connection = await Connection.open(options, clock, logger);
    const inquiry = new Inquiry(connection, signal);
    const instance = await lookAtInstance(inquiry);
    if (!instance.known) return instance;
    return mapAnswer(await lookAtAudits(inquiry), (audits) => ({ serverName: instance.value.serverName, audits }));
  } catch (error) {
    if (!(error instanceof DasError)) throw error;
    return notKnown(error.what);
  }
}

/** The GUID that an audit has on another instance, for one that is to be created here. */
export function guidElsewhere(name: string, replicas: readonly Replica[]): string | undefined {
  for (const { facts } of replicas) {
    const audit = facts.known ? auditNamed(facts.value.audits, name) : undefined;
    if (audit) return audit.guid;
  }
  return undefined;
}

const SAME_GUID =
  "Database specifications travel with their database and find their audit by AUDIT_GUID: where no audit has it, nothing is audited after a failover, without a word";

/** What makes other instances of the resource likely: availability groups and mirrored databases, by name. */
export async function lookAtPartnerships(inquiry: Inquiry): Promise<Answer<readonly string[]>> {
  const groups = await inquiry.ask("SELECT name FROM sys.availability_groups ORDER BY name");
  const mirrors = await inquiry.ask(
    "SELECT DB_NAME(database_id) AS name FROM sys.database_mirroring WHERE mirroring_guid IS NOT NULL ORDER BY database_id",
  );
  if (!groups.known) return groups;
  if (!mirrors.known) return mirrors;
  return answered([
    ...groups.value.map(([name]) => `availability group ${textOf(name)}`),
    ...mirrors.value.map(([name]) => `mirrored database ${textOf(name)}`),
  ]);
}

/** Is there anything to compare this instance with, and should there be? */
export function judgePartnerships(partnerships: Answer<readonly string[]>, replicas: readonly Replica[]): CheckFinding {
  const { ok, warning } = about("replicas", SAME_GUID);
  if (replicas.length > 0) return ok(`the resource has ${count(replicas.length, "other instance")}`);
  if (!partnerships.known) return warning(`availability groups cannot be looked at (${partnerships.reason})`);
  if (partnerships.value.length === 0) return ok("the instance stands alone: nothing to compare its audits with");
  return warning(
    `${nameSome(partnerships.value)}: the audits were not compared with those of another instance`,
    "Name every replica under instances: in the configuration, and have its secret at hand",
  );
}

/** What was reached, and, of each audit, whether it is the same one everywhere. */
export function judgeReplicas(
  instanceId: string,
  instance: InstanceFacts,
  streamAudits: readonly { readonly role: string; readonly audit: ServerAudit }[],
  replicas: readonly Replica[],
): readonly CheckFinding[] {
  return replicas.flatMap((replica) => {
    const { ok, warning } = about(`replica.${replica.instanceId}`, SAME_GUID);
    if (!replica.facts.known) {
      return [warning(`instance ${replica.instanceId} was not compared: ${replica.facts.reason}`)];
    }
    const { serverName, audits } = replica.facts.value;
    if (serverName.toLowerCase() === instance.serverName.toLowerCase()) {
      return [
        warning(
          `instances ${instanceId} and ${replica.instanceId} lead to one and the same server, ${instance.serverName}`,
          "Give each instance its own host and port, never a listener",
        ),
      ];
    }
    const here = { instanceId, serverName: instance.serverName };
    const there = { instanceId: replica.instanceId, serverName };
    return [
      ok(`instance ${replica.instanceId} (${serverName}) was compared`),
      ...streamAudits.flatMap(({ role, audit }) => compareAudit(here, there, audit, auditNamed(audits, role))),
    ];
  });
}

interface Place {
  readonly instanceId: string;
  readonly serverName: string;
}

function compareAudit(here: Place, there: Place, audit: ServerAudit, other: ServerAudit | undefined): CheckFinding[] {
  const { ok, failure } = about(`audit-guid.${audit.name}.${there.instanceId}`, SAME_GUID);
  const places = `on ${here.instanceId} (${here.serverName}) and ${there.instanceId} (${there.serverName})`;
  if (!other) {
    const create = recreate(there, audit, undefined);
    return [failure(`${audit.name} is not to be found on ${there.instanceId} (${there.serverName})`, create)];
  }
  if (audit.guid !== other.guid) {
    return [
      failure(
        `${audit.name} differs ${places}: AUDIT_GUID ${audit.guid} and ${other.guid}`,
        recreate(there, audit, other),
      ),
    ];
  }
  const same = ok(`${audit.name} has the same AUDIT_GUID ${places}`);
  return isShare(audit.directory) ? [same, judgeShare(here, there, audit, other)] : [same];
}

/** An AUDIT_GUID cannot be changed, so the audit is made anew: on the instance that holds no primary, if there is one. */
function recreate(there: Place, audit: ServerAudit, other: ServerAudit | undefined): string {
  const name = quoteName(audit.name);
  const plan = createAudit({
    name: audit.name,
    directory: other?.directory ?? audit.directory,
    maxSize: other?.maxSize ?? audit.maxSize ?? 50,
    maxRolloverFiles: other?.maxRolloverFiles ?? audit.maxRolloverFiles ?? 200,
    guid: audit.guid,
    predicate: (other?.predicate ?? audit.predicate) || undefined,
  });
  return [
    `USE master; -- on ${there.serverName}; then attach its server specification again (FOR SERVER AUDIT)`,
    ...(other ? [`ALTER SERVER AUDIT ${name} WITH (STATE = OFF);`, `DROP SERVER AUDIT ${name};`] : []),
    plan,
    `ALTER SERVER AUDIT ${name} WITH (STATE = ON);`,
  ].join("\n");
}

function judgeShare(here: Place, there: Place, audit: ServerAudit, other: ServerAudit): CheckFinding {
  const { ok, failure } = about(
    `shared-folder.${audit.name}.${there.instanceId}`,
    "Sets of equal name and GUID in one folder cannot be told apart: each publisher reads the other's files too",
  );
  const canonical = ({ directory }: ServerAudit) => directory.toLowerCase().replace(/\\*$/, "");
  if (canonical(audit) !== canonical(other)) return ok(`${audit.name} has a folder of its own on each instance`);
  return failure(
    `${audit.name} writes to one folder on ${here.instanceId} and ${there.instanceId}: ${audit.directory}`,
    `-- on each instance, a sub-folder of its own:\n${moveTo(audit, here)}`,
  );
}

function moveTo(audit: ServerAudit, { instanceId }: Place): string {
  const folder = `${audit.directory.replace(/\\*$/, "")}\\${instanceId}\\`;
  return changeAudit(audit.name, `TO FILE (FILEPATH = ${quoteText(folder)})`);
}

function isShare(directory: string): boolean {
  return directory.startsWith("\\\\");
}
