import type { CheckFinding } from "@das/core";
import { textOf } from "../instance.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";
import { isRoot } from "./audit-folder.ts";
import { about } from "./finding.ts";
import { type InstanceFacts, stateRight } from "./instance-facts.ts";
import type { ServerAudit } from "./server-audits.ts";
import { changeAudit, grant, quoteText } from "./statement.ts";

/** Not verified as the answer to this question (SQL Server notes §§5, 10). */
const SHARED_DRIVES = "SELECT DriveName FROM sys.dm_io_cluster_shared_drives";

/** Letters of the drives that move with a failover cluster instance, upper case; not asked of any other instance. */
export async function lookAtSharedDrives(
  inquiry: Inquiry,
  instance: InstanceFacts,
): Promise<Answer<readonly string[]>> {
  if (!instance.isClustered || instance.platform === "Linux") return { known: true, value: [] };
  return mapAnswer(await inquiry.ask(SHARED_DRIVES), (rows) => rows.map(([name]) => textOf(name).trim().toUpperCase()));
}

export function judgeFilePath(
  { name, directory }: ServerAudit,
  instance: InstanceFacts,
  sharedDrives: Answer<readonly string[]>,
): CheckFinding {
  const { ok, warning } = about(
    `file-path.${name}`,
    "The reader lists the folder, and a listing walks everything below it",
  );
  const finding = instance.isClustered ? judgeClusterPath(name, directory, instance, sharedDrives) : undefined;
  if (finding && finding.status !== "ok") return finding;
  if (isRoot(directory)) {
    const separator = directory.includes("/") ? "/" : "\\";
    const folder = `${directory.replace(/[\\/]$/, "")}${separator}das${separator}`;
    return warning(
      `FILEPATH of ${name} is ${directory}, the root of everything`,
      `-- the folder must exist; the service account writes to it\n${changeAudit(name, `TO FILE (FILEPATH = ${quoteText(folder)})`)}`,
    );
  }
  return finding ?? ok(`FILEPATH of ${name} is ${directory}`);
}

/** A failover cluster instance takes its drives along, not what lies on a node's own disk. */
function judgeClusterPath(
  name: string,
  directory: string,
  instance: InstanceFacts,
  sharedDrives: Answer<readonly string[]>,
): CheckFinding {
  const { ok, warning, failure } = about(
    `file-path.${name}`,
    "This is a failover cluster instance: files on a node's own disk stay on it, and are lost to the stream until it is back",
  );
  if (directory.startsWith("\\\\")) return ok(`FILEPATH of ${name} is the share ${directory}`);
  if (instance.platform === "Linux") {
    return warning(
      `whether ${directory}, FILEPATH of ${name}, is on storage that all nodes share cannot be told on Linux`,
      "Look at the cluster's resources (pcs resource config) for the file system that holds it",
    );
  }
  if (/^[a-z]:\\ClusterStorage\\/i.test(directory)) return ok(`FILEPATH of ${name} is on a cluster shared volume`);
  if (!sharedDrives.known) {
    return warning(
      `whether ${directory}, FILEPATH of ${name}, is on a shared drive cannot be looked at (${sharedDrives.reason})`,
      sharedDrives.refused ? grant(stateRight(instance, "PERFORMANCE"), instance.login) : undefined,
    );
  }
  const drives = sharedDrives.value;
  if (drives.includes(directory.slice(0, 1).toUpperCase()))
    return ok(`FILEPATH of ${name} is ${directory}, on a shared drive`);
  const [drive] = drives;
  const place =
    drive === undefined ? "the cluster shows none" : `shared are ${drives.map((each) => `${each}:`).join(", ")}`;
  return failure(
    `FILEPATH of ${name} is ${directory}, not on a shared drive (${place})`,
    drive === undefined
      ? "Add a clustered disk to the instance's group, then move FILEPATH to it"
      : `-- the folder must exist; the service account writes to it\n${changeAudit(name, `TO FILE (FILEPATH = ${quoteText(`${drive}:\\das\\`)})`)}`,
  );
}
