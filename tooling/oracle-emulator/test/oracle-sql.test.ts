/** What statements give, whatever they are about. */
import { describe, expect, test } from "vitest";
import { openDatabase, type TestSession } from "./evaluate.ts";

function evaluate<Result>(run: (session: TestSession) => Result): Result {
  using session = openDatabase().logOn();
  return run(session);
}

describe("values", () => {
  test.each([
    ["'' || NULL || 'a'", "a"],
    ["NVL('', 'e')", "e"],
    ["CASE WHEN '' IS NULL THEN 1 END", 1],
    ["LENGTH('')", null],
    ["q'[it's]'", "it's"],
    ["'it''s'", "it's"],
    [".5", ".5"],
    ["TO_CHAR(-0.25)", "-.25"],
    ["TO_CHAR(1.50)", "1.5"],
    ["10/4", "2.5"],
    ["2*3.5", 7],
    ["1e3", 1000],
    ["9007199254740993 + 1", 9007199254740994n],
    ["12345678901234567890 * 10", 123456789012345678900n],
    ["MOD(-7, 3)", -1],
    ["MOD(7, 0)", 7],
    ["-(-3)", 3],
    ["'7' + 1", 8],
    ["ROUND(2.5)", 3],
    ["TRUNC(-2.55, 1)", "-2.5"],
    ["TO_CHAR(1234567.891, '9,999,999.99')", " 1,234,567.89"],
    ["TO_CHAR(5, 'FM000')", "005"],
    ["TO_CHAR(-5, 'S99')", " -5"],
    ["TO_CHAR(12345, '99')", "###"],
    ["TO_CHAR(.5, '0.9')", " 0.5"],
    ["TO_NUMBER('ff', 'xx')", 255],
    ["TO_NUMBER(' 12 ')", 12],
    ["SUBSTR('hello', -3, 2)", "ll"],
    ["SUBSTR('hello', 0, 2)", "he"],
    ["INSTR('hello', 'l', 1, 2)", 4],
    ["INSTR('hello', 'l', -1)", 4],
    ["LENGTH('😀a')", 2],
    ["LENGTHB('😀a')", 5],
    ["LPAD('7', 3, '0')", "007"],
    ["TRIM('x' FROM 'xxaxx')", "a"],
    ["REPLACE('aba', 'a')", "b"],
    ["DECODE(NULL, NULL, 'same', 'other')", "same"],
    ["DECODE(2, 1, 'one', '2', 'two')", "two"],
    ["NVL2('a', 1, 2)", 1],
    ["COALESCE(NULL, NULL, 3)", 3],
    ["NULLIF(1, 1)", null],
    ["GREATEST(1, 3, 2)", 3],
    ["LEAST('b', NULL)", null],
    ["RAWTOHEX(HEXTORAW('a1b'))", "0A1B"],
    ['REGEXP_SUBSTR(\'x DB_UNIQUE_NAME="ep71";\', \'DB_UNIQUE_NAME="([^"]*)"\', 1, 1, NULL, 1)', "ep71"],
    ["REGEXP_REPLACE('a/*b*/c', '/\\*.*?\\*/', ' ', 1, 0, 'n')", "a c"],
  ])("%s is %s", (expression, expected) => {
    expect(evaluate((session) => session.value(`SELECT ${expression} FROM dual`))).toEqual(expected);
  });
});

