/** The part of T-SQL that is understood, and that everything else is an error. */
import { describe, expect, test } from "vitest";
import { evaluator } from "./evaluate.ts";

describe("expressions", () => {
  const { row, describe: columns } = evaluator();

  test.each([
    ["1 + 2 * 3 - 4", 3],
    ["(1 + 2) * 3", 9],
    ["7 / 2", 3],
    ["-7 % 4", -3],
    ["N'a' + 'b'", "ab"],
    ["NULL + 1", null],
    ["CASE WHEN 1 = 1 THEN 'yes' ELSE 'no' END", "yes"],
    ["CASE 3 WHEN 2 THEN 'two' WHEN 3 THEN 'three' END", "three"],
    ["CASE WHEN NULL = NULL THEN 1 END", null],
    ["CASE WHEN 'ABC ' = N'abc' THEN 1 ELSE 0 END", 1],
    ["CASE WHEN N'a_c' LIKE N'a[_]c' AND N'abc' LIKE 'A%' AND 'abc' NOT LIKE 'a_' THEN 1 ELSE 0 END", 1],
    ["CASE WHEN 2 IN (1, 2, NULL) THEN 1 ELSE 0 END", 1],
    ["CASE WHEN 3 NOT IN (1, 2) THEN 1 ELSE 0 END", 1],
    ["CASE WHEN 3 NOT IN (1, NULL) THEN 1 ELSE 0 END", 0],
    ["CASE WHEN 5 BETWEEN 1 AND 5 AND NOT 6 BETWEEN 1 AND 5 THEN 1 ELSE 0 END", 1],
    ["CASE WHEN NULL IS NULL AND 1 IS NOT NULL THEN 1 ELSE 0 END", 1],
    ["CASE WHEN EXISTS (SELECT 1 FROM sys.databases WHERE name = 'Sales') THEN 1 ELSE 0 END", 1],
    ["(SELECT database_id FROM sys.databases WHERE name = N'MASTER')", 1],
    ["CASE WHEN N'Sales' IN (SELECT name FROM sys.databases) THEN 1 ELSE 0 END", 1],
    ["RTRIM('SL  ') + '|'", "SL|"],
    ["UPPER(N'straße') + LOWER(LEFT('ABC', 2)) + RIGHT('abc', 1)", "STRASSEabc"],
    ["LEN('abc  ')", 3],
    ["SUBSTRING('abcdef', 2, 3)", "bcd"],
    ["REPLACE('a-b', '-', '+')", "a+b"],
    ["CHARINDEX('C', 'abc')", 3],
    ["ISNULL(NULL, 'x') + COALESCE(NULL, NULL, 'y') + CONCAT('a', NULL, 1)", "xya1"],
    ["NULLIF(1, 1)", null],
    ["IIF(1 > 2, 'a', 'b')", "b"],
    ["QUOTENAME('a]b')", "[a]]b]"],
    ["CONVERT(int, '42')", 42],
    ["CONVERT(nvarchar(3), N'abcdef')", "abc"],
    ["CAST(1 AS char(3)) + '|'", "1  |"],
    ["CONVERT(varchar(40), 0x00ff, 1)", "0x00ff"],
    ["CONVERT(varchar(40), 0x00ff, 2)", "00FF"],
    ["CONVERT(bigint, 9223372036854775807)", 9_223_372_036_854_775_807n],
    ["'it''s' /* a comment */ -- and another\n", "it's"],
    ["[name]", "x"],
  ])("%s", async (expression, expected) => {
    const [value] =
      expression === "[name]"
        ? await row(`SELECT [name] FROM sys.server_triggers`)
        : await row(`SELECT ${expression} AS value`);
    expect(value).toBe(expression === "[name]" ? "rds_das_lock" : expected);
  });

  test("columns are typed without running anything", () => {
    const text =
      "SELECT 1 AS a, N'abc' AS b, 'x' AS c, CONVERT(datetime2, NULL) AS d, name, database_id + 1 AS e, COUNT(*) AS f FROM sys.databases";
    expect(columns(text)).toEqual([
      "a int",
      "b nvarchar(3)",
      "c varchar(1)",
      "d datetime2(7)",
      "name nvarchar(128)",
      "e int",
      "f bigint",
    ]);
  });
});

