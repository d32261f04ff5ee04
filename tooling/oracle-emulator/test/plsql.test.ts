/** PL/SQL: blocks, programs, errors. */
import { expect, test } from "vitest";
import { openDatabase } from "./evaluate.ts";

const TAKE_LOCK = `DECLARE r PLS_INTEGER;
BEGIN
  r := SYS.DBMS_LOCK.REQUEST(id => TO_NUMBER(:id), lockmode => SYS.DBMS_LOCK.X_MODE, timeout => 0, release_on_commit => FALSE);
  IF r NOT IN (0,4) THEN RAISE_APPLICATION_ERROR(-20100 - r, 'DAS lock: '||r); END IF;
END;`;

test("a lock is the session's until it ends, and again is no error", () => {
  const database = openDatabase();
  using first = database.logOn();
  const second = database.logOn();
  first.run(TAKE_LOCK, "17");
  first.run(TAKE_LOCK, "17");
  expect(second.error(TAKE_LOCK, "17")).toBe("ORA-20101: DAS lock: 1\nORA-06512: at line 4");
  second.run(TAKE_LOCK, "18");
  expect(first.error(TAKE_LOCK, "18")).toMatch(/^ORA-20101/);
  second[Symbol.dispose]();
  first.run(TAKE_LOCK, "18");
});

test("an id that is none is refused by the package, and one that is no number by the block", () => {
  using session = openDatabase().logOn();
  expect(session.error(TAKE_LOCK, "1073741824")).toMatch(/^ORA-20103/);
  expect(session.error(TAKE_LOCK, "x")).toMatch(/^ORA-01722/);
});

test("a block is compiled before any of it runs", () => {
  using session = openDatabase().logOn();
  expect(session.error("BEGIN IF FALSE THEN nowhere.nothing; END IF; END;")).toBe(
    "ORA-06550: line 1, column 21:\nPLS-00201: identifier 'NOWHERE' must be declared\nORA-06550: line 1, column 21:\nPL/SQL: Statement ignored",
  );
  expect(session.error("DECLARE r NUMBER; BEGIN r := q; END;")).toMatch(/PLS-00201: identifier 'Q' must be declared/);
  expect(session.error("BEGIN x := 1; END;")).toMatch(/PLS-00201: identifier 'X'/);
  expect(session.error("BEGIN das_owner.das_advance; END;")).toMatch(/PLS-00306/);
  expect(session.error("BEGIN das_owner.das_advance(nope => 1); END;")).toMatch(/PLS-00306/);
  expect(session.error("DECLARE r NUMBER; BEGIN SELECT 1 INTO r FROM nowhere; END;")).toMatch(/ORA-00942/);
  session.run("BEGIN IF FALSE THEN das_owner.das_advance(NULL); END IF; END;");
  session.run("DECLARE r PLS_INTEGER; BEGIN IF FALSE THEN r := SYS.DBMS_LOCK.REQUEST(id => 0); END IF; END;");
});

test.each([
  "BEGIN foo END;",
  "BEGIN",
  "BEGIN NULL; END",
  "BEGIN NULL; END; x",
  "DECLARE BEGIN IF TRUE NULL; END IF; END;",
  "BEGIN FOR i IN 1 LOOP NULL; END LOOP; END;",
])("%s is an error of the compiler", (block) => {
  using session = openDatabase().logOn();
  expect(session.error(block)).toMatch(/^ORA-06550: line \d+, column \d+:\nPLS-00103/);
});

