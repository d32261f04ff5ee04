/** A record of SQL Server events of about 1 KB that vary as audit rows do; the same for the same seed. */
export function syntheticRecord(events: number, seed: number): object {
  const random = generator(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const digits = (length: number, radix: number): string =>
    Array.from({ length }, () => Math.floor(random() * radix).toString(radix)).join("");
  const event = () => ({
    class: "TABLE",
    clientApplication: pick(["Core Microsoft SqlClient Data Provider", "jTDS", "Microsoft JDBC Driver for SQL Server"]),
    command: pick(["SELECT", "INSERT", "UPDATE", "DELETE"]),
    commandText: `${Array.from({ length: 40 }, () => pick(WORDS)).join(" ")} = '${digits(20, 16)}'`,
    databaseName: "sales",
    dbProtocol: "SQLSERVER",
    dbUserName: `app_${digits(2, 10)}`,
    endTime: null,
    errorMessage: null,
    exitCode: 1,
    logTime: `2026-11-22 1${digits(1, 10)}:${digits(1, 6)}${digits(1, 10)}:${digits(1, 6)}${digits(1, 10)}.${digits(7, 10)}+00`,
    netProtocol: null,
    objectName: pick(["orders", "customers", "invoices", "lineitems", "payments"]),
    objectType: "TABLE",
    paramList: null,
    pid: null,
    remoteHost: `10.0.${digits(1, 10)}.${digits(2, 10)}`,
    remotePort: null,
    rowCount: Math.floor(random() * 100),
    serverHost: "10.0.1.30",
    serverType: "SQLSERVER",
    serverVersion: "16.00.4125.3.v1.R1",
    serviceName: "sqlserver-ee",
    sessionId: 50 + Math.floor(random() * 200),
    startTime: null,
    statementId: `0x${digits(32, 16)}`,
    substatementId: 1,
    transactionId: digits(8, 10),
    type: "record",
  });
  return {
    type: "DatabaseActivityMonitoringRecord",
    clusterId: "",
    instanceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    databaseActivityEventList: Array.from({ length: events }, event),
  };
}

const WORDS =
  "SELECT UPDATE SET FROM WHERE AND JOIN ON ORDER BY GROUP id name total status created_at customer_id orders invoices amount".split(
    " ",
  );

/** mulberry32: small, seeded, good enough for text. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
