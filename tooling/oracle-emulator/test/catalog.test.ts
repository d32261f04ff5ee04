/** What the catalog shows: per release, per container, per site, and to whom. */
import { expect, test } from "vitest";
import { audit, closePluggable, containerOf, openDatabase as openSite, rootOf, switchover } from "../src/index.ts";
import { VERSION_PROFILES } from "../src/version-profiles.ts";
import { logOnOf, openDatabase } from "./evaluate.ts";

test.each(["12.2", "18c", "19c", "21c", "23ai", "26ai", "future"] as const)("%s has its own columns", (release) => {
  using reader = openDatabase({ release }).logOn();
  const columns = (object: string) => reader.run(`SELECT * FROM ${object} WHERE 1=0`).columns;
  const { columns: known, major } = VERSION_PROFILES[release];
  expect(columns("audsys.unified_audit_trail")).toEqual(known.map(({ name }) => name));
  expect(columns("unified_audit_trail").includes("EVENT_TIMESTAMP_UTC")).toBe(major >= 19);
  expect(columns("cdb_unified_audit_trail").at(-1)).toBe("CON_ID");
  const table = columns("audsys.aud$unified");
  expect(table).toEqual(
    expect.arrayContaining(["INST_ID", "OS_USER", "USERID", "OBJ_NAME", "ACTION", "EVENT_TIMESTAMP"]),
  );
  expect(table.includes("DBUSERNAME") || table.includes("SOURCE") || table.includes("EVENT_TIMESTAMP_UTC")).toBe(false);
  expect(new Set(table).size).toBe(table.length);
  expect(columns("gv$unified_audit_trail")).toEqual(table);
  expect(columns("audit_unified_policies").includes("AUDIT_ONLY_TOPLEVEL")).toBe(major >= 19);
  expect(reader.run("SELECT banner FROM v$version").rows.length).toBe(major < 18 ? 3 : 1);
});

test("a long column is what the release says", () => {
  const lengthIn = (release: "19c" | "21c") => {
    using reader = openDatabase({ release }).logOn();
    return reader.run("SELECT client_program_name FROM unified_audit_trail WHERE 1=0").types[0];
  };
  expect([lengthIn("19c"), lengthIn("21c")]).toEqual(["VARCHAR2(48)", "VARCHAR2(84)"]);
});

test("an object that was not granted is not there", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  using reader = database.logOn();
  const statement = "SELECT * FROM audsys.aud$unified WHERE 1=0";
  reader.run(statement);
  administrator.run("REVOKE READ ON audsys.aud$unified FROM das_reader");
  expect(reader.error(statement)).toMatch(/^ORA-00942/);
  expect(reader.error("SELECT 1 FROM sys.dba_users")).toMatch(/^ORA-00942/);
  administrator.run("REVOKE audit_viewer FROM das_reader");
  using again = database.logOn();
  expect(again.error("SELECT 1 FROM unified_audit_trail")).toMatch(/^ORA-00942/);
  administrator.run("GRANT READ ON audsys.unified_audit_trail TO PUBLIC");
  again.run("SELECT 1 FROM unified_audit_trail");
  administrator.run("REVOKE EXECUTE ON sys.dbms_lock FROM das_reader");
  expect(again.error("DECLARE r NUMBER; BEGIN r := SYS.DBMS_LOCK.REQUEST(id => 1, timeout => 0); END;")).toMatch(
    /^ORA-06550[\s\S]*PLS-00201/,
  );
  expect(again.run("SELECT privilege FROM session_privs").rows).toEqual([["CREATE SESSION"]]);
});

