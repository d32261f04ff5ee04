import type { CheckFinding } from "@das/core";
import { type Answer, type Inquiry, mapAnswer, notKnown, textOf } from "./answer.ts";
import { about, count, nameSome } from "./finding.ts";
import { type InstanceFacts, ROOT } from "./instance-facts.ts";

/** A container as V$CONTAINERS shows it: from the root all, in a PDB itself. */
export interface ContainerFacts {
  readonly id: number;
  readonly name: string;
  /** READ WRITE, READ ONLY, MOUNTED. */
  readonly openMode: string;
}

const CONTAINERS = "SELECT c.con_id, c.name, c.open_mode FROM sys.v_$containers c ORDER BY c.con_id";

/** From elsewhere than the root there is nothing to see. */
export async function lookAtContainers(
  inquiry: Inquiry,
  { containerId }: InstanceFacts,
): Promise<Answer<readonly ContainerFacts[]>> {
  if (containerId !== ROOT) return notKnown("not asked for but from the root");
  return mapAnswer(await inquiry.ask(CONTAINERS), (rows) =>
    rows.map(([id, name, openMode]) => ({ id: Number(id), name: textOf(name), openMode: textOf(openMode) })),
  );
}

/** PDB$SEED: nobody works in it. */
const SEED = 2;

/**
 * Is every container read that somebody could work in?
 * @param read names of the containers that the configuration leads to
 */
export function judgeContainers(
  containers: Answer<readonly ContainerFacts[]>,
  instance: InstanceFacts,
  read: readonly string[],
): CheckFinding {
  const { ok, warning } = about(
    "containers",
    "Each container has a trail, policies and files of its own: what is done in one that is not read reaches no stream",
  );
  const { containerId, containerName } = instance;
  if (containerId === 0) return ok("the database has no containers");
  if (containerId > ROOT) {
    return ok(`the PDB ${containerName} is read; the root and other PDBs are other resources, or not read`);
  }
  if (!containers.known) return warning(`the PDBs of the root cannot be looked at (${containers.reason})`);
  const pluggables = containers.value.filter(({ id }) => id > SEED);
  const unread = pluggables.filter(({ name }) => !read.includes(name));
  const open = unread.filter(({ openMode }) => openMode.startsWith("READ"));
  const list = [...read.filter((name) => name !== containerName), ...open.map(({ name }) => name)];
  if (open.length > 0) {
    return warning(
      `the root is read, but not ${count(open.length, "open PDB")}: ${nameSome(open.map(({ name }) => name))}`,
      `In the configuration, of this instance; each by its own service, never the root's view of all:\n  containers: [${list.map((name) => name.toLowerCase()).join(", ")}]`,
    );
  }
  const closed =
    unread.length > 0 ? `, but for those that are closed: ${nameSome(unread.map(({ name }) => name))}` : "";
  return ok(`the root and ${count(pluggables.length - unread.length, "PDB")} are read${closed}`);
}
