/** Who works on the emulated database, from where, with what, and on which data. Made up. */

export interface Person {
  /** DBUSERNAME. */
  readonly user: string;
  /** Who logged in on behalf of the user, where there is a proxy. */
  readonly proxy?: string;
  readonly osUser: string;
  readonly host: string;
  readonly address: string;
  readonly program: string;
  readonly terminal: string;
  /** How the session came: what AUTHENTICATION_TYPE shows. */
  readonly network: "tcp" | "tcps" | "beq" | "unknown" | "not shown";
  readonly authentication: "DATABASE" | "OS" | "EXTERNAL" | "GLOBAL";
  /** CLIENT_IDENTIFIER, as an application sets it for its own users. */
  readonly clientIdentifiers?: readonly string[];
  /** APPLICATION_CONTEXTS. */
  readonly contexts?: string;
  /** How much of the activity is theirs. */
  readonly share: number;
}

export const PEOPLE: readonly Person[] = [
  {
    user: "BILLING_APP",
    osUser: "billing",
    host: "app-bill-01",
    address: "10.20.1.11",
    program: "JDBC Thin Client",
    terminal: "unknown",
    network: "tcp",
    authentication: "DATABASE",
    clientIdentifiers: ["clerk.0417", "clerk.0893", "batch"],
    share: 30,
  },
  {
    user: "WEB_SHOP",
    osUser: "node",
    host: "web-7d9c5b6f4-x2kqp",
    address: "10.20.1.32",
    program: "node-oracledb",
    terminal: "unknown",
    network: "tcps",
    authentication: "DATABASE",
    share: 30,
  },
  {
    user: "CLINIC_API",
    osUser: "svc_clinic",
    host: "clinic-api-2",
    address: "fd00:20:1::41",
    program: "python3@clinic-api-2 (TNS V1-V3)",
    terminal: "UNKNOWN",
    network: "tcp",
    authentication: "DATABASE",
    contexts: "(CLINIC_CTX,WARD=Nephrologie);(USERENV,CLIENT_INFO=ward-app 4.2)",
    share: 18,
  },
  {
    user: "CLINIC_OWNER",
    proxy: "CLINIC_API",
    osUser: "svc_clinic",
    host: "clinic-api-2",
    address: "10.20.1.41",
    program: "python3@clinic-api-2 (TNS V1-V3)",
    terminal: "UNKNOWN",
    network: "tcp",
    authentication: "DATABASE",
    share: 6,
  },
  {
    user: "ANNA_MEIER",
    osUser: "anna.meier",
    host: "CORP\\WS-4711",
    address: "10.30.7.118",
    program: "SQL Developer",
    terminal: "WS-4711",
    network: "tcp",
    authentication: "GLOBAL",
    share: 5,
  },
  {
    user: "REPORTING",
    osUser: "jürgen.voß",
    host: "CORP\\WS-0815",
    address: "10.30.7.52",
    program: "EXCEL.EXE",
    terminal: "WS-0815",
    network: "tcp",
    authentication: "EXTERNAL",
    share: 3,
  },
  {
    user: "SYSTEM",
    osUser: "okafor",
    host: "WS-0042",
    address: "10.30.2.5",
    program: "sqlplus@WS-0042 (TNS V1-V3)",
    terminal: "pts/3",
    network: "tcp",
    authentication: "DATABASE",
    share: 2,
  },
  {
    user: "SYS",
    osUser: "oracle",
    host: "db-host-a",
    address: "10.20.9.4",
    program: "sqlplus@db-host-a (TNS V1-V3)",
    terminal: "pts/1",
    network: "beq",
    authentication: "OS",
    share: 2,
  },
  {
    user: "SALES_OWNER",
    osUser: "oracle",
    host: "db-host-a",
    address: "172.17.0.1",
    program: "oracle@db-host-a (J001)",
    terminal: "UNKNOWN",
    network: "unknown",
    authentication: "DATABASE",
    share: 3,
  },
  {
    user: "DBSNMP",
    osUser: "oracle",
    host: "db-host-a",
    address: "10.20.9.4",
    program: "JDBC Thin Client",
    terminal: "unknown",
    network: "not shown",
    authentication: "DATABASE",
    share: 1,
  },
];

export interface AuditedTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** What stands in its texts. */
  readonly sample: readonly string[];
  /** A fine-grained policy on it. */
  readonly fgaPolicy?: string;
}

export const TABLES: readonly AuditedTable[] = [
  {
    schema: "SALES_OWNER",
    name: "ORDERS",
    columns: ["order_id", "customer_id", "ordered_at", "status", "total", "currency"],
    sample: ["open", "paid", "shipped", "zurückgegeben"],
  },
  {
    schema: "SALES_OWNER",
    name: "CUSTOMERS",
    columns: ["customer_id", "family_name", "given_name", "email", "city", "iban"],
    sample: ["Šimková", "O''Brien", "李雷", "Łódź"],
    fgaPolicy: "FGA_CUSTOMER_IBAN",
  },
  {
    schema: "BILLING_APP",
    name: "CARD_AUTHORIZATIONS",
    columns: ["auth_id", "pan_token", "amount", "approved_at", "terminal_id"],
    sample: ["tok_9f2c", "tok_1b77", "TRM-Δ-04"],
  },
  {
    schema: "CLINIC_OWNER",
    name: "PATIENTS",
    columns: ["patient_id", "family_name", "birth_date", "insurance_no", "ward"],
    sample: ["Nephrologie", "Station 3 – rechts", "Kardiologie"],
    fgaPolicy: "FGA_PATIENT_RECORD",
  },
  {
    schema: "CLINIC_OWNER",
    name: "LAB_RESULTS",
    columns: ["result_id", "patient_id", "loinc", "value", "unit", "measured_at"],
    sample: ["2160-0", "µmol/l", "kein Befund"],
  },
  {
    schema: "HR",
    name: "EMPLOYEES",
    columns: ["employee_id", "last_name", "salary", "department_id", "hire_date"],
    sample: ["Mavris", "Urman", "Popp"],
    fgaPolicy: "FGA_SALARY",
  },
];

export interface AuditedProgram {
  readonly schema: string;
  readonly name: string;
  readonly call: string;
}

export const PROGRAMS: readonly AuditedProgram[] = [
  { schema: "SALES_OWNER", name: "ORDER_API", call: "order_api.close_day" },
  { schema: "CLINIC_OWNER", name: "ADMISSION", call: "admission.transfer_patient" },
  { schema: "BILLING_APP", name: "SETTLE_CARDS", call: "settle_cards" },
  { schema: "SYS", name: "DBMS_STATS", call: "dbms_stats.gather_table_stats" },
];
