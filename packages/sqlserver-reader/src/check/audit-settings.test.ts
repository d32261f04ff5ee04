import { expect, test } from "vitest";
import { AUDIT } from "../../test/check-samples.ts";
import { judgeFileLimits, judgeOnFailure, judgeQueueDelay, judgeReservation } from "./audit-settings.ts";
import type { ServerAudit } from "./server-audits.ts";

const JUDGEMENTS = [judgeQueueDelay, judgeOnFailure, judgeFileLimits, judgeReservation];

test.each<readonly [string, Partial<ServerAudit>, string, string, string]>([
  ["queue-delay", { queueDelay: 0 }, "warning", "statements wait for the audit", "WITH (QUEUE_DELAY = 1000)"],
  ["queue-delay", { queueDelay: 5000 }, "warning", "is 5000 ms", "WITH (QUEUE_DELAY = 1000)"],
  ["on-failure", { onFailure: "SHUTDOWN" }, "warning", "the server stops", "WITH (ON_FAILURE = CONTINUE)"],
  ["on-failure", { onFailure: "FAIL_OPERATION" }, "warning", "statements fail", "WITH (ON_FAILURE = CONTINUE)"],
  ["file-limits", { maxFiles: 300, maxRolloverFiles: 0 }, "failure", "MAX_FILES", "TO FILE (MAX_ROLLOVER_FILES = 300)"],
  ["file-limits", { maxSize: undefined }, "warning", "MAXSIZE of RDS_DAS_AUDIT is UNLIMITED", "MAXSIZE = 50 MB"],
  [
    "file-limits",
    { maxRolloverFiles: undefined },
    "warning",
    "MAX_ROLLOVER_FILES of RDS_DAS_AUDIT is UNLIMITED",
    "MAX_ROLLOVER_FILES = 200",
  ],
  [
    "reserve-disk-space",
    { reservesDiskSpace: true },
    "warning",
    "RESERVE_DISK_SPACE",
    "TO FILE (RESERVE_DISK_SPACE = OFF)",
  ],
])("%s of an audit with %o is a %s", (id, change, status, what, repair) => {
  const findings = JUDGEMENTS.map((judge) => judge({ ...AUDIT, ...change }));
  const bad = findings.filter((finding) => finding.status !== "ok");
  expect(bad).toHaveLength(1);
  expect(bad[0]).toMatchObject({ id: `sqlserver.${id}.RDS_DAS_AUDIT`, status });
  expect(bad[0]?.what).toContain(what);
  expect(bad[0]?.repair).toContain(repair);
  // The audit has to be off for it, and the repair says what that costs.
  expect(bad[0]?.repair).toMatch(/^-- .*loss window.*\n.*STATE = OFF\);\n[^;]*;\n.*STATE = ON\);$/);
});

test("the settings of an audit as it is provisioned are well", () => {
  expect(JUDGEMENTS.map((judge) => judge(AUDIT).status)).toEqual(["ok", "ok", "ok", "ok"]);
});
