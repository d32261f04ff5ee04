/** Users, grants, audit policies: what they take, what they leave, what they refuse. */
import { expect, test } from "vitest";
import { openDatabase } from "./evaluate.ts";

const ENABLED =
  "SELECT policy_name, enabled_option, entity_name, entity_type, success, failure FROM sys.audit_unified_enabled_policies ORDER BY 1, 3";

test("the policies of the provisioning show up in the views as they were written", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  using reader = database.logOn();
  administrator.run("CREATE AUDIT POLICY das_all ACTIONS ALL ONLY TOPLEVEL");
  administrator.run("AUDIT POLICY das_all EXCEPT das_reader");
  administrator.run(
    "CREATE AUDIT POLICY das_lock ACTIONS CREATE AUDIT POLICY, ALTER AUDIT POLICY, AUDIT, EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT",
  );
  administrator.run("AUDIT POLICY das_lock");
  administrator.run("CREATE AUDIT POLICY das_reader_pol PRIVILEGES SELECT ANY TABLE ACTIONS LOGON, LOGOFF");
  administrator.run("AUDIT POLICY das_reader_pol BY das_reader WHENEVER NOT SUCCESSFUL");
  administrator.run("CREATE AUDIT POLICY das_canary_pol ACTIONS EXECUTE ON das_owner.das_canary");
  expect(reader.run(ENABLED).rows).toEqual([
    ["DAS_ALL", "EXCEPT USER", "DAS_READER", "USER", "YES", "YES"],
    ["DAS_LOCK", "BY USER", "ALL USERS", "USER", "YES", "YES"],
    ["DAS_READER_POL", "BY USER", "DAS_READER", "USER", "NO", "YES"],
  ]);
  expect(
    reader.run(`SELECT policy_name, audit_option, audit_option_type, object_schema, object_name, object_type, audit_only_toplevel
FROM sys.audit_unified_policies WHERE policy_name LIKE 'DAS%' ORDER BY 1, 2`).rows,
  ).toEqual([
    ["DAS_ALL", "ALL", "STANDARD ACTION", "NONE", "NONE", "NONE", "YES"],
    ["DAS_CANARY_POL", "EXECUTE", "OBJECT ACTION", "DAS_OWNER", "DAS_CANARY", "PROCEDURE", "NO"],
    ["DAS_LOCK", "ALTER AUDIT POLICY", "STANDARD ACTION", "NONE", "NONE", "NONE", "NO"],
    ["DAS_LOCK", "AUDIT", "STANDARD ACTION", "NONE", "NONE", "NONE", "NO"],
    ["DAS_LOCK", "CREATE AUDIT POLICY", "STANDARD ACTION", "NONE", "NONE", "NONE", "NO"],
    ["DAS_LOCK", "EXECUTE", "OBJECT ACTION", "AUDSYS", "DBMS_AUDIT_MGMT", "PACKAGE", "NO"],
    ["DAS_READER_POL", "LOGOFF", "STANDARD ACTION", "NONE", "NONE", "NONE", "NO"],
    ["DAS_READER_POL", "LOGON", "STANDARD ACTION", "NONE", "NONE", "NONE", "NO"],
    ["DAS_READER_POL", "SELECT ANY TABLE", "SYSTEM PRIVILEGE", "NONE", "NONE", "NONE", "NO"],
  ]);
  const told = reader.run(
    "SELECT action_name, object_name, dbusername, unified_audit_policies FROM unified_audit_trail WHERE object_name = 'DAS_ALL' ORDER BY entry_id",
  );
  expect(told.rows).toEqual([
    ["CREATE AUDIT POLICY", "DAS_ALL", "SYSTEM", "ORA$MANDATORY"],
    ["AUDIT", "DAS_ALL", "SYSTEM", "ORA$MANDATORY, DAS_ALL"],
  ]);
});