describe("times", () => {
  test.each([
    ["TO_CHAR(TIMESTAMP '2000-01-02 03:04:05.678901', 'YYYY-MM-DD HH24:MI:SS.FF6')", "2000-01-02 03:04:05.678901"],
    ["TO_CHAR(TIMESTAMP '2000-01-02 03:04:05.678901', 'SSFF6')", "05678901"],
    ["TO_CHAR(TIMESTAMP '2000-01-02 03:04:05.678901', 'FF3')", "678"],
    ["TO_CHAR(DATE '2026-11-22', 'DD-MON-RR Day')", "22-NOV-26 Sunday   "],
    ["TO_CHAR(DATE '2026-11-22', 'FMDD Month YYYY')", "22 November 2026"],
    ["TO_CHAR(TIMESTAMP '2026-11-22 00:05:00', 'HH:MI AM')", "12:05 AM"],
    ["TO_CHAR(DATE '2026-11-22')", "22-NOV-26"],
    ["DATE '2026-01-31' + 1.5", "2026-02-01 12:00:00"],
    ["DATE '2026-03-01' - DATE '2026-02-01'", 28],
    [
      "TO_TIMESTAMP('2026-01-02 03:04:05.1', 'YYYY-MM-DD HH24:MI:SS.FF6') - INTERVAL '24' HOUR",
      "2026-01-01 03:04:05.100000",
    ],
    ["TIMESTAMP '2026-01-02 00:00:00' - TIMESTAMP '2026-01-01 12:00:00.5'", "+000000000 11:59:59.500000"],
    ["SYS_EXTRACT_UTC(TIMESTAMP '2026-01-02 00:00:00 +02:00')", "2026-01-01 22:00:00.000000"],
    ["SYS_EXTRACT_UTC(SYSTIMESTAMP)", "2026-11-22 12:00:00.000000"],
    ["SYSDATE", "2026-11-22 12:00:00"],
    ["FROM_TZ(TIMESTAMP '2026-07-01 00:00:00', 'America/New_York') AT LOCAL", "2026-07-01 04:00:00.000000 +00:00"],
    [
      "FROM_TZ(TIMESTAMP '2026-07-01 00:00:00', '00:00') AT TIME ZONE 'America/New_York'",
      "2026-06-30 20:00:00.000000 -04:00",
    ],
    ["TO_CHAR(SYSTIMESTAMP, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF3TZH:TZM')", "2026-11-22T12:00:00.000+00:00"],
    ["EXTRACT(DAY FROM DATE '2026-11-22')", 22],
    ["TO_DATE('22-NOV-26')", "2026-11-22 00:00:00"],
  ])("%s is %s", (expression, expected) => {
    expect(evaluate((session) => session.value(`SELECT ${expression} FROM dual`))).toEqual(expected);
  });

  test("local times follow the session through both changes of the clocks", () => {
    const times = evaluate((session) => {
      session.run("ALTER SESSION SET TIME_ZONE='Europe/Zurich'");
      return ["2026-03-29 00:59:59", "2026-03-29 01:00:00", "2026-10-25 00:59:59", "2026-10-25 01:00:00"].map((utc) =>
        session.value(`SELECT TO_CHAR(FROM_TZ(TIMESTAMP '${utc}', '+00:00') AT LOCAL, 'HH24:MI:SS TZR') FROM dual`),
      );
    });
    expect(times).toEqual(["01:59:59 +01:00", "03:00:00 +02:00", "02:59:59 +02:00", "02:00:00 +01:00"]);
  });

  test.each([
    ["-00:0", "+00:00"],
    ["+5:30", "+05:30"],
    ["Europe/Zurich", "Europe/Zurich"],
  ])("TIME_ZONE='%s' is %s", (written, shown) => {
    const zone = evaluate((session) => {
      session.run(`ALTER SESSION SET TIME_ZONE='${written}'`);
      return session.value("SELECT SESSIONTIMEZONE FROM dual");
    });
    expect(zone).toBe(shown);
  });
});

const NUMBERS = "(SELECT 1 a, 'x' b FROM dual UNION ALL SELECT 3, 'y' FROM dual UNION ALL SELECT NULL, 'z' FROM dual)";

