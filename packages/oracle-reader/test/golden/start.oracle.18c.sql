-- create the schema DAS_OWNER, which nobody logs on as
CREATE USER DAS_OWNER NO AUTHENTICATION DEFAULT TABLESPACE SYSAUX QUOTA 10M ON SYSAUX;

-- let DAS_OWNER have AUDIT_ADMIN
GRANT AUDIT_ADMIN TO DAS_OWNER WITH DELEGATE OPTION;

-- let DAS_OWNER have EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT
GRANT EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT TO DAS_OWNER;

-- let DAS_OWNER have ADMINISTER DATABASE TRIGGER
GRANT ADMINISTER DATABASE TRIGGER TO DAS_OWNER;

-- let DAS_OWNER have READ ON SYS.DBA_PART_TABLES
GRANT READ ON SYS.DBA_PART_TABLES TO DAS_OWNER;

-- create the publisher's account DAS_READER
CREATE USER DAS_READER IDENTIFIED BY :reader_password;

-- let DAS_READER have CREATE SESSION
GRANT CREATE SESSION TO DAS_READER;

-- let DAS_READER have AUDIT_VIEWER
GRANT AUDIT_VIEWER TO DAS_READER;

-- let DAS_READER have READ ON SYS.V_$DATABASE
GRANT READ ON SYS.V_$DATABASE TO DAS_READER;

-- let DAS_READER have READ ON SYS.V_$INSTANCE
GRANT READ ON SYS.V_$INSTANCE TO DAS_READER;

-- let DAS_READER have READ ON SYS.V_$CONTAINERS
GRANT READ ON SYS.V_$CONTAINERS TO DAS_READER;

-- let DAS_READER have READ ON SYS.V_$PARAMETER
GRANT READ ON SYS.V_$PARAMETER TO DAS_READER;

-- let DAS_READER have READ ON AUDSYS.AUD$UNIFIED
GRANT READ ON AUDSYS.AUD$UNIFIED TO DAS_READER;

-- let DAS_READER have READ ON SYS.GV_$UNIFIED_AUDIT_TRAIL
GRANT READ ON SYS.GV_$UNIFIED_AUDIT_TRAIL TO DAS_READER;

-- let DAS_READER have READ ON SYS.AUDIT_UNIFIED_POLICIES
GRANT READ ON SYS.AUDIT_UNIFIED_POLICIES TO DAS_READER;

-- let DAS_READER have READ ON SYS.AUDIT_UNIFIED_ENABLED_POLICIES
GRANT READ ON SYS.AUDIT_UNIFIED_ENABLED_POLICIES TO DAS_READER;

-- let DAS_READER have READ ON SYS.DBA_TAB_PARTITIONS
GRANT READ ON SYS.DBA_TAB_PARTITIONS TO DAS_READER;

-- let DAS_READER have READ ON SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS
GRANT READ ON SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS TO DAS_READER;

-- let DAS_READER have READ ON SYS.DBA_AUDIT_MGMT_CONFIG_PARAMS
GRANT READ ON SYS.DBA_AUDIT_MGMT_CONFIG_PARAMS TO DAS_READER;

-- let DAS_READER have READ ON SYS.DBA_AUDIT_MGMT_CLEANUP_JOBS
GRANT READ ON SYS.DBA_AUDIT_MGMT_CLEANUP_JOBS TO DAS_READER;

-- let DAS_READER have EXECUTE ON SYS.DBMS_LOCK
GRANT EXECUTE ON SYS.DBMS_LOCK TO DAS_READER;

-- create the table of the policy's state
CREATE TABLE DAS_OWNER.DAS_STATE (locked NUMBER(1) NOT NULL, administrator VARCHAR2(128) NOT NULL, recorded CLOB, changes CLOB);