describe("queries", () => {
  const { run } = evaluator();
  const names = async (sql: string) => (await run(sql)).flat().map(({ name }) => name);

  test("order, top, distinct", async () => {
    expect(await names("SELECT TOP (2) name FROM sys.databases ORDER BY name DESC")).toEqual(["tempdb", "Sales"]);
    expect(await names("SELECT TOP 1 name FROM sys.databases AS d ORDER BY d.database_id")).toEqual(["master"]);
    expect(await run("SELECT DISTINCT state_desc AS s FROM sys.databases")).toEqual([[{ s: "ONLINE" }]]);
  });

  test("aggregates", async () => {
    expect(
      await run(
        "SELECT COUNT(*) AS n, MIN(name) AS a, MAX(database_id) AS b, COUNT(replica_id) AS none FROM sys.databases WHERE database_id <= 4",
      ),
    ).toEqual([[{ n: 4, a: "master", b: 4, none: 0 }]]);
    expect(
      await run(
        "SELECT ISNULL(MAX(audit_file_offset), -1) AS o FROM sys.fn_get_audit_file(N'D:\\das\\RDS_DAS_AUDIT_0*', NULL, NULL)",
      ),
    ).toEqual([[{ o: -1 }]]);
  });

  test("joins, inner and left, and correlated queries", async () => {
    const [result] = await run(`SELECT s.name, d.audit_action_name AS action FROM sys.server_audit_specifications s
      LEFT JOIN sys.server_audit_specification_details d ON d.server_specification_id = s.server_specification_id ORDER BY s.name`);
    expect(result).toEqual([
      { name: "RDS_DAS_CHANGES_AUDIT_SPEC", action: "AUDIT_CHANGE_GROUP" },
      { name: "RDS_DAS_SERVER_AUDIT_SPEC", action: "FAILED_LOGIN_GROUP" },
    ]);
    expect(
      await names(
        "SELECT a.name FROM sys.server_audits a WHERE NOT EXISTS (SELECT 1 FROM sys.server_audit_specifications s WHERE s.audit_guid = a.audit_guid AND s.name LIKE '%SERVER%')",
      ),
    ).toEqual(["RDS_DAS_AUDIT_CHANGES"]);
    expect(
      await run(
        "SELECT d.name AS a, t.name AS b FROM sys.databases d LEFT JOIN sys.server_triggers t ON t.name = d.name WHERE d.database_id = 1",
      ),
    ).toEqual([[{ a: "master", b: null }]]);
  });

  test("variables, IF, blocks, dynamic text", async () => {
    expect(
      await run(
        "DECLARE @a int = 2, @b nvarchar(10); SET @b = N'x'; SELECT @a = @a + 1; IF @a = 3 BEGIN SELECT @a AS a; SELECT @b AS b; END ELSE SELECT 0 AS no",
      ),
    ).toEqual([[{ a: 3 }], [{ b: "x" }]]);
    expect(await run("IF 1 = 0 SELECT 1 AS a; ELSE SELECT 2 AS a; SELECT 3 AS a")).toEqual([[{ a: 2 }], [{ a: 3 }]]);
    expect(await run("EXEC (N'SELECT 5 AS five')")).toEqual([[{ five: 5 }]]);
    expect(await run("EXEC sp_executesql N'SELECT @x + 1 AS y', N'@x int', @x = 4")).toEqual([[{ y: 5 }]]);
  });
});

describe("what is not understood is an error, never a guess", () => {
  const { error } = evaluator();

  test.each([
    ["", -1],
    ["SELECT", 102],
    ["SELECT 1 FROM", 102],
    ["SELECT 1 GROUP BY 1", 102],
    ["SELECT 1 UNION SELECT 2", 102],
    ["SELECT * FROM (SELECT 1 AS a) AS t", 102],
    ["WITH c AS (SELECT 1 AS a) SELECT * FROM c", 102],
    ["INSERT INTO t VALUES (1)", 102],
    ["DROP VIEW t", 102],
    ["SELECT 1 ¤ 2", 102],
    ["SELECT 'open", 102],
    ["SELECT a FROM sys.databases", 207],
    ["SELECT d.name FROM sys.databases AS e", 207],
    ["SELECT x.* FROM sys.databases AS e", 107],
    ["SELECT 1 FROM dbo.t", 208],
    ["SELECT 1 FROM server_audits", 208],
    ["SELECT nowhere(1)", 195],
    ["SELECT @a", 137],
    ["SET @a = 1", 137],
    ["SELECT CONVERT(int, 'many') AS a", 245],
    ["SELECT CONVERT(tinyint, 256) AS a", 8115],
    ["SELECT 1 / 0 AS a", 8134],
    ["SELECT (SELECT name FROM sys.databases) AS a", 512],
    ["SELECT (SELECT 1, 2) AS a", 116],
    ["SELECT 1 AS a FROM sys.databases WHERE COUNT(*) > 1", 147],
    ["DECLARE @a int; SELECT @a = 1, 2", 141],
    ["USE nowhere", 911],
    ["EXEC nowhere", 2812],
    ["EXEC sp_executesql N'SELECT 1', N'@a int', @b = 1", 8145],
    ["SELECT CONVERT(varchar(30), SYSUTCDATETIME(), 113) AS a", 281],
  ])("%s", async (sql, number) => {
    if (number === -1) await expect(evaluator().run(sql)).resolves.toEqual([]);
    else expect(await error(sql)).toBe(number);
  });
});