describe("queries", () => {
  test.each<[string, readonly (readonly unknown[])[]]>([
    [`SELECT b FROM ${NUMBERS} WHERE a <> 1`, [["y"]]],
    [`SELECT b FROM ${NUMBERS} WHERE NOT (a = 1)`, [["y"]]],
    [`SELECT b FROM ${NUMBERS} WHERE a NOT IN (1, NULL)`, []],
    [`SELECT b FROM ${NUMBERS} WHERE (a IS NULL OR a > 1) AND (b LIKE 'y%' OR b BETWEEN 'z' AND 'zz')`, [["y"], ["z"]]],
    [`SELECT a FROM ${NUMBERS} ORDER BY a`, [[1], [3], [null]]],
    [`SELECT a FROM ${NUMBERS} ORDER BY 1 DESC`, [[null], [3], [1]]],
    [`SELECT a x FROM ${NUMBERS} ORDER BY x DESC NULLS LAST, b`, [[3], [1], [null]]],
    [`SELECT b FROM ${NUMBERS} ORDER BY NVL(a, 2) FETCH FIRST 2 ROWS ONLY`, [["x"], ["z"]]],
    [`SELECT b FROM ${NUMBERS} ORDER BY b OFFSET 1 ROWS FETCH NEXT ROW ONLY`, [["y"]]],
    [
      `SELECT ROWNUM, b FROM ${NUMBERS} WHERE ROWNUM <= 2`,
      [
        [1, "x"],
        [2, "y"],
      ],
    ],
    [`SELECT b FROM ${NUMBERS} WHERE ROWNUM > 1`, []],
    [
      `SELECT COUNT(*), COUNT(a), SUM(a), MIN(b), MAX(b), AVG(a), COUNT(DISTINCT b) FROM ${NUMBERS}`,
      [[3, 2, 4, "x", "z", 2, 3]],
    ],
    [`SELECT COUNT(*), SUM(a) FROM ${NUMBERS} WHERE 1=0`, [[0, null]]],
    [`SELECT COUNT(*) FROM ${NUMBERS} WHERE 1=0 GROUP BY b`, []],
    [`SELECT NVL(t.a, 1) k, COUNT(*) FROM ${NUMBERS} t GROUP BY NVL(a, 1) HAVING COUNT(*) > 1`, [[1, 2]]],
    [`SELECT DISTINCT NVL(a, 1) FROM ${NUMBERS}`, [[1], [3]]],
    ["SELECT 1 FROM dual UNION SELECT 1 FROM dual", [[1]]],
    ["SELECT 1 FROM dual MINUS SELECT 1 FROM dual", []],
    ["SELECT a.dummy, b.x FROM dual a LEFT JOIN (SELECT 'Y' x FROM dual) b ON a.dummy = b.x", [["X", null]]],
    ["SELECT a.dummy, b.x FROM dual a, (SELECT 'Y' x FROM dual) b WHERE a.dummy = b.x(+)", [["X", null]]],
    ["SELECT b.x FROM (SELECT 'Y' x FROM dual) b, dual a WHERE b.x(+) = a.dummy AND a.dummy = 'X'", [[null]]],
    ["SELECT a.dummy, b.x FROM dual a RIGHT JOIN (SELECT 'Y' x FROM dual) b ON a.dummy = b.x", [[null, "Y"]]],
    [
      "SELECT a.dummy, b.x FROM dual a FULL JOIN (SELECT 'Y' x FROM dual) b ON a.dummy = b.x ORDER BY 1",
      [
        ["X", null],
        [null, "Y"],
      ],
    ],
    ["SELECT (SELECT b.x FROM (SELECT 'X' x FROM dual) b WHERE b.x = a.dummy) FROM dual a", [["X"]]],
    [
      "SELECT 1 FROM dual WHERE dummy IN (SELECT 'X' FROM dual) AND EXISTS (SELECT 1 FROM dual d WHERE d.dummy = dual.dummy)",
      [[1]],
    ],
    ["SELECT COLUMN_VALUE name FROM TABLE(sys.odcivarchar2list('a', 'b'))", [["a"], ["b"]]],
    ["SELECT 1 FROM dual WHERE 'a' = 'a '", [[1]]],
    ["SELECT 1 FROM dual WHERE TO_NUMBER('10') > '9'", [[1]]],
    ["SELECT 1 FROM dual WHERE SYSTIMESTAMP = TIMESTAMP '2026-11-22 13:00:00 +01:00'", [[1]]],
    ["SELECT 1 FROM dual WHERE REGEXP_LIKE('Abc', '^a', 'i')", [[1]]],
    ["SELECT 1 FROM dual WHERE 'a_b' LIKE 'a\\_b' ESCAPE '\\'", [[1]]],
  ])("%s", (sql, expected) => {
    expect(evaluate((session) => session.run(sql).rows)).toEqual(expected);
  });

  test("columns are named and typed as the server does it", () => {
    const { columns, types } = evaluate((session) =>
      session.run(
        `SELECT dummy, dummy || 'ab' AS "Both", COUNT( * ), TO_CHAR(SYSDATE, 'a b'), 1 n, SYSTIMESTAMP, CAST('x' AS VARCHAR2(9)) v
 FROM dual WHERE 1=0 GROUP BY dummy`.replace("'a b'", "'DD MM'"),
      ),
    );
    expect(columns).toEqual(["DUMMY", "Both", "COUNT(*)", "TO_CHAR(SYSDATE,'DD MM')", "N", "SYSTIMESTAMP", "V"]);
    expect(types).toEqual([
      "VARCHAR2(1)",
      "VARCHAR2(3)",
      "NUMBER",
      "VARCHAR2(100)",
      "NUMBER",
      "TIMESTAMP WITH TIME ZONE",
      "VARCHAR2(9)",
    ]);
  });

  test("placeholders take values in the order of their places", () => {
    const rows = evaluate(
      (session) => session.run("SELECT :x || :y || :x, :1 + 1 FROM dual", "a", "b", "c", "41").rows,
    );
    expect(rows).toEqual([["abc", 42]]);
    expect(evaluate((session) => session.error("SELECT :a FROM dual"))).toMatch(/^ORA-01008/);
    expect(evaluate((session) => session.error("SELECT 1 FROM dual", "a"))).toMatch(/^ORA-01036/);
    expect(
      evaluate((session) => session.run("SELECT 1 FROM dual WHERE :a IS NULL AND :b = 'x'", "", "x").rows),
    ).toEqual([[1]]);
  });
});