-- record who starts the stream, who alone locks and unlocks; what is changed from here on, and how it was
BEGIN
  INSERT INTO DAS_OWNER.DAS_STATE (locked, administrator, changes) VALUES (0, SYS_CONTEXT('USERENV','SESSION_USER'),
    '{"made":["user DAS_OWNER","procedure DAS_CANARY","procedure DAS_ADVANCE","policy DAS_LOCK","policy DAS_READER_POL","policy DAS_CANARY_POL"],"parameters":[{"name":"partition interval of AUDSYS.AUD$UNIFIED","was":"1 MONTH","is":"1 HOUR"}],"policies":[{"name":"APP","enablements":[{"way":"by","entity":"ALL USERS","success":true,"failure":true}]}]}');
  COMMIT;
END;
/

-- create the procedure DAS_OWNER.DAS_CANARY, whose audit row proves that auditing works
CREATE OR REPLACE PROCEDURE DAS_OWNER.das_canary AS /* das ad24837702d0 */ BEGIN NULL; END;
/

-- create the procedure DAS_OWNER.DAS_ADVANCE, through which the reader may advance the archive timestamp to no later than a day ago, and nothing else
CREATE OR REPLACE PROCEDURE DAS_OWNER.das_advance(p_ts VARCHAR2) AS /* das 14c8eba46cf6 */
  v TIMESTAMP := TO_TIMESTAMP(p_ts, 'YYYY-MM-DD HH24:MI:SS.FF6');
BEGIN
  IF v > SYS_EXTRACT_UTC(SYSTIMESTAMP) - INTERVAL '24' HOUR THEN RAISE_APPLICATION_ERROR(-20001, 'retention'); END IF;
  AUDSYS.DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(51, v);
END;
/

-- let the procedure DAS_OWNER.DAS_ADVANCE use AUDIT_ADMIN
GRANT AUDIT_ADMIN TO PROCEDURE DAS_OWNER.DAS_ADVANCE;

-- create the function DAS_OWNER.DAS_IS_LOCKED, which the lock asks; when it cannot tell, it says locked
CREATE OR REPLACE FUNCTION DAS_OWNER.das_is_locked RETURN NUMBER AS /* das 3289753f99cb */
  n NUMBER;
BEGIN
  SELECT locked INTO n FROM DAS_OWNER.DAS_STATE;
  RETURN n;
EXCEPTION WHEN OTHERS THEN RETURN 1;
END;
/

-- create the function DAS_OWNER.DAS_GUARD, which tells the reader whether the lock's own programs, and what else only the owner sees, are as they were
CREATE OR REPLACE FUNCTION DAS_OWNER.das_guard RETURN VARCHAR2 AS /* das d22d4629ece5 */
  s VARCHAR2(4000);
BEGIN
  FOR o IN (SELECT object_name, status, TO_CHAR(last_ddl_time, 'YYYY-MM-DD HH24:MI:SS') changed FROM user_objects ORDER BY object_name) LOOP
    s := s || o.object_name || '=' || o.status || ' ' || o.changed || ';';
  END LOOP;
  FOR t IN (SELECT trigger_name, status FROM user_triggers ORDER BY trigger_name) LOOP
    s := s || t.trigger_name || '=' || t.status || ';';
  END LOOP;
  FOR i IN (SELECT p.interval text FROM sys.dba_part_tables p, DAS_OWNER.DAS_STATE d
            WHERE p.owner = 'AUDSYS' AND p.table_name = 'AUD$UNIFIED' AND d.changes LIKE '%partition interval of %') LOOP
    s := s || 'PARTITION_INTERVAL=' || i.text || ';';
  END LOOP;
  RETURN s;
END;
/

-- create the procedure DAS_OWNER.DAS_RECORD, through which the administrator records what was changed for the stream, and how it was before
CREATE OR REPLACE PROCEDURE DAS_OWNER.das_record(p_changes VARCHAR2) AS /* das cd74f143bfac */
  n NUMBER;
