-- unlock the audit policies
BEGIN DAS_OWNER.das_set_policy(0, NULL); END;
/

-- remove the Database Vault command rule EXECUTE
BEGIN
  DVSYS.DBMS_MACADM.DELETE_COMMAND_RULE(command => 'EXECUTE', object_owner => 'AUDSYS', object_name => 'DBMS_AUDIT_MGMT');
END;
/

-- remove the Database Vault command rule DROP AUDIT POLICY (its name is not verified)
BEGIN
  DVSYS.DBMS_MACADM.DELETE_COMMAND_RULE(command => 'DROP AUDIT POLICY', object_owner => '%', object_name => '%');
END;
/

-- remove the Database Vault command rule ALTER AUDIT POLICY (its name is not verified)
BEGIN
  DVSYS.DBMS_MACADM.DELETE_COMMAND_RULE(command => 'ALTER AUDIT POLICY', object_owner => '%', object_name => '%');
END;
/

-- remove the Database Vault command rule CREATE AUDIT POLICY (its name is not verified)
BEGIN
  DVSYS.DBMS_MACADM.DELETE_COMMAND_RULE(command => 'CREATE AUDIT POLICY', object_owner => '%', object_name => '%');
END;
/

-- remove the Database Vault command rule NOAUDIT POLICY
BEGIN
  DVSYS.DBMS_MACADM.DELETE_COMMAND_RULE(command => 'NOAUDIT POLICY', object_owner => '%', object_name => '%');
END;
/

-- remove the Database Vault command rule AUDIT POLICY
BEGIN
  DVSYS.DBMS_MACADM.DELETE_COMMAND_RULE(command => 'AUDIT POLICY', object_owner => '%', object_name => '%');
END;
/

-- remove the Database Vault rule of DAS publisher lock
BEGIN
  DVSYS.DBMS_MACADM.DELETE_RULE_FROM_RULE_SET(rule_set_name => 'DAS publisher lock', rule_name => 'DAS unlocked or publisher');
END;
/

-- remove the Database Vault rule set DAS publisher lock
BEGIN
  DVSYS.DBMS_MACADM.DELETE_RULE_SET(rule_set_name => 'DAS publisher lock');
END;
/

-- remove the Database Vault rule DAS unlocked or publisher
BEGIN
  DVSYS.DBMS_MACADM.DELETE_RULE(rule_name => 'DAS unlocked or publisher');
END;
/

-- remove the Database Vault rule of DAS lock
BEGIN
  DVSYS.DBMS_MACADM.DELETE_RULE_FROM_RULE_SET(rule_set_name => 'DAS lock', rule_name => 'DAS unlocked');
END;
/

-- remove the Database Vault rule set DAS lock
BEGIN
  DVSYS.DBMS_MACADM.DELETE_RULE_SET(rule_set_name => 'DAS lock');
END;
/

-- remove the Database Vault rule DAS unlocked
BEGIN
  DVSYS.DBMS_MACADM.DELETE_RULE(rule_name => 'DAS unlocked');
END;
/
