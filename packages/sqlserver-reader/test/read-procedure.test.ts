import { type Logger, silentLogger, systemClock } from "@das/core";
import { describe, expect, test } from "vitest";
import { ConnectedServer } from "../src/connected-server.ts";
import { Connection } from "../src/connection.ts";
import { AUDIT_NAME } from "../src/index.ts";
import type { SqlValue } from "../src/row.ts";
import { type EmulatedTrail, openEmulatedTrail, type ReadingOptions } from "./emulated-trail.ts";

const never = new AbortController().signal;

async function connect({ connection }: EmulatedTrail, logger: Logger = silentLogger): Promise<ConnectedServer> {
  const own = { serverHost: undefined, audit: AUDIT_NAME, resourceId: "db-READ", clock: systemClock, logger };
  return ConnectedServer.open({ connection, ...own }, never);
}

async function asAdministrator({ connection }: EmulatedTrail, sql: string): Promise<void> {
  await using open = await Connection.open({ ...connection, user: "sa" }, systemClock, silentLogger);
  await open.select(sql);
}

describe("until 2019 the reader reads through a signed procedure", () => {
  async function rowsRead(reading: ReadingOptions) {
    await using trail = await openEmulatedTrail({ version: "2017", tls: "off" }, reading);
    await trail.append(700);
    await using server = await connect(trail);
    const { audit } = await server.observe(never);
    const rows: (readonly SqlValue[])[] = [];
    const path = `${audit?.directory}${audit?.currentFile}`;
    await server.readRows(path, null, { onRow: (values) => rows.push(values) }, never);
    return { rows, columns: server.instance.trail.columns };
  }

  test("the very rows, in the very order, that it would read itself with CONTROL SERVER", async () => {
    const itself = await rowsRead({});
    const byProcedure = await rowsRead({ byProcedure: true });
    expect(byProcedure.columns).toEqual(itself.columns);
    expect(byProcedure.rows.length).toBeGreaterThan(700);
    const timeless = ({ rows, columns }: typeof itself) => {
      const times = columns.findIndex(({ name }) => name === "das_event_time");
      return rows.map((row) => row.map((value, index) => (index === times ? String(value).length : value)));
    };
    expect(timeless(byProcedure).slice(-700)).toEqual(timeless(itself).slice(-700));
  });

  test("it says so when it holds CONTROL SERVER all the same, and then reads itself", async () => {
    await using trail = await openEmulatedTrail({ version: "2019", tls: "off" }, { byProcedure: true });
    await asAdministrator(trail, `GRANT CONTROL SERVER TO [${trail.emulator.user}];`);
    const warnings: string[] = [];
    await using server = await connect(trail, { ...silentLogger, warn: (_, message) => void warnings.push(message) });
    expect(warnings).toEqual([expect.stringContaining("holds CONTROL SERVER, which is nearly everything")]);
    expect(server.instance.reading.statement).toContain("FROM sys.fn_get_audit_file(");
  });

  test.each([229, 297, 300] as const)(
    "without it reading is refused (%i), as by the server itself",
    async (refusal) => {
      await using trail = await openEmulatedTrail(
        { version: "2019", tls: "off", instance: { refusal } },
        { byProcedure: true },
      );
      const [path] = [...trail.emulator.trail.files].map(({ directory, name }) => directory + name);
      const read = async () => {
        await using server = await connect(trail);
        await server.readRows(path ?? "", null, { onRow: () => undefined }, never);
      };
      await read();
      await asAdministrator(
        trail,
        "ALTER PROCEDURE dbo.rds_das_read @pattern nvarchar(260), @file nvarchar(260) = NULL, @offset bigint = NULL AS SELECT f.event_time, f.file_name FROM sys.fn_get_audit_file(@pattern, @file, @offset) AS f;",
      );
      await expect(read()).rejects.toMatchObject({ code: "right-missing" });
      await asAdministrator(trail, "REVOKE EXECUTE ON dbo.rds_das_read FROM [rds_das_readers];");
      await expect(read()).rejects.toMatchObject({ code: "right-missing" });
    },
  );
});

describe("das check", () => {
  test.each([
    ["DROP PROCEDURE dbo.rds_das_read;", "there is no procedure dbo.rds_das_read", /^Run das start again/],
    [
      "ALTER PROCEDURE dbo.rds_das_read @pattern nvarchar(260) AS SELECT 1 AS one;",
      "it was changed after it was signed",
      /^Run das start again/,
    ],
    [
      "DROP LOGIN [rds_das_read_signer];",
      "the login rds_das_read_signer, from which dbo.rds_das_read has its rights, is gone",
      /^Run das start again/,
    ],
    [
      "REVOKE CONTROL SERVER FROM [rds_das_read_signer];",
      "lacks CONTROL SERVER",
      /^USE master; GRANT CONTROL SERVER TO \[rds_das_read_signer\];$/,
    ],
    [
      "REVOKE EXECUTE ON dbo.rds_das_read FROM [rds_das_readers];",
      "may not execute dbo.rds_das_read",
      /^USE master; GRANT EXECUTE ON dbo.rds_das_read TO \[rds_das_readers\];$/,
    ],
  ])("after %s", async (tampering, what, repair) => {
    await using trail = await openEmulatedTrail({ version: "2019", tls: "off" }, { byProcedure: true });
    const judge = async () => {
      await using reader = trail.openReader();
      return (await reader.check(never)).findings.find(({ id }) => id === "sqlserver.read-procedure");
    };
    expect(await judge()).toMatchObject({ status: "ok" });
    await asAdministrator(trail, tampering);
    const finding = await judge();
    expect(finding).toMatchObject({ status: "failure", what: expect.stringContaining(what) });
    expect(finding?.repair).toMatch(repair);
    if (finding?.repair?.startsWith("USE master")) {
      await asAdministrator(trail, finding.repair);
      expect(await judge()).toMatchObject({ status: "ok" });
    }
    await asAdministrator(trail, `GRANT CONTROL SERVER TO [${trail.emulator.user}];`);
    expect((await judge())?.status).toBe(finding?.repair?.startsWith("USE master") ? "ok" : "warning");
  });
});
