-- create the procedure DAS_OWNER.DAS_SET_POLICY, through which the administrator locks and unlocks the policies, which leaves a row in the trail
CREATE OR REPLACE PROCEDURE DAS_OWNER.das_set_policy(p_locked NUMBER, p_recorded VARCHAR2) AS /* das fe90a3746b5e */
  n NUMBER;
BEGIN
  SELECT COUNT(*) INTO n FROM DAS_OWNER.DAS_STATE WHERE administrator = SYS_CONTEXT('USERENV','SESSION_USER');
  IF n = 0 AND SYS_CONTEXT('USERENV','SESSION_USER') <> 'SYS' THEN
    RAISE_APPLICATION_ERROR(-20992, 'activity stream: this is for the administrator who started it');
  END IF;
  IF p_locked NOT IN (0, 1) THEN RAISE_APPLICATION_ERROR(-20994, 'activity stream: locked is 1 or 0'); END IF;
  UPDATE DAS_OWNER.DAS_STATE SET locked = p_locked;
  IF p_recorded IS NOT NULL THEN UPDATE DAS_OWNER.DAS_STATE SET recorded = p_recorded; END IF;
  COMMIT;
END;
/

-- let Database Vault ask whether the stream is locked
GRANT EXECUTE ON DAS_OWNER.DAS_IS_LOCKED TO DVSYS;

-- create the Database Vault rule DAS unlocked
BEGIN
  DVSYS.DBMS_MACADM.CREATE_RULE(rule_name => 'DAS unlocked', rule_expr => 'DAS_OWNER.das_is_locked = 0');
END;
/

-- create the Database Vault rule set DAS lock
BEGIN
  DVSYS.DBMS_MACADM.CREATE_RULE_SET(rule_set_name => 'DAS lock', description => 'lock of the activity stream',
    enabled => DVSYS.DBMS_MACUTL.G_YES, eval_options => DVSYS.DBMS_MACUTL.G_RULESET_EVAL_ALL,
    audit_options => DVSYS.DBMS_MACUTL.G_RULESET_AUDIT_FAIL, fail_options => DVSYS.DBMS_MACUTL.G_RULESET_FAIL_SHOW,
    fail_message => 'activity stream is locked', fail_code => 20991,
    handler_options => DVSYS.DBMS_MACUTL.G_RULESET_HANDLER_OFF, handler => NULL);
END;
/

-- create the Database Vault rule of DAS lock
BEGIN
  DVSYS.DBMS_MACADM.ADD_RULE_TO_RULE_SET(rule_set_name => 'DAS lock', rule_name => 'DAS unlocked', rule_order => 1, enabled => DVSYS.DBMS_MACUTL.G_YES);
END;
/

-- create the Database Vault rule DAS unlocked or publisher
BEGIN
  DVSYS.DBMS_MACADM.CREATE_RULE(rule_name => 'DAS unlocked or publisher', rule_expr => 'DAS_OWNER.das_is_locked = 0 OR SYS_CONTEXT(''USERENV'',''SESSION_USER'') IN (''DAS_OWNER'', ''DAS_READER'')');
END;
/

-- create the Database Vault rule set DAS publisher lock
BEGIN
  DVSYS.DBMS_MACADM.CREATE_RULE_SET(rule_set_name => 'DAS publisher lock', description => 'lock of the activity stream',
    enabled => DVSYS.DBMS_MACUTL.G_YES, eval_options => DVSYS.DBMS_MACUTL.G_RULESET_EVAL_ALL,
    audit_options => DVSYS.DBMS_MACUTL.G_RULESET_AUDIT_FAIL, fail_options => DVSYS.DBMS_MACUTL.G_RULESET_FAIL_SHOW,
    fail_message => 'activity stream is locked', fail_code => 20991,
    handler_options => DVSYS.DBMS_MACUTL.G_RULESET_HANDLER_OFF, handler => NULL);
END;
/

-- create the Database Vault rule of DAS publisher lock
BEGIN
  DVSYS.DBMS_MACADM.ADD_RULE_TO_RULE_SET(rule_set_name => 'DAS publisher lock', rule_name => 'DAS unlocked or publisher', rule_order => 1, enabled => DVSYS.DBMS_MACUTL.G_YES);
END;
/

-- create the Database Vault command rule AUDIT POLICY
BEGIN
  DVSYS.DBMS_MACADM.CREATE_COMMAND_RULE(command => 'AUDIT POLICY', rule_set_name => 'DAS publisher lock',
    object_owner => '%', object_name => '%', enabled => DVSYS.DBMS_MACUTL.G_YES);
END;
/

-- create the Database Vault command rule NOAUDIT POLICY
BEGIN
  DVSYS.DBMS_MACADM.CREATE_COMMAND_RULE(command => 'NOAUDIT POLICY', rule_set_name => 'DAS lock',
    object_owner => '%', object_name => '%', enabled => DVSYS.DBMS_MACUTL.G_YES);
END;
/

-- create the Database Vault command rule CREATE AUDIT POLICY (its name is not verified)
BEGIN
  DVSYS.DBMS_MACADM.CREATE_COMMAND_RULE(command => 'CREATE AUDIT POLICY', rule_set_name => 'DAS lock',
    object_owner => '%', object_name => '%', enabled => DVSYS.DBMS_MACUTL.G_YES);
END;
/

-- create the Database Vault command rule ALTER AUDIT POLICY (its name is not verified)
BEGIN
  DVSYS.DBMS_MACADM.CREATE_COMMAND_RULE(command => 'ALTER AUDIT POLICY', rule_set_name => 'DAS lock',
    object_owner => '%', object_name => '%', enabled => DVSYS.DBMS_MACUTL.G_YES);
END;
/

-- create the Database Vault command rule DROP AUDIT POLICY (its name is not verified)
BEGIN
  DVSYS.DBMS_MACADM.CREATE_COMMAND_RULE(command => 'DROP AUDIT POLICY', rule_set_name => 'DAS lock',
    object_owner => '%', object_name => '%', enabled => DVSYS.DBMS_MACUTL.G_YES);
END;
/

-- create the Database Vault command rule EXECUTE
BEGIN
  DVSYS.DBMS_MACADM.CREATE_COMMAND_RULE(command => 'EXECUTE', rule_set_name => 'DAS publisher lock',
    object_owner => 'AUDSYS', object_name => 'DBMS_AUDIT_MGMT', enabled => DVSYS.DBMS_MACUTL.G_YES);
END;
/

-- lock the audit policies, and record how they are
BEGIN DAS_OWNER.das_set_policy(1, :record); END;
/
