/** Command rules of Database Vault: who may make them, and whom they refuse. */
import { expect, test } from "vitest";
import { openDatabase } from "./evaluate.ts";

const YES = "DVSYS.DBMS_MACUTL.G_YES";
const RULES = [
  "BEGIN DVSYS.DBMS_MACADM.CREATE_RULE('never', 'das_owner.is_open = 1'); END;",
  "BEGIN DVSYS.DBMS_MACADM.CREATE_RULE_SET('shut', 'a test', DVSYS.DBMS_MACUTL.G_YES, DVSYS.DBMS_MACUTL.G_RULESET_EVAL_ALL, DVSYS.DBMS_MACUTL.G_RULESET_AUDIT_FAIL, DVSYS.DBMS_MACUTL.G_RULESET_FAIL_SHOW, 'it is shut', 20991, DVSYS.DBMS_MACUTL.G_RULESET_HANDLER_OFF, NULL); END;",
  `BEGIN DVSYS.DBMS_MACADM.ADD_RULE_TO_RULE_SET('shut', 'never', 1, ${YES}); END;`,
  `BEGIN DVSYS.DBMS_MACADM.CREATE_COMMAND_RULE('NOAUDIT POLICY', 'shut', '%', '%', ${YES}); END;`,
  `BEGIN DVSYS.DBMS_MACADM.CREATE_COMMAND_RULE('EXECUTE', 'shut', 'AUDSYS', 'DBMS_AUDIT_MGMT', ${YES}); END;`,
];
const NOAUDIT = "NOAUDIT POLICY ora_logon_failures";
const CLEAN = "BEGIN DBMS_AUDIT_MGMT.CLEAN_AUDIT_TRAIL(51, TRUE); END;";

function enableVault({ shared }: ReturnType<typeof openDatabase>): void {
  shared.changeDatabase({ vault: { ...shared.database.vault, isEnabled: true } });
}

test("only DV_OWNER and DV_ADMIN configure it, whoever else one is", () => {
  const database = openDatabase();
  enableVault(database);
  using system = database.logOn("SYSTEM");
  expect(system.error(RULES[0] ?? "")).toMatch(/DBMS_MACADM' must be declared|PLS-00201/);
  using sys = database.logOn("SYS");
  expect(sys.error(RULES[0] ?? "")).toMatch(/^ORA-47920/);
  sys.run("GRANT DV_ADMIN TO SYSTEM");
  using keeper = database.logOn("SYSTEM");
  keeper.run(RULES[0] ?? "");
  expect(keeper.run("SELECT name, rule_expr FROM dvsys.dba_dv_rule").rows).toEqual([
    ["never", "das_owner.is_open = 1"],
  ]);
  expect(sys.value("SELECT value FROM v$option WHERE parameter = 'Oracle Database Vault'")).toBe("TRUE");
});

test("a rule refuses everybody until it holds, and what cannot be evaluated does not hold", () => {
  const database = openDatabase();
  using sys = database.logOn("SYS");
  sys.run("GRANT DV_ADMIN TO SYSTEM");
  using keeper = database.logOn("SYSTEM");
  for (const rule of RULES) keeper.run(rule);
  // Until it is enabled its rules are of no effect.
  sys.run(NOAUDIT);
  sys.run("AUDIT POLICY ora_logon_failures");
  enableVault(database);
  expect(sys.error(NOAUDIT)).toMatch(/^ORA-47400: .*NOAUDIT POLICY on ORA_LOGON_FAILURES\nORA-20991: it is shut/);
  expect(sys.error(CLEAN)).toMatch(/^ORA-47409/);
  sys.run("CREATE FUNCTION das_owner.is_open RETURN NUMBER AS BEGIN RETURN 1; END;");
  // The schema of Database Vault may not execute it.
  expect(sys.error(NOAUDIT)).toMatch(/^ORA-47400/);
  sys.run("GRANT EXECUTE ON das_owner.is_open TO DVSYS");
  sys.run(NOAUDIT);
  sys.run(CLEAN);
});

test("what is in use is not deleted, and a command that has no rule is refused", () => {
  const database = openDatabase();
  using sys = database.logOn("SYS");
  sys.run("GRANT DV_OWNER TO SYSTEM");
  using keeper = database.logOn("SYSTEM");
  for (const rule of RULES) keeper.run(rule);
  const call = (text: string) => `BEGIN DVSYS.DBMS_MACADM.${text}; END;`;
  expect(keeper.error(call("DELETE_RULE('never')"))).toMatch(/in use/);
  expect(keeper.error(call("DELETE_RULE_SET('shut')"))).toMatch(/in use/);
  expect(keeper.error(call(`CREATE_COMMAND_RULE('DANCE', 'shut', '%', '%', ${YES})`))).toMatch(/^ORA-47100/);
  keeper.run(call("DELETE_COMMAND_RULE('NOAUDIT POLICY', '%', '%')"));
  keeper.run(call("DELETE_COMMAND_RULE('EXECUTE', 'AUDSYS', 'DBMS_AUDIT_MGMT')"));
  keeper.run(call("DELETE_RULE_FROM_RULE_SET('shut', 'never')"));
  keeper.run(call("DELETE_RULE_SET('shut')"));
  keeper.run(call("DELETE_RULE('never')"));
  expect(keeper.value("SELECT COUNT(*) FROM dvsys.dba_dv_rule")).toBe(0);
});