BEGIN
  SELECT COUNT(*) INTO n FROM DAS_OWNER.DAS_STATE WHERE administrator = SYS_CONTEXT('USERENV','SESSION_USER');
  IF n = 0 AND SYS_CONTEXT('USERENV','SESSION_USER') <> 'SYS' THEN
    RAISE_APPLICATION_ERROR(-20992, 'activity stream: this is for the administrator who started it');
  END IF;
  IF DAS_OWNER.das_is_locked = 1 THEN RAISE_APPLICATION_ERROR(-20993, 'activity stream: the policy is locked'); END IF;
  UPDATE DAS_OWNER.DAS_STATE SET changes = p_changes;
  COMMIT;
END;
/

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

-- create the function DAS_OWNER.DAS_IS_RECORDED, which tells the lock what weakens nothing: a statement that brings a policy to what was recorded
CREATE OR REPLACE FUNCTION DAS_OWNER.das_is_recorded(p_sql VARCHAR2) RETURN NUMBER AS /* das cd480f818790 */
  r VARCHAR2(32767);
BEGIN
  SELECT recorded INTO r FROM DAS_OWNER.DAS_STATE;
  IF INSTR(r, ' '||p_sql||';') > 0 THEN RETURN 1; END IF;
  RETURN 0;
EXCEPTION WHEN OTHERS THEN RETURN 0;
END;
/

-- create the procedure DAS_OWNER.DAS_HEAL, through which the reader may put back one thing that the lock protects, to what was recorded, and nothing else
CREATE OR REPLACE PROCEDURE DAS_OWNER.das_heal(p_subject VARCHAR2) AS /* das 92d25193f9e5 */
  n NUMBER;
  a PLS_INTEGER;
  r VARCHAR2(32767);
  s VARCHAR2(32767);
BEGIN
  SELECT locked, recorded INTO n, r FROM DAS_OWNER.DAS_STATE;
  r := CHR(10)||r||CHR(10);
  a := INSTR(r, CHR(10)||p_subject||': ');
  IF n = 1 AND a > 0 THEN
    a := a + LENGTH(p_subject) + 3;
    r := SUBSTR(r, a, INSTR(r, CHR(10), a) - a);
    IF p_subject = 'trigger DAS_LOCK_TRG' AND r = 'ENABLED' THEN
      EXECUTE IMMEDIATE 'ALTER TRIGGER DAS_OWNER.DAS_LOCK_TRG ENABLE';
    ELSIF p_subject = 'parameter PARTITION_INTERVAL' THEN
      AUDSYS.DBMS_AUDIT_MGMT.ALTER_PARTITION_INTERVAL(TO_NUMBER(REGEXP_SUBSTR(r, '[0-9]+')),
        REGEXP_SUBSTR(r, 'YEAR|MONTH|DAY|HOUR|MINUTE|SECOND'));
    END IF;
    WHILE INSTR(r, ';') > 0 LOOP
      s := LTRIM(SUBSTR(r, 1, INSTR(r, ';') - 1));
      r := SUBSTR(r, INSTR(r, ';') + 1);
      IF s LIKE 'AUDIT POLICY %' OR s LIKE 'ALTER AUDIT POLICY % ONLY TOPLEVEL' THEN EXECUTE IMMEDIATE s; END IF;
    END LOOP;
  END IF;
END;
/

-- let the procedure DAS_OWNER.DAS_HEAL use AUDIT_ADMIN
GRANT AUDIT_ADMIN TO PROCEDURE DAS_OWNER.DAS_HEAL;

-- create the trigger DAS_OWNER.DAS_LOCK_TRG, which refuses changes of audit policies and of itself while the stream is locked
CREATE OR REPLACE TRIGGER DAS_OWNER.das_lock_trg BEFORE DDL ON DATABASE
DECLARE /* das 111aa9083b3b */
  n PLS_INTEGER;
  t ora_name_list_t;
  s VARCHAR2(32767);
