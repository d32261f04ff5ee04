/** Who works on the emulated server, from where, with what, and on which data. Made up. */

export interface Person {
  readonly login: string;
  readonly sid: string;
  readonly principalId: number;
  /** The user in the databases; dbo for a sysadmin. */
  readonly user: string;
  readonly application: string;
  readonly host: string;
  readonly address: string;
  /** How much of the activity is theirs. */
  readonly share: number;
}

/** A Windows account's SID: S-1-5-21-…; the last number tells them apart. */
function windowsSid(relativeId: number): string {
  const tail = relativeId.toString(16).padStart(4, "0");
  return `0x01050000000000051500000067b15af061b134046d027e18${tail.slice(2)}${tail.slice(0, 2)}0000`;
}

export const PEOPLE: readonly Person[] = [
  {
    login: "billing_app",
    sid: "0x5c9dc62711b2c84695fc5132e3a852db",
    principalId: 267,
    user: "billing_app",
    application: "Core Microsoft SqlClient Data Provider",
    host: "APP-BILL-01",
    address: "10.20.1.11",
    share: 30,
  },
  {
    login: "web_shop",
    sid: "0x51dd4b885506ac48827997ba5521b176",
    principalId: 268,
    user: "web_shop",
    application: "shop-frontend",
    host: "web-7d9c5b6f4-x2kqp",
    address: "10.20.1.32",
    share: 30,
  },
  {
    login: "clinic_api",
    sid: "0x307341b39b77b448b8bbb953d2f56a31",
    principalId: 269,
    user: "clinic_api",
    application: "node-mssql",
    host: "clinic-api-2",
    address: "fd00:20:1::41",
    share: 18,
  },
  {
    login: "CORP\\anna.meier",
    sid: windowsSid(0x0a51),
    principalId: 280,
    user: "CORP\\anna.meier",
    application: "Microsoft SQL Server Management Studio - Query",
    host: "WS-4711",
    address: "10.30.7.118",
    share: 6,
  },
  {
    login: "CORP\\jürgen.voß",
    sid: windowsSid(0x0a52),
    principalId: 281,
    user: "CORP\\jürgen.voß",
    application: "Microsoft Office 365",
    host: "WS-0815",
    address: "10.30.7.52",
    share: 4,
  },
  {
    login: "CORP\\svc-report",
    sid: windowsSid(0x0b07),
    principalId: 282,
    user: "CORP\\svc-report",
    application: "Report Server",
    host: "SSRS01",
    address: "10.20.3.9",
    share: 6,
  },
  {
    login: "CORP\\dba.okafor",
    sid: windowsSid(0x01f4),
    principalId: 259,
    user: "dbo",
    application: "Microsoft SQL Server Management Studio",
    host: "WS-0042",
    address: "10.30.2.5",
    share: 4,
  },
  {
    login: "NT SERVICE\\SQLSERVERAGENT",
    sid: "0x010600000000000550000000",
    principalId: 264,
    user: "dbo",
    application: "SQLAgent - TSQL JobStep (Job 0x8A1F2C43D15B6E4F9C77A2D90B3E4F61 : Step 1)",
    host: "SQLEMU01",
    address: "local machine",
    share: 2,
  },
];

export interface AuditedTable {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
  readonly objectId: number;
  readonly columns: readonly string[];
  /** What stands in its texts. */
  readonly sample: readonly string[];
}

export const TABLES: readonly AuditedTable[] = [
  {
    database: "Sales",
    schema: "dbo",
    name: "orders",
    objectId: 1045578763,
    columns: ["order_id", "customer_id", "ordered_at", "status", "total", "currency"],
    sample: ["open", "paid", "shipped", "zurückgegeben"],
  },
  {
    database: "Sales",
    schema: "dbo",
    name: "order_items",
    objectId: 1077578877,
    columns: ["order_id", "line", "sku", "quantity", "price"],
    sample: ["SKU-10023", "SKU-88120", "SKU-5-XL"],
  },
  {
    database: "Sales",
    schema: "crm",
    name: "customers",
    objectId: 1109578991,
    columns: ["customer_id", "name", "email", "iban", "created_at"],
    sample: ["Müller & Söhne", "O''Brien Ltd.", "株式会社サンプル", "Иванова"],
  },
  {
    database: "Sales",
    schema: "pay",
    name: "card_authorizations",
    objectId: 1141579105,
    columns: ["authorization_id", "card_token", "amount", "currency", "result"],
    sample: ["approved", "declined", "3-D Secure"],
  },
  {
    database: "HumanResources",
    schema: "hr",
    name: "employees",
    objectId: 885578193,
    columns: ["employee_id", "name", "title", "salary", "manager_id"],
    sample: ["Häusler", "Nuñez", "O''Connor"],
  },
  {
    database: "HumanResources",
    schema: "hr",
    name: "payroll",
    objectId: 917578307,
    columns: ["employee_id", "month", "gross", "net"],
    sample: ["2026-10", "2026-11"],
  },
  {
    database: "Clinic",
    schema: "dbo",
    name: "patients",
    objectId: 997578592,
    columns: ["patient_id", "name", "born", "insurance_number"],
    sample: ["Łukasz Żak", "Zoë 💉", "محمد", "Nguyễn Văn A"],
  },
  {
    database: "Clinic",
    schema: "dbo",
    name: "prescriptions",
    objectId: 1029578706,
    columns: ["prescription_id", "patient_id", "drug", "dose", "valid_until"],
    sample: ["Ibuprofen 400", "Paracetamol ½", "Ramipril 5 mg"],
  },
];

export const PROCEDURES = [
  { database: "Sales", schema: "dbo", name: "usp_close_day", objectId: 1301579675, argument: "@day" },
  { database: "Sales", schema: "pay", name: "usp_authorize_card", objectId: 1333579789, argument: "@token" },
  { database: "HumanResources", schema: "hr", name: "usp_run_payroll", objectId: 1365579903, argument: "@month" },
  { database: "Clinic", schema: "dbo", name: "usp_find_patient", objectId: 1397580017, argument: "@name" },
] as const;
