import { describe, expect, test } from "vitest";
import { AUDIT, CHANGES, INSTANCE, OTHER_GUID } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { judgeCoverage, judgeDatabaseSpecifications, judgeDatabases } from "./database-specifications.ts";
import { judgeServerSpecification } from "./server-specification.ts";
import type { DatabaseFacts, Specification } from "./specifications.ts";

const SERVER: Specification = {
  name: "RDS_DAS_SERVER_AUDIT_SPEC",
  auditGuid: AUDIT.guid,
  enabled: true,
  actions: ["FAILED_LOGIN_GROUP"],
};
const WATCHING: Specification = {
  name: "RDS_DAS_CHANGES_AUDIT_SPEC",
  auditGuid: CHANGES.guid,
  enabled: true,
  actions: ["AUDIT_CHANGE_GROUP"],
};
const SALES: Specification = {
  name: "RDS_DAS_DB_sales",
  auditGuid: AUDIT.guid,
  enabled: true,
  actions: ["SELECT", "UPDATE"],
};
const refused = { known: false, reason: "error 300", refused: true } as const;
const database = (name: string, ...specifications: Specification[]): DatabaseFacts => ({
  name,
  isIdle: false,
  specifications: answered(specifications),
});

describe("a server specification", () => {
  const judge = (...specifications: Specification[]) =>
    judgeServerSpecification("RDS_DAS_AUDIT", AUDIT, answered(specifications));
  const judgeChanges = (...specifications: Specification[]) =>
    judgeServerSpecification("RDS_DAS_AUDIT_CHANGES", CHANGES, answered(specifications));

  test("is well when it is attached and on, whatever its name", () => {
    expect(judge(WATCHING, SERVER)).toMatchObject({
      id: "sqlserver.server-specification.RDS_DAS_AUDIT",
      status: "ok",
      what: "RDS_DAS_SERVER_AUDIT_SPEC is on: FAILED_LOGIN_GROUP",
    });
    expect(judge({ ...SERVER, name: "ours", actions: [] })).toMatchObject({
      status: "ok",
      what: "ours is on: nothing",
    });
    expect(judgeChanges(WATCHING, SERVER)).toMatchObject({ status: "ok" });
  });

  test("that is missing is created with the group that each audit is there for", () => {
    expect(judge(WATCHING)).toMatchObject({ status: "failure" });
    expect(judge(WATCHING).repair).toContain("ADD (FAILED_LOGIN_GROUP) WITH (STATE = ON);");
    expect(judgeChanges(SERVER).repair).toContain(
      "CREATE SERVER AUDIT SPECIFICATION [RDS_DAS_CHANGES_AUDIT_SPEC]\n  FOR SERVER AUDIT [RDS_DAS_AUDIT_CHANGES]\n  ADD (AUDIT_CHANGE_GROUP) WITH (STATE = ON);",
    );
  });

  test("that is attached elsewhere is attached here", () => {
    expect(judge({ ...SERVER, auditGuid: OTHER_GUID })).toMatchObject({
      status: "failure",
      repair:
        "ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = OFF);\nALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC]\n  FOR SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);",
    });
  });

  test("that is off is a failure, and so is one of the changes that records none", () => {
    expect(judge({ ...SERVER, enabled: false })).toMatchObject({
      status: "failure",
      repair: "ALTER SERVER AUDIT SPECIFICATION [RDS_DAS_SERVER_AUDIT_SPEC] WITH (STATE = ON);",
    });
    expect(judgeChanges({ ...WATCHING, actions: ["LOGOUT_GROUP"] })).toMatchObject({
      status: "failure",
      repair: expect.stringContaining("ADD (AUDIT_CHANGE_GROUP) WITH (STATE = ON);"),
    });
    expect(judgeServerSpecification("RDS_DAS_AUDIT", AUDIT, refused)).toMatchObject({ status: "warning" });
  });
});