test("a policy that is enabled makes the records, and one with EXCEPT leaves the reader out", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  administrator.run("CREATE AUDIT POLICY everything ACTIONS ALL");
  administrator.run("AUDIT POLICY everything EXCEPT das_reader");
  const list =
    "SELECT action_name, object_name, return_code FROM unified_audit_trail WHERE dbusername = :u AND unified_audit_policies = 'EVERYTHING' ORDER BY event_timestamp, entry_id";
  using reader = database.logOn();
  {
    using other = database.logOn("SYSTEM");
    other.run("SELECT 1 FROM dual");
    other.run("SELECT name FROM v$database");
    other.error("SELECT 1 FROM nowhere");
    other.run("BEGIN NULL; END;");
  }
  expect(reader.run(list, "SYSTEM").rows).toEqual([
    ["LOGON", null, 0],
    ["SELECT", "V_$DATABASE", 0],
    ["SELECT", "NOWHERE", 942],
    ["PL/SQL EXECUTE", null, 0],
    ["LOGOFF", null, 0],
  ]);
  expect(reader.run(list, "DAS_READER").rows).toEqual([]);
});

test.each([
  ["CREATE AUDIT POLICY ora_secureconfig ACTIONS LOGON", 46358],
  ["CREATE AUDIT POLICY p", 46351],
  ["CREATE AUDIT POLICY p ACTIONS", 46353],
  ["CREATE AUDIT POLICY p ACTIONS SELECT ON nowhere.nothing", 942],
  ["CREATE AUDIT POLICY p ACTIONS LOGON WHEN 'x'", 46367],
  ["AUDIT POLICY nothing", 46357],
  ["DROP AUDIT POLICY nothing", 46357],
  ["AUDIT POLICY ora_logon_failures BY nobody", 1917],
  ["AUDIT SELECT TABLE", 900],
  ["CREATE USER das_reader IDENTIFIED BY x", 1920],
  ["CREATE USER u", 988],
  ["CREATE USER u IDENTIFIED BY x NONSENSE", 922],
  ["CREATE ROLE dba", 1921],
  ["DROP USER nobody", 1918],
  ["DROP USER sys", 28014],
  ["GRANT NONSENSE TO das_reader", 1919],
  ["GRANT MAKE COFFEE TO das_reader", 990],
  ["GRANT READ ON sys.nothing TO das_reader", 942],
  ["GRANT READ ON sys.v_$database TO nobody", 1917],
  ["REVOKE READ ON sys.dual FROM das_reader", 1927],
  ["REVOKE dba FROM das_reader", 1951],
  ["REVOKE AUDIT SYSTEM FROM das_reader", 1952],
  ["GRANT CREATE SESSION das_reader", 905],
  ["CREATE TABLE das_owner.t (a NONSENSE)", 902],
  ["DROP PROCEDURE das_owner.nothing", 4043],
  ["ALTER SYSTEM SET nonsense = 1", 2065],
  ["ALTER SYSTEM KILL SESSION '1,1'", 30],
  ["CREATE TABLE audsys.t (a NUMBER)", 46385],
  ["TRUNCATE TABLE audsys.aud$unified", 46385],
  ["ALTER TABLE audsys.aud$unified ADD (x NUMBER)", 46385],
  ["CREATE INDEX i ON audsys.aud$unified (event_timestamp)", 46385],
])("%s is refused", (sql, code) => {
  using administrator = openDatabase().logOn("SYSTEM");
  expect(administrator.error(sql)).toMatch(new RegExp(`^ORA-${String(code).padStart(5, "0")}: `));
});

test("BY and EXCEPT are not mixed, and what is enabled is not dropped", () => {
  using administrator = openDatabase().logOn("SYSTEM");
  administrator.run("CREATE AUDIT POLICY p ACTIONS LOGON");
  administrator.run("AUDIT POLICY p BY das_reader");
  expect(administrator.error("AUDIT POLICY p EXCEPT system")).toMatch(/^ORA-46373/);
  expect(administrator.error("DROP AUDIT POLICY p")).toMatch(/^ORA-46361/);
  administrator.run("NOAUDIT POLICY p BY das_reader");
  administrator.run("ALTER AUDIT POLICY p ADD ACTIONS LOGOFF DROP ACTIONS LOGON CONDITION 'x' EVALUATE PER SESSION");
  expect(
    administrator.run(
      "SELECT audit_option, audit_condition, condition_eval_opt FROM audit_unified_policies WHERE policy_name = 'P'",
    ).rows,
  ).toEqual([["LOGOFF", "x", "SESSION"]]);
  administrator.run("DROP AUDIT POLICY p");
});