test("each container has its own trail; the root's view of all shows the open ones", () => {
  const database = openDatabase({ pluggables: ["SALESPDB", "HRPDB"] });
  const containers = database.engine().site.containers;
  for (const { guid, name } of containers) {
    database.shared.change((world, now) =>
      audit(world, "ORCL_A", guid, [{ ACTION_NAME: "LOGON", TERMINAL: name }], now),
    );
  }
  using root = database.logOn("DAS_READER", { service: "ORCL" });
  using pluggable = database.logOn();
  const all = "SELECT terminal, con_id FROM audsys.cdb_unified_audit_trail ORDER BY con_id";
  expect(pluggable.run("SELECT terminal FROM unified_audit_trail").rows).toEqual([["SALESPDB"]]);
  expect(pluggable.run(all).rows).toEqual([["SALESPDB", 3]]);
  expect(pluggable.run("SELECT name FROM v$containers").rows).toEqual([["SALESPDB"]]);
  expect(root.run("SELECT name FROM v$containers").rows).toEqual([["CDB$ROOT"], ["SALESPDB"], ["HRPDB"]]);
  expect(root.run(all).rows).toEqual([
    ["CDB$ROOT", 1],
    ["SALESPDB", 3],
    ["HRPDB", 4],
  ]);
  const { guid = "" } = containers[1] ?? {};
  database.shared.change((world, now) => closePluggable(world, "ORCL_A", guid, now));
  expect(root.run(all).rows).toEqual([
    ["CDB$ROOT", 1],
    ["HRPDB", 4],
  ]);
  expect(pluggable.error("SELECT 1 FROM dual")).toMatch(/^ORA-01109/);
  expect(database.engine().refusalOf({ serviceName: "salespdb" })).toBe(12514);
  expect(database.engine().refusalOf({ serviceName: "nowhere" })).toBe(12514);
  expect(database.engine().refusalOf({ sid: "NOWHERE" })).toBe(12505);
});

test("a standby shows what was replicated and its own files, and refuses to be written", () => {
  const database = openDatabase();
  const { guid } = containerOf(database.engine().site, database.engine().site.containers[1]?.guid ?? "");
  database.shared.change((world, now) =>
    audit(world, "ORCL_A", guid, [{ ACTION_NAME: "LOGON", TERMINAL: "replicated" }], now),
  );
  database.shared.change((world, now) =>
    audit(world, "ORCL_B", guid, [{ ACTION_NAME: "LOGON", TERMINAL: "own" }], now),
  );
  using standby = database.logOn("DAS_READER", { site: "ORCL_B" });
  using administrator = database.logOn("SYS", { site: "ORCL_B" });
  expect(standby.run("SELECT terminal FROM unified_audit_trail ORDER BY 1").rows).toEqual([["own"], ["replicated"]]);
  expect(standby.run("SELECT database_role, open_mode, db_unique_name FROM v$database").rows).toEqual([
    ["PHYSICAL STANDBY", "READ ONLY WITH APPLY", "ORCL_B"],
  ]);
  expect(administrator.error("CREATE AUDIT POLICY p ACTIONS LOGON")).toMatch(/^ORA-16000/);
  expect(administrator.error("DELETE FROM audsys.aud$unified")).toMatch(/^ORA-46385/);
  const probe =
    "SELECT TO_CHAR(resetlogs_change#)||':'||TO_CHAR(activation#)||':'||TO_CHAR(switchover#), SYS_CONTEXT('USERENV','DATABASE_ROLE') FROM v$database";
  const before = standby.run(probe).rows[0];
  database.shared.change((world, now) => switchover(world, "ORCL_B", now));
  database.shared.change((world, now) => openSite(world, "ORCL_B", "READ WRITE", now));
  expect(standby.error(probe)).toMatch(/^ORA-03113/);
  using promoted = database.logOn("DAS_READER", { site: "ORCL_B" });
  const after = promoted.run(probe).rows[0];
  expect(after?.[1]).toBe("PRIMARY");
  expect(after?.[0]).not.toBe(before?.[0]);
});

