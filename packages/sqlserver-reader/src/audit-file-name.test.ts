import { expect, test } from "vitest";
import { parseAuditFileName, sameFileName, splitPath } from "./audit-file-name.ts";

test("a file name says which audit, and when it was created", () => {
  const name = "auditar_usuario_test_CA2C3FB5-94FF-4059-BC66-5F87DBDE21FB_0_132681217040230000.sqlaudit";
  expect(parseAuditFileName(name)).toEqual({
    name,
    audit: "auditar_usuario_test",
    auditGuid: "CA2C3FB5-94FF-4059-BC66-5F87DBDE21FB",
    fileTime: 132681217040230000n,
  });
  expect(parseAuditFileName("notes.txt")).toBeUndefined();
});

test("paths of both systems are split, and names compare without case", () => {
  expect(splitPath("D:\\das\\a.sqlaudit")).toEqual({ directory: "D:\\das\\", name: "a.sqlaudit" });
  expect(splitPath("/var/opt/mssql/das/a.sqlaudit")).toEqual({ directory: "/var/opt/mssql/das/", name: "a.sqlaudit" });
  expect(sameFileName("A.SQLAUDIT", "a.sqlaudit")).toBe(true);
});
