import { expect, test } from "vitest";
import { describeText } from "./describe-text.ts";

const DESCRIPTION = {
  ActivityStreamStatus: "started",
  ActivityStreamKinesisStreamName: "aws-rds-das-db-A",
  ActivityStreamKmsKeyId: "alias/das",
  ActivityStreamMode: "async",
  ActivityStreamEngineNativeAuditFieldsIncluded: true,
  ActivityStreamPolicyStatus: "locked",
  generation: 2,
  startedAt: "2026-01-01 00:00:00.0000000+00",
  changedAt: "2026-01-02 00:00:00.0000000+00",
  changedBy: "sa",
  readFrom: new Date("2026-01-01T00:00:00Z"),
  notRead: null,
  drift: [
    { cause: "the audit RDS_DAS_AUDIT is off", startTime: "s", endTime: null },
    { cause: "the trigger\u001b[31m is gone", startTime: "s", endTime: "e" },
  ],
  sources: [
    {
      source: "sqlserver:a:RDS_DAS_AUDIT",
      lastEventTime: "2026-01-02 00:00:01.0000000+00",
      watermark: "1:0:x",
      lagSeconds: 0.4,
      lossWindows: [
        { trail: "sqlserver:a:RDS_DAS_AUDIT", cause: "a file\u001b[31m is gone", startTime: "s", endTime: null },
      ],
    },
  ],
  publishers: [{ instance: "a", lastHeard: new Date("2026-01-02T00:00:02Z") }],
} as const;

test("RDS's words come first, then each source with its losses, then what the databases say", () => {
  const databases = [
    {
      instance: "a",
      policy: "locked",
      protection: ["Database Vault: rules in force"],
      drift: ["the audit RDS_DAS_AUDIT is off"],
      parameters: [{ name: "audit_trail", was: "NONE", is: "DB" }],
    },
    { instance: "b", notSeen: "there is no password" },
  ] as const;
  expect(describeText(DESCRIPTION, databases)).toBe(`\
ActivityStreamStatus                           started
ActivityStreamKinesisStreamName                aws-rds-das-db-A
ActivityStreamKmsKeyId                         alias/das
ActivityStreamMode                             async
ActivityStreamEngineNativeAuditFieldsIncluded  true
ActivityStreamPolicyStatus                     locked
Generation                                     2
StartedAt                                      2026-01-01 00:00:00.0000000+00
LastChange                                     2026-01-02 00:00:00.0000000+00 by sa
ReadFrom                                       2026-01-01T00:00:00.000Z

source sqlserver:a:RDS_DAS_AUDIT
  last event  2026-01-02 00:00:01.0000000+00
  watermark   1:0:x
  lag         0.4 s
  ! loss window from s on: a file\\u001b[31m is gone

publisher a
  last heard  2026-01-02T00:00:02.000Z

policy drift
  ! since s: the audit RDS_DAS_AUDIT is off
  s to e: the trigger\\u001b[31m is gone

database of instance a
  audit policy  locked
  protection    Database Vault: rules in force
  parameter     audit_trail is DB, was NONE
  ! drift       the audit RDS_DAS_AUDIT is off

database of instance b
  not seen      there is no password
`);
});

test("a stream that could not be read says why, and its state all the same", () => {
  const nothing = { readFrom: null, notRead: "the key is disabled", drift: [], sources: [], publishers: [] };
  const text = describeText({ ...DESCRIPTION, ...nothing }, []);
  expect(text).toMatch(/^ActivityStreamStatus +started$/m);
  expect(text).toMatch(/^ReadFrom +–\n\n! the stream was not read: the key is disabled\n$/m);
});
