import { type CheckFinding, type Clock, DasError } from "@das/core";
import { Connection } from "../connection.ts";
import type { ConnectionOptions } from "../connection-options.ts";
import { type Answer, answered, Inquiry } from "./answer.ts";
import { type ContainerTrail, judgeContainerTrail, lookAtContainerTrail, type ServerWide } from "./container-trail.ts";
import { about } from "./finding.ts";
import { lookAtInstance } from "./instance-facts.ts";
import { judgeUnconnected } from "./reach.ts";
import type { ClockFacts } from "./server-clock.ts";
import { lookAtDatabase } from "./standby.ts";
import { isStatement, quoteName } from "./statement.ts";

/** A PDB that is read besides the container of the connection. */
export interface Pluggable {
  readonly service: string;
  readonly options: ConnectionOptions;
  /** Or the error of connecting. */
  readonly trail: Answer<ContainerTrail> | DasError;
}

/** One after the other: each counts and opens files on the same server. */
export async function lookAtPluggables(
  connection: ConnectionOptions,
  services: readonly string[],
  serverClock: Answer<ClockFacts>,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Pluggable[]> {
  const found: Pluggable[] = [];
  for (const service of services) {
    found.push(await lookAtPluggable({ ...connection, service }, serverClock, clock, signal));
  }
  return found;
}

async function lookAtPluggable(
  options: ConnectionOptions,
  serverClock: Answer<ClockFacts>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Pluggable> {
  const { service } = options;
  let connection: Connection;
  try {
    connection = await Connection.open(options, clock);
  } catch (error) {
    if (!(error instanceof DasError)) throw error;
    return { service, options, trail: error };
  }
  await using _ = connection;
  const inquiry = new Inquiry(connection, signal);
  const instance = await lookAtInstance(inquiry);
  if (!instance.known) return { service, options, trail: instance };
  const database = await lookAtDatabase(inquiry);
  const trail = await lookAtContainerTrail(options, inquiry, instance.value, database, serverClock, clock);
  return { service, options, trail: answered(trail) };
}

/** Names of the containers that services lead to. */
export function namesOf(pluggables: readonly Pluggable[]): readonly string[] {
  return pluggables.flatMap(({ trail }) =>
    !(trail instanceof DasError) && trail.known ? [trail.value.instance.containerName] : [],
  );
}

/** The findings of one PDB, which say so: in their id, in words, and in the statement, which is for that container. */
export function judgePluggable({ service, options, trail }: Pluggable, server: ServerWide): readonly CheckFinding[] {
  if (trail instanceof DasError) {
    return judgeUnconnected(options, trail).map((finding) => named(finding, service));
  }
  if (!trail.known) {
    const topic = about("container", "What there is to ask depends on the container");
    return [named(topic.failure(`the service does not say where it leads (${trail.reason})`), service)];
  }
  const name = trail.value.instance.containerName;
  return judgeContainerTrail(trail.value, server).map(({ repair, ...finding }) => ({
    ...named(finding, name),
    ...(repair !== undefined && { repair: isStatement(repair) ? `${enter(name)}\n${repair}` : repair }),
  }));
}

function named(finding: CheckFinding, name: string): CheckFinding {
  return { ...finding, id: `${finding.id}.${name}`, what: `${name}: ${finding.what}` };
}

function enter(container: string): string {
  return `ALTER SESSION SET CONTAINER = ${quoteName(container)};`;
}
