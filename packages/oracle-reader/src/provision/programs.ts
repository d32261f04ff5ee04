import { hash } from "node:crypto";
import { quoteName } from "../check/statement.ts";
import { ASKED_FUNCTION, LOCK_TRIGGER, type Names, STATE_TABLE } from "./names.ts";

/** A program that `das start` installs in the owner's schema. */
export interface Program {
  readonly name: string;
  readonly kind: "PROCEDURE" | "FUNCTION" | "TRIGGER";
  readonly what: string;
  /** CREATE OR REPLACE …, with the mark in it. */
  readonly sql: string;
  /** Stands in a comment of the source, by which the same text is known again: the server keeps a source in a form of its own. */
  readonly mark: string;
  /** Which roles it has itself, so that whoever calls it needs none. */
  readonly roles: readonly string[];
  readonly isForReader: boolean;
  /** The site may have installed its own, as check says how: it stays. */
  readonly isReplaced: boolean;
}

/** ORA numbers that the programs raise. */
export const LOCKED = 20_990;
export const NOT_THE_ADMINISTRATOR = 20_992;
const STREAM_IS_LOCKED = 20_993;

interface Draft extends Omit<Program, "mark" | "sql" | "name"> {
  readonly name: string;
  /** `MARK` stands where the mark goes. */
  readonly text: string;
}

/** In the order in which they are created: each one needs those before it. */
export function programsOf(names: Names): readonly Program[] {
  const owner = quoteName(names.owner);
  const state = `${owner}.${STATE_TABLE}`;
  return drafts(owner, state, names.owner).map(({ text, ...draft }) => {
    const mark = `das ${hash("sha256", text).slice(0, 12)}`;
    return { ...draft, mark, sql: text.replace("MARK", `/* ${mark} */`) };
  });
}

