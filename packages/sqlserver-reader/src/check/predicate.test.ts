import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AUDIT } from "../../test/check-samples.ts";
import { judgePredicate } from "./predicate.ts";
import { readPredicate } from "./predicate-terms.ts";

const judge = (predicate: string, actions: readonly string[] = ["FAILED_LOGIN_GROUP"]) =>
  judgePredicate({ ...AUDIT, predicate }, "rds_das_reader", actions);

describe("the predicate of an audit", () => {
  test.each([
    "([session_server_principal_name]<>N'rds_das_reader')",
    "[session_server_principal_name] <> 'rds_das_reader'",
    "((session_server_principal_name != N'RDS_DAS_READER'))",
  ])("that hides the reader and nobody else is well: %s", (predicate) => {
    expect(judge(predicate)).toMatchObject({ id: "sqlserver.predicate.RDS_DAS_AUDIT", status: "ok" });
  });

  test("that is missing is a loop when statements are audited, an annoyance when logins are", () => {
    const loop = judge("", ["BATCH_COMPLETED_GROUP", "SUCCESSFUL_LOGIN_GROUP", "BATCH_COMPLETED_GROUP"]);
    expect(loop.status).toBe("failure");
    expect(loop.what).toContain("(BATCH_COMPLETED_GROUP, SUCCESSFUL_LOGIN_GROUP)");
    expect(loop.repair?.split("\n")).toEqual([
      "-- from OFF to ON nothing is audited: a loss window, told on the stream",
      "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);",
      "ALTER SERVER AUDIT [RDS_DAS_AUDIT]",
      "  WHERE [session_server_principal_name] <> N'rds_das_reader';",
      "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = ON);",
    ]);
    expect(judge("", ["LOGOUT_GROUP"])).toMatchObject({ status: "warning" });
    expect(judge("", ["AUDIT_CHANGE_GROUP", "FAILED_LOGIN_GROUP"])).toMatchObject({ status: "ok" });
  });

  test("that goes by server_principal_name hides who works as the reader", () => {
    const finding = judge("([server_principal_name]<>N'rds_das_reader')");
    expect(finding).toMatchObject({ status: "warning" });
    expect(finding.what).toContain("EXECUTE AS");
  });

  test("that hides more names what", () => {
    const finding = judge(
      "([session_server_principal_name]<>N'rds_das_reader' AND [schema_name]<>N'sys' AND [action_id]<>(538987603))",
    );
    expect(finding).toMatchObject({ status: "warning" });
    expect(finding.what).toContain("[schema_name] <> N'sys', [action_id] <> 538987603");
    expect(judge("([session_server_principal_name]<>N'somebody_else')").what).toContain("N'somebody_else'");
  });

  test.each([
    "([session_server_principal_name]<>N'rds_das_reader' OR [succeeded]=(0))",
    "(NOT [session_server_principal_name]=N'rds_das_reader')",
    "([statement] like N'%x%')",
    "([a]<>",
    "§",
  ])("that is no plain conjunction is not guessed at: %s", (predicate) => {
    expect(readPredicate(predicate)).toBeUndefined();
    expect(judge(predicate)).toMatchObject({ status: "warning", what: expect.stringContaining(predicate) });
  });

  test("is read back term for term, whatever names and literals hold", () => {
    const term = fc.record({ field: fc.string({ minLength: 1 }), literal: fc.string() });
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 4 }), (terms) => {
        const written = terms.map(
          ({ field, literal }) => `[${field.replaceAll("]", "]]")}]<>N'${literal.replaceAll("'", "''")}'`,
        );
        const read = readPredicate(`((${written.join(") AND (")}))`);
        expect(read?.map(({ field, literal }) => ({ field, literal }))).toEqual(
          terms.map(({ field, literal }) => ({ field: field.toLowerCase(), literal })),
        );
      }),
    );
  });
});
