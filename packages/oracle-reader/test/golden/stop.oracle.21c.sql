-- unlock the audit policies
BEGIN DAS_OWNER.das_set_policy(0, NULL); END;
/

-- drop the trigger DAS_OWNER.DAS_LOCK_TRG
DROP TRIGGER DAS_OWNER.DAS_LOCK_TRG;

-- restore the partition interval of AUDSYS.AUD$UNIFIED: 1 DAY
BEGIN
  DBMS_AUDIT_MGMT.ALTER_PARTITION_INTERVAL(interval_number => 1, interval_frequency => 'DAY');
END;
/

-- end the audit policy APP for a moment
NOAUDIT POLICY APP;

-- enable the audit policy APP as it was
AUDIT POLICY APP;

-- end the audit policy DAS_LOCK
NOAUDIT POLICY DAS_LOCK;

-- drop the audit policy DAS_LOCK
DROP AUDIT POLICY DAS_LOCK;

-- end the audit policy DAS_READER_POL
NOAUDIT POLICY DAS_READER_POL BY DAS_READER;

-- drop the audit policy DAS_READER_POL
DROP AUDIT POLICY DAS_READER_POL;

-- end the audit policy DAS_CANARY_POL
NOAUDIT POLICY DAS_CANARY_POL;

-- drop the audit policy DAS_CANARY_POL
DROP AUDIT POLICY DAS_CANARY_POL;

-- drop the schema DAS_OWNER with all that is in it
DROP USER DAS_OWNER CASCADE;