test("even SYS does not touch the trail's tables, and the attempt is audited", () => {
  const database = openDatabase();
  using sys = database.logOn("SYS");
  for (const sql of [
    "DELETE FROM audsys.aud$unified",
    "UPDATE audsys.aud$unified SET dbid = 1",
    "INSERT INTO audsys.aud$unified (dbid) VALUES (1)",
    "DROP TABLE audsys.aud$unified",
  ]) {
    expect(sys.error(sql)).toBe('ORA-46385: DML and DDL operations are not allowed on table "AUDSYS"."AUD$UNIFIED".');
  }
  using reader = database.logOn();
  expect(
    reader.run(
      "SELECT action_name, return_code FROM unified_audit_trail WHERE object_name = 'AUD$UNIFIED' ORDER BY entry_id",
    ).rows,
  ).toEqual([
    ["DELETE", 46385],
    ["UPDATE", 46385],
    ["INSERT", 46385],
  ]);
});

test("a password is not in the record of the statement that set it", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  administrator.run("AUDIT POLICY ora_secureconfig");
  administrator.run('CREATE USER u IDENTIFIED BY "secret" ACCOUNT UNLOCK');
  using reader = database.logOn();
  expect(reader.value("SELECT sql_text FROM unified_audit_trail WHERE action_name = 'CREATE USER'")).toBe(
    "CREATE USER u IDENTIFIED BY * ACCOUNT UNLOCK",
  );
});

test("DBMS_AUDIT_MGMT does what the DBA asks", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  administrator.run(
    `BEGIN
  DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(
    audit_trail_type  => DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED,
    last_archive_time => TO_TIMESTAMP(:t,'YYYY-MM-DD HH24:MI:SS.FF6'),
    rac_instance_number => NULL, container => DBMS_AUDIT_MGMT.CONTAINER_CURRENT);
END;`,
    "2026-11-22 11:59:59.000000",
  );
  administrator.run(
    "BEGIN DBMS_AUDIT_MGMT.CREATE_PURGE_JOB(DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED, 24 /*h*/, 'DAS_PURGE', TRUE); END;",
  );
  administrator.run(
    "BEGIN DBMS_AUDIT_MGMT.ALTER_PARTITION_INTERVAL(interval_number => 1, interval_frequency => 'HOUR'); END;",
  );
  using reader = database.logOn();
  expect(reader.run("SELECT job_name, job_status, job_frequency FROM dba_audit_mgmt_cleanup_jobs").rows).toEqual([
    ["DAS_PURGE", "ENABLED", "FREQ=HOURLY;INTERVAL=24"],
  ]);
  expect(reader.value("SELECT COUNT(*) FROM unified_audit_trail")).toBe(3);
  database.clock.milliseconds += 1000;
  administrator.run(
    "BEGIN DBMS_AUDIT_MGMT.CLEAN_AUDIT_TRAIL(DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED, use_last_arch_timestamp => FALSE); END;",
  );
  expect(reader.run("SELECT action_name, object_name, sql_text FROM unified_audit_trail").rows).toEqual([
    [
      "EXECUTE",
      "DBMS_AUDIT_MGMT",
      "BEGIN DBMS_AUDIT_MGMT.CLEAN_AUDIT_TRAIL(DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED, use_last_arch_timestamp => FALSE); END;",
    ],
  ]);
  expect(administrator.value("SELECT DBMS_AUDIT_MGMT.GET_AUDIT_COMMIT_DELAY FROM dual")).toBe(5);
  expect(
    administrator.error("BEGIN DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(51, SYSTIMESTAMP + INTERVAL '1' DAY); END;"),
  ).toMatch(/^ORA-46253/);
});

