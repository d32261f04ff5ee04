import type { CheckFinding } from "@das/core";
import { about } from "./finding.ts";

/** Always a warning: whether it is set stands in a file of the server, which SQL cannot read (Oracle notes §3.3). */
export function judgeKeepalive(): CheckFinding {
  const { warning } = about(
    "keepalive",
    "The lock of a publisher whose host or link died is held until the server notices, and nobody overrules it: without probes that takes hours",
  );
  return warning(
    "whether the server probes for dead clients (SQLNET.EXPIRE_TIME) cannot be seen from SQL: see for yourself",
    [
      "# in $ORACLE_HOME/network/admin/sqlnet.ora of the server",
      "# minutes, 1 to 5; in force for new connections",
      "SQLNET.EXPIRE_TIME = 1",
    ].join("\n"),
  );
}
