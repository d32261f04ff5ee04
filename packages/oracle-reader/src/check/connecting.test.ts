import { RefusedError, UnavailableError } from "@das/core";
import { describe, expect, test } from "vitest";
import { CONNECTION, INSTANCE } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { judgeConnected, judgeUnconnected } from "./reach.ts";
import { judgeClock } from "./server-clock.ts";
import { judgeTls } from "./tls.ts";
import { judgeUnifiedAuditing } from "./unified-auditing.ts";
import { judgeEdition, judgeVersion } from "./version.ts";

describe("connecting", () => {
  const parts = { who: "oracle-reader", what: "it failed", remedy: "Try this" };
  const refused = (code: string, errorNum?: number) =>
    judgeUnconnected(CONNECTION, new RefusedError({ ...parts, code, cause: { errorNum } }));

  test.each([
    ["login-refused", 1017, ["oracle.reach", "oracle.login"], "Try this"],
    ["login-refused", 28000, ["oracle.reach", "oracle.login"], "ALTER USER DAS_READER ACCOUNT UNLOCK;"],
    ["login-refused", 28001, ["oracle.reach", "oracle.login"], 'ALTER USER DAS_READER IDENTIFIED BY "<new password>";'],
    ["right-missing", 1045, ["oracle.reach", "oracle.login"], "GRANT CREATE SESSION TO DAS_READER;"],
    ["certificate-refused", undefined, ["oracle.reach", "oracle.tls"], "Try this"],
    ["tls-refused", undefined, ["oracle.reach", "oracle.tls"], "Try this"],
    ["session-refused", undefined, ["oracle.reach", "oracle.login", "oracle.session"], "Try this"],
  ] as const)("%s (%s) is told as the step that failed", (code, number, ids, repair) => {
    const findings = refused(code, number);
    expect(findings.map(({ id }) => id)).toEqual(ids);
    expect(findings.at(-1)).toMatchObject({ status: "failure", what: "it failed", repair });
    expect(findings.slice(0, -1).every(({ status }) => status === "ok")).toBe(true);
  });

  test("to nobody is one failure, success three findings, and anything else an error", () => {
    for (const code of ["database-unavailable", "service-unknown"]) {
      const nobody = new UnavailableError({ ...parts, code });
      expect(judgeUnconnected(CONNECTION, nobody)).toMatchObject([
        { id: "oracle.reach", status: "failure", what: "it failed", repair: "Try this" },
      ]);
    }
    expect(judgeConnected(CONNECTION)).toMatchObject([
      { id: "oracle.reach", status: "ok", what: "db01:1521 answers, and knows the service sales" },
      { id: "oracle.login", status: "ok" },
      { id: "oracle.session", status: "ok" },
    ]);
    expect(() => judgeUnconnected(CONNECTION, new TypeError("a fault"))).toThrow(TypeError);
  });

  test("to a standby that is mounted says what would open it", () => {
    const cause = { errorNum: 1033 };
    const mounted = new UnavailableError({ ...parts, code: "database-unavailable", cause });
    expect(judgeUnconnected(CONNECTION, mounted)[0]?.repair).toContain("\nALTER DATABASE OPEN READ ONLY;");
  });

  test("names a user that was quoted as it is", () => {
    const error = new RefusedError({ ...parts, code: "right-missing" });
    const [, finding] = judgeUnconnected({ ...CONNECTION, user: '"das reader"' }, error);
    expect(finding?.repair).toBe('GRANT CREATE SESSION TO "das reader";');
  });
});

test.each([
  [{}, "tcps", "ok", "is for db01"],
  [{ walletLocation: "/wallet" }, "tcps", "ok", "with the wallet in /wallet"],
  [{ certificateName: "CN=db1" }, "tcps", "ok", "bears the name CN=db1"],
  [{}, "", "ok", "TCPS"],
  [{}, "tcp", "failure", "not encrypted"],
  [{ checkCertificateName: false }, "tcps", "warning", "any name"],
  [{ tls: "off" }, "tcp", "failure", "plain text"],
  [{ tls: "off", host: "127.0.0.1" }, "tcp", "warning", "do not leave this machine"],
] as const)("TLS with %o over %s is %s", (change, protocol, status, what) => {
  const finding = judgeTls({ ...CONNECTION, ...change }, { protocol });
  expect(finding).toMatchObject({ id: "oracle.tls", status, what: expect.stringContaining(what) });
  expect(finding.repair === undefined).toBe(status === "ok");
});

test.each([
  ["19.21.0.0.0", "ok"],
  ["12.2.0.1.0", "ok"],
  ["23.26.0.0.0", "ok"],
  ["12.1.0.2.0", "failure"],
  ["11.2.0.4.0", "failure"],
])("version %s is %s", (version, status) => {
  expect(judgeVersion({ ...INSTANCE, version })).toMatchObject({ status });
});

test("the edition is for information", () => {
  expect(judgeEdition(INSTANCE)).toMatchObject({ status: "ok", what: "Enterprise Edition" });
  const refused = { known: false, reason: "ORA-00942", refused: true } as const;
  expect(judgeEdition({ ...INSTANCE, edition: refused })).toMatchObject({ status: "warning" });
});

test.each([
  ["pure", 19, "ok"],
  ["mixed", 19, "warning"],
  ["mixed", 23, "failure"],
] as const)("auditing that is %s in release %i is %s", (mode, release, status) => {
  const finding = judgeUnifiedAuditing(answered(mode), { ...INSTANCE, release });
  expect(finding).toMatchObject({ id: "oracle.unified-auditing", status });
  if (status !== "ok") expect(finding.repair).toContain("uniaud_on");
});

test("clocks may differ by seconds, and the answer's own delay", () => {
  const judge = (server: number, roundTrip = 0) => judgeClock(answered({ server, host: 0, roundTrip }));
  expect(judge(5_000)).toMatchObject({ status: "ok" });
  expect(judge(6_000, 2_000)).toMatchObject({ status: "ok" });
  expect(judge(6_001, 2_000)).toMatchObject({ status: "warning", what: expect.stringContaining("6.0 s ahead of") });
  expect(judge(-90_000).what).toContain("90.0 s behind");
});