test("who may not log on is told why, and the failure is audited", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  administrator.run("AUDIT POLICY ora_logon_failures WHENEVER NOT SUCCESSFUL");
  administrator.run('CREATE USER nobody IDENTIFIED BY "x"');
  const refusal = (user: string) => () => database.logOn(user)[Symbol.dispose]();
  expect(refusal("NOBODY")).toThrow("ORA-01045: user NOBODY lacks CREATE SESSION privilege; logon denied");
  administrator.run("ALTER USER nobody ACCOUNT LOCK");
  expect(refusal("NOBODY")).toThrow("ORA-28000");
  expect(database.engine().passwordOf("nobody")).toBe("x");
  expect(database.engine().passwordOf('"nobody"')).toBeUndefined();
  expect(database.engine().passwordOf("das_owner")).toBeUndefined();
  database.engine().logOnFailed(logOnOf("nobody", "SALESPDB"));
  expect(
    administrator.run(
      "SELECT dbusername, return_code FROM unified_audit_trail WHERE action_name = 'LOGON' ORDER BY return_code",
    ).rows,
  ).toEqual([
    ["NOBODY", 1017],
    ["NOBODY", 1045],
    ["NOBODY", 28000],
  ]);
});

test("a session that vanishes leaves its row in a file, and its lock to the next one", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  administrator.run("CREATE AUDIT POLICY sessions ACTIONS LOGOFF, LOGOFF BY CLEANUP");
  administrator.run("AUDIT POLICY sessions BY das_reader");
  const lock =
    "DECLARE r NUMBER; BEGIN r := SYS.DBMS_LOCK.REQUEST(id => 1, timeout => 0); RAISE_APPLICATION_ERROR(-20000 - r, 'r'); END;";
  const gone = database.logOn();
  using reader = database.logOn();
  expect(gone.error(lock)).toMatch(/^ORA-20000/);
  expect(reader.error(lock)).toMatch(/^ORA-20001/);
  gone.session.close("vanished");
  expect(reader.error(lock)).toMatch(/^ORA-20000/);
  expect(reader.run("SELECT COUNT(*) FROM gv$unified_audit_trail").rows).toEqual([[1]]);
  expect(reader.value("SELECT action_name FROM unified_audit_trail WHERE dbusername = 'DAS_READER'")).toBe(
    "LOGOFF BY CLEANUP",
  );
});

test("a session that is killed, or whose database went down, gets no further", () => {
  const database = openDatabase();
  using administrator = database.logOn("SYSTEM");
  using reader = database.logOn();
  const lock =
    "DECLARE r NUMBER; BEGIN r := SYS.DBMS_LOCK.REQUEST(id => 1, timeout => 0); RAISE_APPLICATION_ERROR(-20000 - r, 'r'); END;";
  expect(reader.error(lock)).toMatch(/^ORA-20000/);
  expect(administrator.error(lock)).toMatch(/^ORA-20001/);
  const [[sid, serial] = []] = administrator.run(
    "SELECT sid, serial# FROM v$session WHERE username = 'DAS_READER'",
  ).rows;
  administrator.run(`ALTER SYSTEM KILL SESSION '${sid},${serial}' IMMEDIATE`);
  expect(administrator.error(lock)).toMatch(/^ORA-20000/);
  expect(reader.error("SELECT 1 FROM dual")).toMatch(/^ORA-00028/);
  expect(administrator.run("SELECT sid FROM v$session WHERE username = 'DAS_READER'").rows).toEqual([]);
});

test("what cannot be audited does not happen", () => {
  const database = openDatabase({ pluggables: [] });
  const { guid } = rootOf(database.engine().site);
  using administrator = database.logOn("SYSTEM", { service: "ORCL" });
  administrator.run("CREATE AUDIT POLICY p ACTIONS SELECT");
  administrator.run("AUDIT POLICY p");
  database.shared.change((world) => ({
    ...world,
    sites: world.sites.map((site) => ({ ...site, tableWritable: false, filesWritable: false })),
  }));
  expect(administrator.error("SELECT name FROM v$database")).toMatch(/^ORA-02002/);
  expect(containerOf(database.engine().site, guid).enabledPolicies).toHaveLength(1);
});