test("what somebody created is theirs to change, and a rollback takes it back", () => {
  using administrator = openDatabase().logOn("SYSTEM");
  administrator.run("CREATE TABLE t (id NUMBER(3) NOT NULL, name VARCHAR2(5))");
  expect(administrator.run("INSERT INTO t VALUES (1, 'a')").rowsAffected).toBe(1);
  administrator.run("INSERT INTO t (name, id) SELECT 'b', 2 FROM dual");
  administrator.run("COMMIT");
  expect(administrator.run("UPDATE t SET name = name || 'x' WHERE id = 2").rowsAffected).toBe(1);
  expect(administrator.run("DELETE FROM t WHERE id = 1").rowsAffected).toBe(1);
  expect(administrator.run("SELECT * FROM t").rows).toEqual([[2, "bx"]]);
  administrator.session.rollback();
  expect(administrator.run("SELECT name FROM t ORDER BY id").rows).toEqual([["a"], ["b"]]);
  expect(administrator.error("INSERT INTO t VALUES (NULL, 'a')")).toMatch(/^ORA-01400/);
  expect(administrator.error("INSERT INTO t VALUES (1, 'abcdef')")).toMatch(/^ORA-12899/);
  expect(administrator.error("INSERT INTO t VALUES (1000, 'a')")).toMatch(/^ORA-01438/);
  expect(administrator.error("INSERT INTO t VALUES (1)")).toMatch(/^ORA-00947/);
});

test("users of the root are common and those of a PDB local, by their names; 12.2 knows no account without authentication", () => {
  const database = openDatabase();
  using root = database.logOn("SYSTEM", { service: "ORCL" });
  using pluggable = database.logOn("SYSTEM");
  expect(root.error('CREATE USER das_local IDENTIFIED BY "x"')).toMatch(/^ORA-65096/);
  root.run('CREATE USER c##das IDENTIFIED BY "x" CONTAINER=ALL');
  expect(pluggable.error('CREATE USER c##other IDENTIFIED BY "x"')).toMatch(/^ORA-65094/);
  pluggable.run("CREATE USER das_local NO AUTHENTICATION");
  using old = openDatabase({ release: "12.2" }).logOn("SYSTEM");
  expect(old.error("CREATE USER das_local NO AUTHENTICATION")).toMatch(/^ORA-00922/);
  old.run('CREATE USER das_local IDENTIFIED BY "x" ACCOUNT LOCK');
});

test("what was created is shown with its source and when it was defined, to its owner as its own", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  administrator.run("CREATE OR REPLACE PROCEDURE das_owner.das_more AS\nBEGIN NULL; END;");
  administrator.run("CREATE OR REPLACE TRIGGER das_owner.das_trg BEFORE DDL ON DATABASE BEGIN NULL; END;");
  const source = "SELECT type, line, text FROM dba_source WHERE owner = 'DAS_OWNER' AND name = :n ORDER BY line";
  expect(administrator.run(source, "DAS_MORE").rows).toEqual([
    ["PROCEDURE", 1, "PROCEDURE das_owner.das_more AS\n"],
    ["PROCEDURE", 2, "BEGIN NULL; END;\n"],
  ]);
  const shown = `SELECT o.object_type, o.status, TO_CHAR(o.last_ddl_time, 'YYYY-MM-DD HH24:MI:SS'), t.status
FROM dba_objects o LEFT JOIN dba_triggers t ON t.trigger_name = o.object_name WHERE o.object_name = 'DAS_TRG'`;
  expect(administrator.run(shown).rows).toEqual([["TRIGGER", "VALID", "2026-11-22 12:00:00", "ENABLED"]]);
  database.clock.milliseconds += 5000;
  administrator.run("ALTER TRIGGER das_owner.das_trg DISABLE");
  expect(administrator.run(shown).rows).toEqual([["TRIGGER", "VALID", "2026-11-22 12:00:05", "DISABLED"]]);
  expect(administrator.value("SELECT COUNT(*) FROM user_triggers")).toBe(0);
  administrator.run(
    "CREATE FUNCTION das_owner.das_count RETURN NUMBER AS n NUMBER; BEGIN SELECT COUNT(*) INTO n FROM user_triggers; RETURN n; END;",
  );
  expect(administrator.value("SELECT das_owner.das_count FROM dual")).toBe(1);
});