function drafts(owner: string, state: string, ownerName: string): readonly Draft[] {
  const administrator = `SELECT COUNT(*) INTO n FROM ${state} WHERE administrator = SYS_CONTEXT('USERENV','SESSION_USER');
  IF n = 0 AND SYS_CONTEXT('USERENV','SESSION_USER') <> 'SYS' THEN
    RAISE_APPLICATION_ERROR(-${NOT_THE_ADMINISTRATOR}, 'activity stream: this is for the administrator who started it');
  END IF;`;
  return [
    {
      name: "DAS_CANARY",
      kind: "PROCEDURE",
      what: "whose audit row proves that auditing works",
      roles: [],
      isForReader: true,
      isReplaced: false,
      text: `CREATE OR REPLACE PROCEDURE ${owner}.das_canary AS MARK BEGIN NULL; END;`,
    },
    {
      name: "DAS_ADVANCE",
      kind: "PROCEDURE",
      what: "through which the reader may advance the archive timestamp to no later than a day ago, and nothing else",
      roles: ["AUDIT_ADMIN"],
      isForReader: true,
      isReplaced: false,
      text: `CREATE OR REPLACE PROCEDURE ${owner}.das_advance(p_ts VARCHAR2) AS MARK
  v TIMESTAMP := TO_TIMESTAMP(p_ts, 'YYYY-MM-DD HH24:MI:SS.FF6');
BEGIN
  IF v > SYS_EXTRACT_UTC(SYSTIMESTAMP) - INTERVAL '24' HOUR THEN RAISE_APPLICATION_ERROR(-20001, 'retention'); END IF;
  AUDSYS.DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(51, v);
END;`,
    },
    {
      name: ASKED_FUNCTION,
      kind: "FUNCTION",
      what: "which the lock asks; when it cannot tell, it says locked",
      roles: [],
      isForReader: false,
      isReplaced: true,
      text: `CREATE OR REPLACE FUNCTION ${owner}.das_is_locked RETURN NUMBER AS MARK
  n NUMBER;
BEGIN
  SELECT locked INTO n FROM ${state};
  RETURN n;
EXCEPTION WHEN OTHERS THEN RETURN 1;
END;`,
    },
    {
      name: "DAS_GUARD",
      kind: "FUNCTION",
      what: "which tells the reader whether the lock's own programs, and what else only the owner sees, are as they were",
      roles: [],
      isForReader: true,
      isReplaced: true,
      text: `CREATE OR REPLACE FUNCTION ${owner}.das_guard RETURN VARCHAR2 AS MARK
  s VARCHAR2(4000);
BEGIN
  FOR o IN (SELECT object_name, status, TO_CHAR(last_ddl_time, 'YYYY-MM-DD HH24:MI:SS') changed FROM user_objects ORDER BY object_name) LOOP
    s := s || o.object_name || '=' || o.status || ' ' || o.changed || ';';
  END LOOP;
  FOR t IN (SELECT trigger_name, status FROM user_triggers ORDER BY trigger_name) LOOP
    s := s || t.trigger_name || '=' || t.status || ';';
  END LOOP;
  FOR i IN (SELECT p.interval text FROM sys.dba_part_tables p, ${state} d
            WHERE p.owner = 'AUDSYS' AND p.table_name = 'AUD$UNIFIED' AND d.changes LIKE '%partition interval of %') LOOP
    s := s || 'PARTITION_INTERVAL=' || i.text || ';';
  END LOOP;
  RETURN s;
END;`,
    },
    {
      name: "DAS_RECORD",
      kind: "PROCEDURE",
      what: "through which the administrator records what was changed for the stream, and how it was before",
      roles: [],
      isForReader: false,
      isReplaced: true,
      text: `CREATE OR REPLACE PROCEDURE ${owner}.das_record(p_changes VARCHAR2) AS MARK
  n NUMBER;
BEGIN
  ${administrator}
  IF ${owner}.das_is_locked = 1 THEN RAISE_APPLICATION_ERROR(-${STREAM_IS_LOCKED}, 'activity stream: the policy is locked'); END IF;
  UPDATE ${state} SET changes = p_changes;
  COMMIT;
END;`,
    },
    {
      name: "DAS_SET_POLICY",
      kind: "PROCEDURE",
      what: "through which the administrator locks and unlocks the policies, which leaves a row in the trail",
      roles: [],
      isForReader: false,
      isReplaced: true,
      text: `CREATE OR REPLACE PROCEDURE ${owner}.das_set_policy(p_locked NUMBER, p_recorded VARCHAR2) AS MARK
  n NUMBER;
BEGIN
  ${administrator}
  IF p_locked NOT IN (0, 1) THEN RAISE_APPLICATION_ERROR(-20994, 'activity stream: locked is 1 or 0'); END IF;
  UPDATE ${state} SET locked = p_locked;
  IF p_recorded IS NOT NULL THEN UPDATE ${state} SET recorded = p_recorded; END IF;
  COMMIT;
END;`,
    },
    {
      name: "DAS_IS_RECORDED",
      kind: "FUNCTION",
      what: "which tells the lock what weakens nothing: a statement that brings a policy to what was recorded",
      roles: [],
      isForReader: false,
      isReplaced: true,
      text: `CREATE OR REPLACE FUNCTION ${owner}.das_is_recorded(p_sql VARCHAR2) RETURN NUMBER AS MARK
  r VARCHAR2(32767);
BEGIN
  SELECT recorded INTO r FROM ${state};
  IF INSTR(r, ' '||p_sql||';') > 0 THEN RETURN 1; END IF;
  RETURN 0;
EXCEPTION WHEN OTHERS THEN RETURN 0;
END;`,
    },
    {
      name: "DAS_HEAL",
      kind: "PROCEDURE",
      what: "through which the reader may put back one thing that the lock protects, to what was recorded, and nothing else",
      roles: ["AUDIT_ADMIN"],
      isForReader: true,
      isReplaced: true,
      // What it sends stands in the record alone, and can only begin as it does here.
      text: `CREATE OR REPLACE PROCEDURE ${owner}.das_heal(p_subject VARCHAR2) AS MARK
  n NUMBER;
  a PLS_INTEGER;
  r VARCHAR2(32767);
  s VARCHAR2(32767);
BEGIN
  SELECT locked, recorded INTO n, r FROM ${state};
  r := CHR(10)||r||CHR(10);
  a := INSTR(r, CHR(10)||p_subject||': ');
  IF n = 1 AND a > 0 THEN
    a := a + LENGTH(p_subject) + 3;
    r := SUBSTR(r, a, INSTR(r, CHR(10), a) - a);
    IF p_subject = 'trigger ${LOCK_TRIGGER}' AND r = 'ENABLED' THEN
      EXECUTE IMMEDIATE 'ALTER TRIGGER ${owner}.${LOCK_TRIGGER} ENABLE';
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
END;`,
    },
    {
      name: LOCK_TRIGGER,
      kind: "TRIGGER",
      what: "which refuses changes of audit policies and of itself while the stream is locked",
      roles: [],
      isForReader: false,
      isReplaced: true,
      // Comments are removed before the test; one that is too long to be removed is blocked (Oracle notes §5.2).
      text: `CREATE OR REPLACE TRIGGER ${owner}.das_lock_trg BEFORE DDL ON DATABASE
DECLARE MARK
  n PLS_INTEGER;
  t ora_name_list_t;
  s VARCHAR2(32767);
BEGIN
  n := ora_sql_txt(t);
  FOR i IN 1..NVL(n,0) LOOP
    EXIT WHEN LENGTHB(s) > 32000;
    s := s||t(i);
  END LOOP;
  s := REGEXP_REPLACE(s,'/\\*.*?\\*/|--[^'||CHR(10)||']*',' ',1,0,'n');
  IF ora_sysevent IN ('AUDIT','NOAUDIT') OR REGEXP_LIKE(s,'^\\s*($|/\\*|(create|alter|drop)\\s+audit\\s+policy)','i')
     OR (ora_dict_obj_owner = '${ownerName}' AND ora_sysevent IN ('ALTER','DROP','CREATE','TRUNCATE','RENAME','GRANT','REVOKE'))
     OR (ora_dict_obj_name = '${ownerName}' AND ora_sysevent IN ('ALTER','DROP')) THEN
    IF ${owner}.das_is_locked = 1 AND ${owner}.das_is_recorded(RTRIM(s, ' '||CHR(10)||CHR(0))) = 0 THEN
      RAISE_APPLICATION_ERROR(-${LOCKED},'activity stream is locked: audit policy changes are blocked');
    END IF;
  END IF;
END;`,
    },
  ];
}
