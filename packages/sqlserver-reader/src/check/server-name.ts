import type { CheckFinding } from "@das/core";
import { about } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { quoteText } from "./statement.ts";

/** After a rename of the host the server keeps its old name until somebody registers the new one. */
export function judgeServerName({ serverName, registeredName }: InstanceFacts): CheckFinding {
  const { ok, warning } = about(
    "server-name",
    "Audit rows bear a name of the server: with two names in use, who filters by it misses rows",
  );
  if (serverName.toLowerCase() === registeredName.toLowerCase()) return ok(`the server's one name is ${serverName}`);
  const known = registeredName === "" ? "no name" : `the name ${registeredName}`;
  const drop = registeredName === "" ? "" : `EXEC sp_dropserver ${quoteText(registeredName)};\n`;
  return warning(
    `${serverName} knows itself by ${known} (@@SERVERNAME)`,
    `${drop}EXEC sp_addserver ${quoteText(serverName)}, N'local'; -- in force after a restart`,
  );
}
