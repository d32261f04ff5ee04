/** Rows that are not of type Standard. No real ones were found, but of Data Pump: the columns are documented, the values made up. */
import type { WeightedActivity } from "./activities.ts";
import { TABLES } from "./population.ts";

export const COMPONENT_ACTIVITIES: readonly WeightedActivity[] = [
  {
    weight: 4,
    make: (random) => ({
      statement: null,
      columns: {
        AUDIT_TYPE: "RMAN_AUDIT",
        ACTION_NAME: "RMAN ACTION",
        RMAN_SESSION_RECID: String(random.between(1, 90_000)),
        RMAN_SESSION_STAMP: String(random.between(1_100_000_000, 1_199_999_999)),
        RMAN_OPERATION: random.pick(["Backup", "Restore", "Recover"]),
        RMAN_OBJECT_TYPE: random.pick(["DB FULL", "ARCHIVELOG", "DATAFILE"]),
        RMAN_DEVICE_TYPE: random.pick(["DISK", "SBT"]),
        UNIFIED_AUDIT_POLICIES: null,
      },
    }),
  },
  {
    weight: 4,
    make: (random) => {
      const { schema } = random.pick(TABLES);
      return {
        statement: null,
        columns: {
          AUDIT_TYPE: "Datapump",
          ACTION_NAME: random.pick(["EXPORT", "IMPORT"]),
          DP_TEXT_PARAMETERS1: `MASTER TABLE:  "${schema}"."SYS_EXPORT_SCHEMA_${random.between(10, 99)}" , JOB_TYPE: EXPORT, METADATA_JOB_MODE: SCHEMA_EXPORT, JOB VERSION: 19.0.0.0.0, ACCESS METHOD: AUTOMATIC, DATA OPTIONS: 0, DUMPER DIRECTORY: NULL`,
          DP_BOOLEAN_PARAMETERS1:
            "MASTER_ONLY: FALSE, DATA_ONLY: FALSE, METADATA_ONLY: FALSE, DUMPFILE_PRESENT: TRUE, JOB_RESTARTED: FALSE",
          DP_WARNINGS1: null,
          DP_CLOB_PARAMETERS1: `INCLUDE=TABLE:"IN ('ORDERS')"\nDIRECTORY=DPUMP_${schema}`,
          UNIFIED_AUDIT_POLICIES: "DATAPUMP_POL",
        },
      };
    },
  },
  {
    weight: 2,
    make: (random) => {
      const { schema, name } = random.pick(TABLES);
      return {
        statement: null,
        columns: {
          AUDIT_TYPE: "Direct path API",
          ACTION_NAME: "LOAD",
          OBJECT_SCHEMA: schema,
          OBJECT_NAME: name,
          DIRECT_PATH_NUM_COLUMNS_LOADED: String(random.between(2, 12)),
          UNIFIED_AUDIT_POLICIES: "DIRECT_PATH_POL",
        },
      };
    },
  },
  {
    weight: 4,
    make: (random) => {
      const { schema, name } = random.pick(TABLES);
      const refused = random.chance(0.5);
      return {
        statement: { text: `SELECT * FROM ${schema}.${name}`, binds: null },
        columns: {
          AUDIT_TYPE: "Database Vault",
          ACTION_NAME: refused ? "REALM VIOLATION" : "REALM ACCESS",
          RETURN_CODE: refused ? "1031" : "0",
          OBJECT_SCHEMA: schema,
          OBJECT_NAME: name,
          DV_ACTION_CODE: "10003",
          DV_ACTION_NAME: refused ? "Realm Violation Audit" : "Realm Authorization Audit",
          DV_ACTION_OBJECT_NAME: `${schema} realm`,
          DV_RETURN_CODE: refused ? "1031" : "0",
          DV_RULE_SET_NAME: "Enabled",
          DV_COMMENT: null,
          DV_FACTOR_CONTEXT: `Domain=,Client_IP=10.20.1.11,Session_User=${schema}`,
          DV_OBJECT_STATUS: "Y",
          UNIFIED_AUDIT_POLICIES: "ORA_DV_AUDPOL",
        },
      };
    },
  },
  {
    weight: 2,
    make: (random) => ({
      statement: null,
      columns: {
        AUDIT_TYPE: "Label Security",
        ACTION_NAME: "SET AUTHORIZATION",
        OLS_POLICY_NAME: "WARD_POLICY",
        OLS_GRANTEE: random.pick(["CLINIC_API", "ANNA_MEIER"]),
        OLS_MAX_READ_LABEL: "CONF:NEPH,KARD",
        OLS_MAX_WRITE_LABEL: "CONF:NEPH",
        OLS_MIN_WRITE_LABEL: "PUB",
        OLS_OLD_VALUE: null,
        OLS_NEW_VALUE: "CONF:NEPH",
        UNIFIED_AUDIT_POLICIES: "OLS_POL",
      },
    }),
  },
  {
    weight: 2,
    make: (random) => ({
      statement: null,
      columns: {
        AUDIT_TYPE: "XS",
        ACTION_NAME: "CREATE SESSION NAMESPACE",
        XS_USER_NAME: random.pick(["XSGUEST", "NURSE_17"]),
        XS_SESSIONID: random.hex(32).toUpperCase(),
        XS_NS_NAME: "CLINIC_NS",
        XS_NS_ATTRIBUTE: "WARD",
        XS_NS_ATTRIBUTE_NEW_VAL: "Kardiologie",
        XS_INACTIVITY_TIMEOUT: "30",
        UNIFIED_AUDIT_POLICIES: "XS_POL",
      },
    }),
  },
  {
    weight: 2,
    make: (random) => ({
      statement: null,
      columns: {
        AUDIT_TYPE: "KACL_AUDIT",
        ACTION_NAME: "VALIDATE",
        RETURN_CODE: "46981",
        KSACL_USER_NAME: "WEB_SHOP",
        KSACL_SERVICE_NAME: "salespdb.example.internal",
        KSACL_SOURCE_LOCATION: `203.0.113.${random.between(1, 250)}`,
        UNIFIED_AUDIT_POLICIES: null,
      },
    }),
  },
  {
    weight: 2,
    since: 19,
    make: (random) => ({
      statement: null,
      columns: {
        AUDIT_TYPE: "Protocol",
        ACTION_NAME: "HTTP",
        RETURN_CODE: "0",
        PROTOCOL_SESSION_ID: String(random.between(1, 60_000)),
        PROTOCOL_RETURN_CODE: random.pick(["200", "401", "404"]),
        PROTOCOL_ACTION_NAME: "GET",
        PROTOCOL_USERHOST: "10.30.7.118",
        PROTOCOL_MESSAGE: "/public/reports/sales.xml",
        UNIFIED_AUDIT_POLICIES: "XDB_POL",
      },
    }),
  },
  {
    weight: 2,
    since: 23,
    make: (random) => {
      const { schema, name } = random.pick(TABLES);
      return {
        statement: { text: `SELECT * FROM ${schema}.${name} WHERE 1 = 1 --`, binds: null },
        columns: {
          AUDIT_TYPE: "SQL Firewall",
          ACTION_NAME: "SQL VIOLATION",
          RETURN_CODE: "47605",
          FW_ACTION_NAME: "SELECT",
          FW_RETURN_CODE: "47605",
          SCHEMA: schema,
          UNIFIED_AUDIT_POLICIES: "ORA$FIREWALL",
        },
      };
    },
  },
];