BEGIN
  n := ora_sql_txt(t);
  FOR i IN 1..NVL(n,0) LOOP
    EXIT WHEN LENGTHB(s) > 32000;
    s := s||t(i);
  END LOOP;
  s := REGEXP_REPLACE(s,'/\*.*?\*/|--[^'||CHR(10)||']*',' ',1,0,'n');
  IF ora_sysevent IN ('AUDIT','NOAUDIT') OR REGEXP_LIKE(s,'^\s*($|/\*|(create|alter|drop)\s+audit\s+policy)','i')
     OR (ora_dict_obj_owner = 'DAS_OWNER' AND ora_sysevent IN ('ALTER','DROP','CREATE','TRUNCATE','RENAME','GRANT','REVOKE'))
     OR (ora_dict_obj_name = 'DAS_OWNER' AND ora_sysevent IN ('ALTER','DROP')) THEN
    IF DAS_OWNER.das_is_locked = 1 AND DAS_OWNER.das_is_recorded(RTRIM(s, ' '||CHR(10)||CHR(0))) = 0 THEN
      RAISE_APPLICATION_ERROR(-20990,'activity stream is locked: audit policy changes are blocked');
    END IF;
  END IF;
END;
/

-- let DAS_READER have READ ON DAS_OWNER.DAS_STATE
GRANT READ ON DAS_OWNER.DAS_STATE TO DAS_READER;

-- let DAS_READER have EXECUTE ON DAS_OWNER.DAS_CANARY
GRANT EXECUTE ON DAS_OWNER.DAS_CANARY TO DAS_READER;

-- let DAS_READER have EXECUTE ON DAS_OWNER.DAS_ADVANCE
GRANT EXECUTE ON DAS_OWNER.DAS_ADVANCE TO DAS_READER;

-- let DAS_READER have EXECUTE ON DAS_OWNER.DAS_GUARD
GRANT EXECUTE ON DAS_OWNER.DAS_GUARD TO DAS_READER;

-- let DAS_READER have EXECUTE ON DAS_OWNER.DAS_HEAL
GRANT EXECUTE ON DAS_OWNER.DAS_HEAL TO DAS_READER;

-- create the audit policy DAS_LOCK, which records whatever changes the audit
CREATE AUDIT POLICY DAS_LOCK ACTIONS CREATE AUDIT POLICY, ALTER AUDIT POLICY, DROP AUDIT POLICY, AUDIT, NOAUDIT,
  ALTER SYSTEM, ALTER DATABASE, CREATE TRIGGER, ALTER TRIGGER, DROP TRIGGER,
  EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT,
  EXECUTE ON DAS_OWNER.DAS_SET_POLICY, EXECUTE ON DAS_OWNER.DAS_RECORD, EXECUTE ON DAS_OWNER.DAS_HEAL,
  INSERT ON DAS_OWNER.DAS_STATE, UPDATE ON DAS_OWNER.DAS_STATE, DELETE ON DAS_OWNER.DAS_STATE;

-- enable the audit policy DAS_LOCK, which records whatever changes the audit
AUDIT POLICY DAS_LOCK;

-- create the audit policy DAS_READER_POL, which records what else is done with the publisher's account
CREATE AUDIT POLICY DAS_READER_POL ACTIONS LOGON, LOGOFF, INSERT, UPDATE, DELETE, GRANT, REVOKE, ALTER USER, CREATE TABLE;

-- enable the audit policy DAS_READER_POL, which records what else is done with the publisher's account
AUDIT POLICY DAS_READER_POL BY DAS_READER;

-- create the audit policy DAS_CANARY_POL, which records the canary
CREATE AUDIT POLICY DAS_CANARY_POL ACTIONS EXECUTE ON DAS_OWNER.das_canary;

-- enable the audit policy DAS_CANARY_POL, which records the canary
AUDIT POLICY DAS_CANARY_POL;

-- end the audit policy APP, which records the publisher's own polls, for a moment
NOAUDIT POLICY APP;

-- enable the audit policy APP for everybody else
AUDIT POLICY APP EXCEPT DAS_READER;

-- override the partition interval of AUDSYS.AUD$UNIFIED: 1 HOUR
BEGIN
  DBMS_AUDIT_MGMT.ALTER_PARTITION_INTERVAL(interval_number => 1, interval_frequency => 'HOUR');
END;
/

-- lock the audit policies, and record how they are
BEGIN DAS_OWNER.das_set_policy(1, :record); END;
/