describe("what is not understood is the server's own error", () => {
  test.each([
    ["FOO", 900],
    ["SELEC 1 FROM dual", 900],
    ["SELECT 1 FROM dual WHERE TO_DATE('2026', 'YYYY')", 920],
    ["CREATE FOO", 901],
    ["SELECT CAST(1 AS NONSENSE) FROM dual", 902],
    ["SELECT 1 FROM", 903],
    ["SELECT x FROM dual", 904],
    ["SELECT d.x FROM dual d", 904],
    ['SELECT "dummy" FROM dual', 904],
    ["SELECT nofunc(1) FROM dual", 904],
    ["SELECT dual.dummy FROM dual d", 904],
    ["SELECT CASE 1 END FROM dual", 905],
    ["SELECT (1 FROM dual", 907],
    ["SELECT 1 FROM dual WHERE 1 IS 2", 908],
    ["SELECT # FROM dual", 911],
    ["SELECT 1 FROM dual;", 911],
    ["SELECT 1 FROM dual WHERE 1 IN (SELECT 1, 2 FROM dual)", 913],
    ["SELECT dummy FROM dual a, dual b", 918],
    ["SELECT a FROM (SELECT 1 a, 2 a FROM dual)", 918],
    ["SELECT 1 FROM dual WHERE 1", 920],
    ["SELECT 1 x WHERE 1=1", 923],
    ["SELECT dummy = 'X' FROM dual", 923],
    ["SELECT 1 FROM dual GROUP 1", 924],
    ["SELECT 1 FROM dual foo bar", 933],
    ["SELECT 1 FROM dual WHERE 1=1 2", 933],
    ["SELECT 1 FROM dual WHERE COUNT(*) > 1", 934],
    ["SELECT FROM dual", 936],
    ["SELECT 1 x, FROM dual", 936],
    ["SELECT 1 FROM dual WHERE 1 =", 936],
    ["SELECT dummy, COUNT(*) FROM dual", 937],
    ["SELECT SUBSTR('abc') FROM dual", 938],
    ["SELECT UPPER('a', 'b') FROM dual", 939],
    ["SELECT 1 FROM nowhere", 942],
    ["SELECT 1 FROM audsys.nothing", 942],
    ["SELECT dummy FROM dual GROUP BY UPPER(dummy)", 979],
    ["SELECT 1 FROM dual WHERE SYSDATE = 1", 932],
    ["SELECT sql_text FROM unified_audit_trail WHERE sql_text = 'x'", 932],
    ["SELECT DISTINCT sql_text FROM unified_audit_trail", 932],
    ["SELECT CASE WHEN 1=1 THEN 'a' ELSE 1 END FROM dual", 932],
    ["SELECT (SELECT COLUMN_VALUE FROM TABLE(sys.odcivarchar2list('a', 'b'))) FROM dual", 1427],
    ["SELECT 1/0 FROM dual", 1476],
    ["SELECT TO_CHAR(1, 'Q') FROM dual", 1481],
    ["SELECT 'a' + 1 FROM dual", 1722],
    ["SELECT TO_NUMBER('1x') FROM dual", 1722],
    ['SELECT "a FROM dual', 1740],
    ['SELECT "" FROM dual', 1741],
    ["SELECT 1 /* open FROM dual", 1742],
    ["SELECT 'abc FROM dual", 1756],
    ["SELECT 1 FROM dual ORDER BY 2", 1785],
    ["SELECT 1 FROM dual UNION SELECT 1, 2 FROM dual", 1789],
    ["SELECT 1 FROM dual UNION SELECT 'a' FROM dual", 1790],
    ["SELECT TO_CHAR(SYSDATE, 'NONSENSE') FROM dual", 1821],
    ["SELECT TO_DATE('2026-01-02 10', 'YYYY-MM-DD') FROM dual", 1830],
    ["SELECT TO_DATE('2026', 'YYYY-MM') FROM dual", 1840],
    ["SELECT TO_DATE('2026-13-01', 'YYYY-MM-DD') FROM dual", 1843],
    ["SELECT TO_DATE('2026-02-29', 'YYYY-MM-DD') FROM dual", 1847],
    ["SELECT TO_TIMESTAMP('garbage', 'YYYY') FROM dual", 1858],
    ["SELECT TO_DATE('2026-01x02', 'YYYY-MM-DD') FROM dual", 1861],
    ["SELECT INTERVAL '1 2' HOUR FROM dual", 1867],
    ["ALTER SESSION SET TIME_ZONE='+25:00'", 1874],
    ["ALTER SESSION SET TIME_ZONE='Mars/Base'", 1882],
    ["SELECT SYS_CONTEXT('USERENV', 'NOPE') FROM dual", 2003],
    ["ALTER SESSION SET NONSENSE=1", 2248],
    ["SELECT 1 FROM dual@elsewhere", 2019],
  ])("%s", (sql, code) => {
    expect(evaluate((session) => session.error(sql))).toMatch(new RegExp(`^ORA-${String(code).padStart(5, "0")}: `));
  });

  test("and says where", () => {
    using session = openDatabase().logOn();
    const at = (sql: string) => {
      try {
        session.run(sql);
        return undefined;
      } catch (error) {
        return (error as { position?: number }).position;
      }
    };
    expect(at("SELECT dummy, nope FROM dual")).toBe(14);
    expect(at("SELECT 1 FROM  nowhere")).toBe(15);
    expect(at("SELECT 1 FROM dual WHERE 1 = ")).toBe(29);
  });

  test("from 23ai on FROM may be left out", () => {
    using session = openDatabase({ release: "23ai" }).logOn();
    expect(session.value("SELECT 1 + 1")).toBe(2);
    expect(evaluate((older) => older.error("SELECT 1 + 1"))).toMatch(/^ORA-00923/);
  });
});
