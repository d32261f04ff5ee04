import { silentLogger, systemClock } from "@das/core";
import { startSqlServerEmulator } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { Connection } from "../src/connection.ts";
import { GRANT_VERSIONS, grantsOf, openProvisioner, SqlServerReader } from "../src/index.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const never = new AbortController().signal;

describe.each(["2016", "2017", "2019", "2022"] as const)("the grants of SQL Server %s", (version) => {
  test("give the reader every right that check asks for, and leave none for start to give", async () => {
    await using emulator = await startSqlServerEmulator({ provisioned: false, tls: "off", version });
    const { host, port, user, password } = emulator;
    const connection = { instanceId: "a", host, port, user, password, tls: "off" } as const;
    const administrator = { user: "sa", password };
    {
      await using open = await Connection.open({ ...connection, ...administrator }, systemClock, silentLogger);
      for (const { sql } of grantsOf({ resourceId: RESOURCE, user, version })) {
        const sent = sql
          .replace(":reader_password", `'${password}'`)
          .replaceAll(":signing_password", "'Aa1!thrown away'");
        await open.query(sent, [], { onRow: () => undefined }, never);
      }
    }
    await using reader = new SqlServerReader({ connection, resourceId: RESOURCE });
    const { findings } = await reader.check(never);
    const rights = findings.filter(({ id }) => /^sqlserver\.(right\.|read-procedure)/.test(id));
    expect(rights.length).toBeGreaterThan(3);
    expect(rights.filter(({ status }) => status !== "ok")).toEqual([]);
    await using provisioner = openProvisioner({
      resourceId: RESOURCE,
      instances: [connection],
      administrator,
      logger: silentLogger,
    });
    const plan = await provisioner.planStart(never);
    expect(plan.length).toBeGreaterThan(0);
    const given = new Set(grantsOf({ resourceId: RESOURCE, user, version }).map(({ what }) => what));
    expect(plan.filter(({ what }) => given.has(what))).toEqual([]);
  });
});

test.each(GRANT_VERSIONS)(
  "the reader of %s holds nothing with which it could change an audit or read a table",
  (version) => {
    const all = grantsOf({ resourceId: RESOURCE, user: "reader", version }).map(({ sql }) => sql);
    const grants = all
      .flatMap((sql) => sql.split("\n"))
      .filter((line) => /^(GRANT|ALTER) .*(reader\b|rds_das_readers)/.test(line));
    expect(grants.length).toBeGreaterThan(4);
    expect(grants.filter((line) => /CONTROL|ALTER ANY|SELECT|sysadmin/.test(line))).toEqual([]);
    // The one thing that may more is signed, and its key is gone.
    const signing = all.find((sql) => sql.includes("CONTROL SERVER"));
    expect(signing === undefined).toBe(version >= "2022");
    if (signing)
      expect(signing).toMatch(/REMOVE PRIVATE KEY;\nCREATE LOGIN .*\nGRANT CONTROL SERVER TO \[rds_das_read_signer\];/);
  },
);

test("a login has the same SID on every instance, and its name is quoted", () => {
  const [create] = grantsOf({ resourceId: RESOURCE, user: "odd]name", version: "2022" });
  const [again] = grantsOf({ resourceId: RESOURCE, user: "odd]name", version: "2022" });
  expect(create).toEqual(again);
  expect(create?.sql).toMatch(/^CREATE LOGIN \[odd\]\]name\] WITH PASSWORD = :reader_password, SID = 0x[0-9A-F]{32}, /);
});