test("statements do what they say", () => {
  using session = openDatabase().logOn("SYSTEM");
  const result = (body: string) =>
    session.error(
      `DECLARE t VARCHAR2(100); n NUMBER := 0; BEGIN ${body} RAISE_APPLICATION_ERROR(-20000, t || '/' || n); END;`,
    );
  expect(result("FOR i IN 1..4 LOOP EXIT WHEN i > 3; n := n + i; END LOOP;")).toMatch(/^ORA-20000: \/6\n/);
  expect(
    result(
      "FOR r IN (SELECT COLUMN_VALUE name FROM TABLE(sys.odcivarchar2list('a','b'))) LOOP t := t || r.name; END LOOP;",
    ),
  ).toMatch(/^ORA-20000: ab\/0\n/);
  expect(result("WHILE n < 3 LOOP n := n + 1; END LOOP;")).toMatch(/: \/3\n/);
  expect(
    result("LOOP n := n + 1; IF n = 2 THEN EXIT; ELSIF n > 2 THEN t := 'x'; ELSE t := 'one'; END IF; END LOOP;"),
  ).toMatch(/: one\/2\n/);
  expect(result("SELECT dummy, 7 INTO t, n FROM dual;")).toMatch(/: X\/7\n/);
  expect(
    result(
      "BEGIN SELECT dummy INTO t FROM dual WHERE 1=0; EXCEPTION WHEN NO_DATA_FOUND THEN t := 'none'; n := SQLCODE; END;",
    ),
  ).toMatch(/: none\/100\n/);
  expect(result("BEGIN n := 1/0; EXCEPTION WHEN OTHERS THEN t := SUBSTR(SQLERRM, 1, 9); END;")).toMatch(
    /: ORA-01476\/0\n/,
  );
  expect(result("DECLARE n NUMBER := 5; BEGIN t := n; END;")).toMatch(/: 5\/0\n/);
  expect(
    result("n := LENGTH('a' || NULL || CHR(10)); IF n = 2 AND NOT (t IS NOT NULL) THEN t := 'ok'; END IF;"),
  ).toMatch(/: ok\/2\n/);
  expect(session.error("DECLARE t VARCHAR2(2); BEGIN t := 'abc'; END;")).toMatch(/^ORA-06502.*buffer too small/);
  expect(
    session.error(
      "DECLARE t VARCHAR2(9); BEGIN SELECT COLUMN_VALUE INTO t FROM TABLE(sys.odcivarchar2list('a','b')); END;",
    ),
  ).toMatch(/^ORA-01422/);
  expect(session.error("BEGIN RAISE_APPLICATION_ERROR(-1, 'x'); END;")).toMatch(/^ORA-21000/);
  expect(session.error("BEGIN BEGIN n_o; EXCEPTION WHEN OTHERS THEN NULL; END; END;")).toMatch(/^ORA-06550/);
  expect(
    session.error("BEGIN BEGIN RAISE_APPLICATION_ERROR(-20009, 'x'); EXCEPTION WHEN OTHERS THEN RAISE; END; END;"),
  ).toMatch(/^ORA-20009: x\n/);
});

test("a program runs with its definer's rights, and says where it failed", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  using reader = database.logOn();
  expect(reader.error("BEGIN AUDSYS.DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(51, SYSTIMESTAMP); END;")).toMatch(
    /PLS-00201/,
  );
  reader.run("BEGIN das_owner.das_advance(:ts); END;", "2026-11-20 00:00:00.000000");
  expect(
    reader.value(
      "SELECT TO_CHAR(SYS_EXTRACT_UTC(last_archive_ts), 'YYYY-MM-DD HH24:MI') FROM dba_audit_mgmt_last_arch_ts",
    ),
  ).toBe("2026-11-20 00:00");
  expect(reader.error("BEGIN das_owner.das_advance(:ts); END;", "2026-11-22 11:00:00.000000")).toBe(
    'ORA-20001: retention\nORA-06512: at "DAS_OWNER.DAS_ADVANCE", line 3\nORA-06512: at line 1',
  );
  // Without the role of the program itself it does not help that its owner has it.
  administrator.run("REVOKE AUDIT_ADMIN FROM PROCEDURE das_owner.das_advance");
  expect(reader.error("BEGIN das_owner.das_advance(:ts); END;", "2026-11-20 00:00:00.000000")).toMatch(/^ORA-01031/);
  administrator.run("GRANT AUDIT_ADMIN TO PROCEDURE das_owner.das_advance");
  reader.run("BEGIN das_owner.das_advance(:ts); END;", "2026-11-20 00:00:00.000000");
});

test("the block of a call is what the audit record shows, with the values it was sent", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  administrator.run('CREATE USER "X" IDENTIFIED BY "pw" ACCOUNT UNLOCK');
  administrator.run('GRANT CREATE SESSION TO "X"');
  administrator.run('CREATE OR REPLACE PROCEDURE "X".das_row(p IN VARCHAR2 DEFAULT NULL) AS BEGIN NULL; END;');
  administrator.run('CREATE AUDIT POLICY "P" ACTIONS EXECUTE ON "X".das_row');
  administrator.run('AUDIT POLICY "P"');
  using session = database.logOn("X");
  session.run('BEGIN "X".das_row(:p); END;', "hello");
  session.run('BEGIN "X".das_row; END;');
  using reader = database.logOn();
  const { rows } = reader.run(
    "SELECT object_schema, object_name, sql_text, sql_binds, entry_id, unified_audit_policies FROM unified_audit_trail WHERE action_name = 'EXECUTE' AND dbusername = 'X' ORDER BY entry_id",
  );
  expect(rows).toEqual([
    ["X", "DAS_ROW", 'BEGIN "X".das_row(:p); END;', " #1(5):hello", 1, "P"],
    ["X", "DAS_ROW", 'BEGIN "X".das_row; END;', null, 2, "P"],
  ]);
  expect(administrator.error('DROP USER "X" CASCADE')).toMatch(/^ORA-01940/);
});

