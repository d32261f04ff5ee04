import { describe, expect, test } from "vitest";
import { AUDIT, CHANGES, INSTANCE, INSTANCE_2016, OTHER_GUID, STARTED } from "../../test/check-samples.ts";
import { answered } from "./answer.ts";
import { judgeAudit, judgeAuditOn } from "./audit-on.ts";
import { judgeReading } from "./audit-read.ts";

const surroundings = { guidElsewhere: undefined, maySeeDefinitions: true };
const refused = { known: false, reason: "error 300", refused: true } as const;

describe("an audit", () => {
  test("that writes to files is well, also under the name that one page of AWS has for it", () => {
    const present = judgeAudit("RDS_DAS_AUDIT", answered([AUDIT]), INSTANCE, surroundings);
    expect(present).toMatchObject({ id: "sqlserver.audit.RDS_DAS_AUDIT", status: "ok" });
    const alias = answered([AUDIT, { ...CHANGES, name: "RDS_DAS_CHANGES" }]);
    expect(judgeAudit("RDS_DAS_AUDIT_CHANGES", alias, INSTANCE, surroundings)).toMatchObject({
      status: "ok",
      what: expect.stringContaining("RDS_DAS_CHANGES stands for"),
    });
    expect(judgeAudit("RDS_DAS_AUDIT", alias, INSTANCE, surroundings).what).toBe("RDS_DAS_AUDIT writes to files");
  });

  test("that is missing is created beside the other, with the GUID that a replica has", () => {
    const instance = { ...INSTANCE, login: "o'reader" };
    const guided = { ...surroundings, guidElsewhere: OTHER_GUID };
    const finding = judgeAudit("RDS_DAS_AUDIT", answered([{ ...CHANGES, directory: "E:\\a'b\\" }]), instance, guided);
    expect(finding.status).toBe("failure");
    expect(finding.repair).toBe(`USE master; -- the folder must exist, and the service account may write to it
CREATE SERVER AUDIT [RDS_DAS_AUDIT]
  TO FILE (FILEPATH = N'E:\\a''b\\', MAXSIZE = 50 MB,
    MAX_ROLLOVER_FILES = 200, RESERVE_DISK_SPACE = OFF)
  WITH (QUEUE_DELAY = 1000, ON_FAILURE = CONTINUE,
    AUDIT_GUID = '${OTHER_GUID}')
  WHERE [session_server_principal_name] <> N'o''reader';
ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);`);
    const linux = { ...INSTANCE, platform: "Linux" } as const;
    const second = judgeAudit("RDS_DAS_AUDIT_CHANGES", answered([]), linux, surroundings).repair;
    expect(second).toContain("N'/var/opt/mssql/das/', MAXSIZE = 10 MB");
    expect(second).not.toMatch(/AUDIT_GUID|WHERE/);
  });

  test("that cannot be seen is not taken for missing", () => {
    const blind = { ...surroundings, maySeeDefinitions: false };
    expect(judgeAudit("RDS_DAS_AUDIT", answered([]), INSTANCE, blind)).toMatchObject({
      status: "failure",
      repair: "USE master; GRANT VIEW ANY DEFINITION TO [rds_das_reader];",
    });
    expect(judgeAudit("RDS_DAS_AUDIT", refused, INSTANCE, surroundings)).toMatchObject({
      status: "failure",
      what: "server audits cannot be looked at (error 300)",
    });
  });

  test("that writes elsewhere is told to write to files", () => {
    const log = answered([{ ...AUDIT, target: "APPLICATION LOG", directory: "" }]);
    const finding = judgeAudit("RDS_DAS_AUDIT", log, INSTANCE, surroundings);
    expect(finding.what).toBe("RDS_DAS_AUDIT writes to the application log, not to files");
    expect(finding.repair).toContain("TO FILE (FILEPATH = N'D:\\das\\'");
  });
});

describe("an audit is on", () => {
  test("when it is switched on and started", () => {
    expect(judgeAuditOn(AUDIT, STARTED, INSTANCE)).toMatchObject({
      id: "sqlserver.audit-on.RDS_DAS_AUDIT",
      status: "ok",
    });
  });

  test("not when it is switched off", () => {
    expect(judgeAuditOn({ ...AUDIT, enabled: false }, STARTED, INSTANCE)).toMatchObject({
      status: "failure",
      what: "RDS_DAS_AUDIT is switched off",
      repair: "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);",
    });
  });

  test("not when it is switched on and failed", () => {
    const failed = { status: "TARGET_CREATION_FAILED", currentPath: "", currentSize: undefined };
    const finding = judgeAuditOn(AUDIT, answered(new Map([[AUDIT.name, failed]])), INSTANCE);
    expect(finding).toMatchObject({ status: "failure", what: expect.stringContaining("TARGET_CREATION_FAILED") });
    expect(finding.repair?.split("\n").slice(1)).toEqual([
      "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);",
      "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);",
    ]);
    expect(judgeAuditOn(AUDIT, answered(new Map()), INSTANCE)).toMatchObject({ status: "failure" });
  });

  test("perhaps, when its state cannot be looked at", () => {
    expect(judgeAuditOn(AUDIT, refused, INSTANCE).repair).toContain("GRANT VIEW SERVER SECURITY STATE");
    expect(judgeAuditOn(AUDIT, refused, INSTANCE_2016)).toMatchObject({
      status: "warning",
      repair: "USE master; GRANT VIEW SERVER STATE TO [rds_das_reader];",
    });
    const strange = { known: false, reason: "error 207", refused: false } as const;
    expect(judgeAuditOn(AUDIT, strange, INSTANCE)).not.toHaveProperty("repair");
  });
});

test("the current file of an audit can be read, or the right is named that the version wants", () => {
  expect(judgeReading(AUDIT, undefined, INSTANCE)).toEqual([]);
  expect(judgeReading(AUDIT, answered(0), INSTANCE)).toMatchObject([{ status: "ok" }]);
  expect(judgeReading(AUDIT, refused, INSTANCE)[0]?.repair).toContain("GRANT VIEW SERVER SECURITY AUDIT");
  expect(judgeReading(AUDIT, refused, INSTANCE_2016)).toMatchObject([
    {
      id: "sqlserver.audit-read.RDS_DAS_AUDIT",
      status: "failure",
      repair: "Run das start: it installs dbo.rds_das_read, which reads for rds_das_reader",
    },
  ]);
});
