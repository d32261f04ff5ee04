import { RefusedError, UnavailableError } from "@das/core";
import { describe, expect, test } from "vitest";
import { INSTANCE } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { judgeConnected, judgeUnconnected } from "./reach.ts";
import { judgeServerName } from "./server-name.ts";
import { judgeTls } from "./tls.ts";
import { judgeEdition, judgeVersion } from "./version.ts";

const CONNECTION = { instanceId: "a", host: "db01", user: "rds_das_reader", password: "secret" };

describe("connecting", () => {
  const parts = { who: "sqlserver-reader", what: "it failed", remedy: "Try this" };

  test.each([
    ["login-refused", ["ok", "failure"], "sqlserver.login"],
    ["certificate-refused", ["ok", "failure"], "sqlserver.tls"],
    ["tls-refused", ["ok", "failure"], "sqlserver.tls"],
  ])("%s is told as the step that failed", (code, statuses, id) => {
    const findings = judgeUnconnected(CONNECTION, new RefusedError({ ...parts, code }));
    expect(findings.map(({ status }) => status)).toEqual(statuses);
    expect(findings.at(-1)).toMatchObject({ id, what: "it failed", repair: "Try this" });
  });

  test("to nobody is one failure, success two findings, and anything else an error", () => {
    const silent = new UnavailableError({ ...parts, code: "database-unavailable" });
    expect(judgeUnconnected(CONNECTION, silent)).toMatchObject([{ id: "sqlserver.reach", status: "failure" }]);
    expect(judgeConnected(CONNECTION)).toMatchObject([
      { id: "sqlserver.reach", status: "ok", what: "db01:1433 answers" },
      { id: "sqlserver.login", status: "ok" },
    ]);
    expect(() => judgeUnconnected(CONNECTION, new TypeError("a fault"))).toThrow(TypeError);
  });
});

test.each([
  [{}, true, "ok", "TLS inside TDS 7.4"],
  [{ tls: "strict" }, true, "ok", "TDS 8"],
  [{ trustServerCertificate: true }, true, "warning", "any certificate"],
  [{}, false, "failure", "not encrypted"],
  [{ tls: "off" }, false, "failure", "plain text"],
  [{ tls: "off", host: "127.0.0.1" }, false, "warning", "do not leave this machine"],
] as const)("TLS with %o, encrypted %s, is %s", (change, encrypted, status, what) => {
  const finding = judgeTls({ ...CONNECTION, ...change }, answered(encrypted));
  expect(finding).toMatchObject({ id: "sqlserver.tls", status, what: expect.stringContaining(what) });
});

test("TLS is judged by the reader's own settings when the server may not be asked", () => {
  const refused = { known: false, reason: "error 300", refused: true } as const;
  expect(judgeTls(CONNECTION, refused)).toMatchObject({ status: "ok" });
});

test.each([
  [{}, "ok", "SQL Server 16.0.4105.2 on Windows"],
  [{ platform: "Linux" }, "ok", "on Linux"],
  [{ productVersion: "12.0.6024.0", majorVersion: 12 }, "failure", "too old"],
  [{ engineEdition: 5 }, "failure", "Azure SQL Database"],
  [{ engineEdition: 8 }, "failure", "Azure SQL Managed Instance"],
] as const)("a server with %o is %s", (change, status, what) => {
  expect(judgeVersion({ ...INSTANCE, ...change })).toMatchObject({ status, what: expect.stringContaining(what) });
});

test.each([
  ["13.0.1601.5", 2, "warning"],
  ["13.0.1601.5", 3, "ok"],
  ["13.0.4001.0", 2, "ok"],
  ["13.0.6300.2", 4, "ok"],
  ["16.0.1000.6", 2, "ok"],
])("version %s of edition %i has database audit specifications: %s", (productVersion, engineEdition, status) => {
  expect(judgeEdition({ ...INSTANCE, productVersion, engineEdition })).toMatchObject({ status });
});

test("a server that was renamed is told how to learn its name", () => {
  expect(judgeServerName({ ...INSTANCE, serverName: "db01" })).toMatchObject({ status: "ok" });
  expect(judgeServerName({ ...INSTANCE, registeredName: "OLD'01" })).toMatchObject({
    status: "warning",
    repair: "EXEC sp_dropserver N'OLD''01';\nEXEC sp_addserver N'DB01', N'local'; -- in force after a restart",
  });
  expect(judgeServerName({ ...INSTANCE, registeredName: "" }).repair).not.toContain("dropserver");
});