test("what a statement of a block did, the next one sees", () => {
  using administrator = openDatabase().logOn("SYSTEM");
  expect(
    administrator.error(`DECLARE n NUMBER; BEGIN
  EXECUTE IMMEDIATE 'CREATE AUDIT POLICY p ACTIONS LOGON';
  EXECUTE IMMEDIATE 'AUDIT POLICY p';
  SELECT COUNT(*) INTO n FROM audit_unified_enabled_policies;
  FOR r IN (SELECT policy_name FROM audit_unified_enabled_policies) LOOP RAISE_APPLICATION_ERROR(-20000, r.policy_name || n); END LOOP;
END;`),
  ).toMatch(/^ORA-20000: P1\n/);
});

test("a parameter that is left out has its default", () => {
  using administrator = openDatabase().logOn("SYSTEM");
  administrator.run(
    "CREATE FUNCTION f(a NUMBER, b VARCHAR2 DEFAULT 'x' || 1) RETURN VARCHAR2 AS BEGIN RETURN a || b; END;",
  );
  expect(administrator.value("SELECT f(7) FROM dual")).toBe("7x1");
  expect(administrator.value("SELECT f(b => 'z', a => 7) FROM dual")).toBe("7z");
  expect(administrator.error("SELECT f() FROM dual")).toMatch(/PLS-00306/);
});

test("the trigger of a locked stream stops changes of policies, whatever comments hide them", () => {
  const database = openDatabase();
  using sys = database.logOn("SYS");
  sys.run("CREATE TABLE das_owner.das_state (locked NUMBER(1) NOT NULL, fingerprint VARCHAR2(64), parameters CLOB)");
  sys.run("INSERT INTO das_owner.das_state (locked) VALUES (1)");
  sys.run("COMMIT");
  sys.run(`CREATE OR REPLACE FUNCTION das_owner.das_is_locked RETURN NUMBER AS n NUMBER;
    BEGIN SELECT locked INTO n FROM das_owner.das_state; RETURN n; EXCEPTION WHEN OTHERS THEN RETURN 1; END;`);
  sys.run(`CREATE OR REPLACE TRIGGER das_owner.das_lock_trg BEFORE DDL ON DATABASE
DECLARE n PLS_INTEGER; t ora_name_list_t; s VARCHAR2(32767); BEGIN
  n := ora_sql_txt(t); FOR i IN 1..NVL(n,0) LOOP EXIT WHEN LENGTHB(s) > 32000; s := s||t(i); END LOOP;
  s := REGEXP_REPLACE(s,'/\\*.*?\\*/|--[^'||CHR(10)||']*',' ',1,0,'n');
  IF ora_sysevent IN ('AUDIT','NOAUDIT') OR REGEXP_LIKE(s,'^\\s*($|/\\*|(create|alter|drop)\\s+audit\\s+policy)','i')
     OR (ora_dict_obj_owner='DAS_OWNER' AND ora_sysevent IN ('ALTER','DROP','CREATE')) THEN
    IF das_owner.das_is_locked = 1 THEN
      RAISE_APPLICATION_ERROR(-20990,'activity stream is locked: audit policy changes are blocked'); END IF; END IF; END;`);
  using administrator = database.logOn("SYSTEM");
  const locked = /^ORA-20990: activity stream is locked/;
  expect(administrator.error("CREATE AUDIT POLICY p ACTIONS LOGON")).toMatch(locked);
  expect(administrator.error("CREATE /* x */ AUDIT -- y\n POLICY p ACTIONS LOGON")).toMatch(locked);
  expect(administrator.error("NOAUDIT POLICY ora_logon_failures")).toMatch(locked);
  administrator.run('CREATE USER u IDENTIFIED BY "p"');
  sys.run("UPDATE das_owner.das_state SET locked = 0");
  administrator.run("CREATE AUDIT POLICY p ACTIONS LOGON");
});
