import { type CheckFinding, type Clock, DasError } from "@das/core";
import { Connection } from "../connection.ts";
import type { ConnectionOptions } from "../connection-options.ts";
import { type Answer, answered, Inquiry, notKnown } from "./answer.ts";
import type { Parameters } from "./excluded-columns.ts";
import { about, count, nameSome } from "./finding.ts";
import { type InstanceFacts, lookAtInstance } from "./instance-facts.ts";
import { type DatabaseFacts, lookAtDatabase } from "./standby.ts";

/** Another configured instance of the same resource, or why nothing is known of it. */
export interface Replica {
  readonly instanceId: string;
  readonly facts: Answer<ReplicaFacts>;
}

export type ReplicaFacts = Pick<InstanceFacts, "uniqueName" | "role" | "instanceNumber" | "containerName"> &
  Pick<DatabaseFacts, "dbid" | "name">;

/** All at once: one that is down costs its timeout. */
export function lookAtReplicas(
  replicas: readonly ConnectionOptions[],
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Replica[]> {
  return Promise.all(
    replicas.map(async (options) => ({
      instanceId: options.instanceId,
      facts: await lookAtReplica(options, clock, signal),
    })),
  );
}

async function lookAtReplica(
  options: ConnectionOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer<ReplicaFacts>> {
  try {
    await using connection = await Connection.open(options, clock);
    const inquiry = new Inquiry(connection, signal);
    const instance = await lookAtInstance(inquiry);
    if (!instance.known) return instance;
    const database = await lookAtDatabase(inquiry);
    if (!database.known) return database;
    const { uniqueName, role, instanceNumber, containerName } = instance.value;
    const { dbid, name } = database.value;
    return answered({ uniqueName, role, instanceNumber, containerName, dbid, name });
  } catch (error) {
    if (!(error instanceof DasError)) throw error;
    return notKnown(error.what);
  }
}

const OWN_FILES =
  "What a standby audits lies in files of its host alone, and after a role change another database writes the trail: each needs a publisher";

/** DB_UNIQUE_NAMEs of LOG_ARCHIVE_CONFIG, `DG_CONFIG=(a,b)`, without this one. */
export function partnersOf(parameters: Parameters, uniqueName: string): readonly string[] {
  const list = /DG_CONFIG\s*=\s*\(([^)]*)\)/i.exec(parameters.get("log_archive_config") ?? "")?.[1] ?? "";
  return list
    .split(",")
    .map((name) => name.trim().replaceAll('"', ""))
    .filter((name) => name !== "" && name.toLowerCase() !== uniqueName.toLowerCase());
}

/** Is every database of a Data Guard configuration configured? */
export function judgePartnerships(
  parameters: Answer<Parameters>,
  instance: InstanceFacts,
  replicas: readonly Replica[],
): CheckFinding {
  const { ok, warning } = about("replicas", OWN_FILES);
  const configured = count(replicas.length, "other instance");
  if (!parameters.known) {
    return replicas.length > 0
      ? ok(`the resource has ${configured}`)
      : warning(`whether there are standbys cannot be looked at (${parameters.reason})`);
  }
  const reached = new Set(replicas.flatMap(({ facts }) => (facts.known ? facts.value.uniqueName.toLowerCase() : [])));
  const missing = partnersOf(parameters.value, instance.uniqueName).filter((name) => !reached.has(name.toLowerCase()));
  // One that was not reached may be the one that is missed; that is told of it by itself.
  const unreached = replicas.filter(({ facts }) => !facts.known).length;
  if (missing.length > unreached) {
    return warning(
      `LOG_ARCHIVE_CONFIG names ${nameSome(missing)}, which no configured instance is: nobody publishes the files there`,
      "Name every standby under instances: in the configuration, and run a publisher for each",
    );
  }
  if (replicas.length > 0) return ok(`the resource has ${configured}`);
  return ok("the database stands alone: LOG_ARCHIVE_CONFIG names no other one");
}

/** What was reached, and whether it is another instance of the same database. */
export function judgeReplicas(
  instanceId: string,
  instance: InstanceFacts,
  database: Answer<DatabaseFacts>,
  replicas: readonly Replica[],
): readonly CheckFinding[] {
  return replicas.map((replica) => {
    const { ok, warning, failure } = about(`replica.${replica.instanceId}`, OWN_FILES);
    if (!replica.facts.known) {
      return warning(`instance ${replica.instanceId} was not compared: ${replica.facts.reason}`);
    }
    const other = replica.facts.value;
    const names = `instances ${instanceId} and ${replica.instanceId}`;
    if (database.known && other.dbid !== database.value.dbid) {
      return failure(
        `${names} lead to different databases, ${database.value.name} (${database.value.dbid}) and ${other.name} (${other.dbid})`,
        `Check host and service of instance "${replica.instanceId}": what is no copy of this database is another resource`,
      );
    }
    if (other.containerName !== instance.containerName) {
      return failure(
        `${names} lead to different containers, ${instance.containerName} and ${other.containerName}`,
        `Name the same container's service for instance "${replica.instanceId}"`,
      );
    }
    if (other.uniqueName === instance.uniqueName && other.instanceNumber === instance.instanceNumber) {
      return warning(
        `${names} lead to one and the same instance of ${instance.uniqueName}`,
        `Name its own listener, and a service of its own, as host of instance "${replica.instanceId}"`,
      );
    }
    if (other.role === "PRIMARY" && instance.role === "PRIMARY" && other.uniqueName !== instance.uniqueName) {
      return failure(
        `${instance.uniqueName} and ${other.uniqueName} both say that they are the primary`,
        `Find out which one took over, and shut the other one down: SHUTDOWN IMMEDIATE;`,
      );
    }
    return ok(`instance ${replica.instanceId} is ${other.uniqueName}, a ${other.role.toLowerCase()}`);
  });
}