describe("a database specification", () => {
  const judge = (specification: Specification, name = "Sales") =>
    judgeDatabaseSpecifications(
      answered([database(name, specification)]),
      AUDIT,
      [AUDIT, CHANGES],
      [AUDIT, CHANGES, { ...AUDIT, name: "OTHER", guid: OTHER_GUID }],
    );

  test("is well when it is attached and on", () => {
    expect(judge(SALES)).toMatchObject([
      {
        id: "sqlserver.database-specification.Sales.RDS_DAS_DB_sales",
        status: "ok",
        what: "RDS_DAS_DB_sales of database Sales is on: SELECT, UPDATE",
      },
    ]);
    expect(judge({ ...SALES, name: "by_another_name" })).toMatchObject([{ status: "ok" }]);
  });

  test("that is off records nothing", () => {
    const [finding] = judge({ ...SALES, enabled: false }, "Sa]les");
    expect(finding).toMatchObject({ status: "warning" });
    expect(finding?.repair).toBe(
      "USE [Sa]]les]; -- in an availability group on the primary\nALTER DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_sales] WITH (STATE = ON);",
    );
  });

  test("whose audit nobody has is a failure, whose audit is another one a warning", () => {
    const lost = judge({ ...SALES, auditGuid: "99999999-2222-3333-4444-555555555555" });
    expect(lost).toMatchObject([{ status: "failure", what: expect.stringContaining("which no audit here has") }]);
    expect(lost[0]?.repair).toContain("FOR SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);");
    expect(judge({ ...SALES, auditGuid: OTHER_GUID })).toMatchObject([
      { status: "warning", what: expect.stringContaining("attached to the audit OTHER") },
    ]);
  });

  test("of somebody else is none of ours", () => {
    expect(judge({ ...SALES, name: "theirs", auditGuid: OTHER_GUID })).toEqual([]);
    expect(judgeDatabaseSpecifications(refused, AUDIT, [], [])).toEqual([]);
  });
});

describe("the databases", () => {
  test("that cannot be looked into are named, with the right if that is what is missing", () => {
    const idle: DatabaseFacts = {
      name: "Archive",
      isIdle: true,
      specifications: { known: false, reason: "offline", refused: false },
    };
    const secret: DatabaseFacts = {
      name: "Secret",
      isIdle: false,
      specifications: { known: false, reason: "no access", refused: true },
    };
    expect(judgeDatabases(answered([database("Sales")]), INSTANCE)).toMatchObject({
      status: "ok",
      what: "all 1 database could be looked into",
    });
    expect(judgeDatabases(answered([database("Sales"), idle]), INSTANCE)).toMatchObject({
      status: "ok",
      what: expect.stringContaining("but for those that nobody can work in: Archive (offline)"),
    });
    expect(judgeDatabases(answered([secret, idle]), INSTANCE)).toMatchObject({
      status: "warning",
      what: "1 database could not be looked into: Secret (no access)",
      repair: "USE master; GRANT CONNECT ANY DATABASE TO [rds_das_reader];",
    });
    expect(judgeDatabases(refused, INSTANCE)).toMatchObject({ status: "warning" });
  });
});

describe("what is audited", () => {
  const databases = answered([database("master"), database("Sales", SALES)]);

  test("is well when it is more than failed logins", () => {
    expect(judgeCoverage(AUDIT, answered([SERVER]), databases)).toMatchObject([
      {
        id: "sqlserver.coverage.RDS_DAS_AUDIT",
        status: "ok",
        what: "RDS_DAS_AUDIT records SELECT, UPDATE (1 database with a specification)",
      },
    ]);
    const logouts = answered([{ ...SERVER, actions: ["FAILED_LOGIN_GROUP", "LOGOUT_GROUP"] }]);
    expect(judgeCoverage(AUDIT, logouts, answered([]))).toMatchObject([{ status: "ok" }]);
  });

  test("is a warning when it is failed logins at most, with an example that can be run", () => {
    const off = answered([database("master"), database("Sales", { ...SALES, enabled: false })]);
    const [finding] = judgeCoverage(AUDIT, answered([SERVER]), off);
    expect(finding).toMatchObject({ status: "warning" });
    expect(finding?.repair).toContain("CREATE DATABASE AUDIT SPECIFICATION [RDS_DAS_DB_Sales]");
    const [nowhere] = judgeCoverage(AUDIT, answered([]), answered([database("master")]));
    expect(nowhere).not.toHaveProperty("repair");
    expect(judgeCoverage(AUDIT, refused, off)).toEqual([]);
  });
});
