import { silentLogger, systemClock } from "@das/core";
import { type SqlServerEmulatorOptions, startSqlServerEmulator } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { Connection } from "../src/connection.ts";
import type { ConnectionOptions } from "../src/connection-options.ts";
import { openEmulatedTrail } from "./emulated-trail.ts";

/** Time passes a hundred times as fast, for waits that only end a hang. */
const fastClock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 100,
  sleep: (milliseconds: number, signal?: AbortSignal) => systemClock.sleep(milliseconds / 100, signal),
};

const open = (options: ConnectionOptions, clock = systemClock) => Connection.open(options, clock, silentLogger);

async function connectionTo(options: SqlServerEmulatorOptions, change: Partial<ConnectionOptions> = {}) {
  const emulator = await startSqlServerEmulator(options);
  const { host, port, user, password, ca } = emulator;
  const target: ConnectionOptions = {
    instanceId: "a",
    host,
    port,
    user,
    password,
    ...(ca !== undefined && { certificateAuthority: ca }),
    ...change,
  };
  return { emulator, target };
}

describe("TLS", () => {
  test.each([
    ["inside TDS 7.4", "on", "required"],
    ["forced by the server", "required", "required"],
    ["TDS 8 strict", "strict", "strict"],
    ["off on both sides", "off", "off"],
  ] as const)("%s", async (_, server, tls) => {
    const { emulator, target } = await connectionTo({ tls: server }, { tls });
    await using _emulator = emulator;
    await using connection = await open(target);
    expect(await connection.select("SELECT @@SERVERNAME AS name")).toEqual([["SQLEMU01"]]);
  });

  test("a server that answers that it cannot encrypt is refused, though the driver would log in in plain text", async () => {
    const { emulator, target } = await connectionTo({ tls: "off" });
    await using _emulator = emulator;
    await expect(open(target)).rejects.toMatchObject({ name: "RefusedError", code: "tls-refused" });
  });

  test("a certificate that nobody vouches for is refused, with the setting that helps", async () => {
    const { emulator, target } = await connectionTo({});
    await using _emulator = emulator;
    const { certificateAuthority: _, ...untrusting } = target;
    await expect(open(untrusting)).rejects.toMatchObject({ code: "certificate-refused" });
    await expect(open({ ...target, certificateName: "another.example.com" })).rejects.toMatchObject({
      code: "certificate-refused",
    });
    await using connection = await open({ ...untrusting, trustServerCertificate: true });
    expect(await connection.select("SELECT 1 AS one")).toEqual([[1]]);
  });
});

describe("a query", () => {
  const READ = "SELECT f.statement FROM sys.fn_get_audit_file(@pattern, @file, @offset) AS f";

  test.each(["stall", "stall and no answer to a cancellation"])("never hangs on a server that %s", async (kind) => {
    await using trail = await openEmulatedTrail();
    await trail.append(5_000);
    await using connection = await open(trail.connection, fastClock);
    const { faults } = trail.emulator;
    faults.arm({ at: "rows", after: 3_000, matching: /fn_get_audit_file/, ending: "stall" });
    if (kind !== "stall") faults.arm({ at: "attention" });
    let rows = 0;
    const [path] = await connection.select("SELECT audit_file_path FROM sys.dm_server_audit_status");
    const reading = connection.query(
      READ,
      [
        { name: "pattern", type: "nvarchar", value: String(path?.[0]) },
        { name: "file", type: "nvarchar", value: null },
        { name: "offset", type: "bigint", value: null },
      ],
      { onRow: () => (rows += 1) },
    );
    await expect(reading).rejects.toMatchObject({ name: "UnavailableError", code: "database-unavailable" });
    expect(rows).toBeGreaterThan(0);
  });

  test("on a connection that was lost fails, and no other connection takes its place", async () => {
    await using trail = await openEmulatedTrail();
    await using connection = await open(trail.connection);
    await connection.select("SELECT 1 AS one");
    trail.emulator.killConnections();
    await trail.emulator.closePort();
    await trail.emulator.openPort();
    const before = trail.emulator.statements.totals.statements;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(connection.select("SELECT 1 AS one")).rejects.toMatchObject({ code: "database-unavailable" });
    }
    expect(trail.emulator.statements.totals.statements).toBe(before);
  });

  test("that is cancelled leaves a connection that goes on", async () => {
    await using trail = await openEmulatedTrail();
    await trail.append(20_000);
    await using connection = await open(trail.connection);
    const [path] = await connection.select("SELECT audit_file_path FROM sys.dm_server_audit_status");
    const controller = new AbortController();
    let rows = 0;
    const complete = await connection.query(
      READ,
      [
        { name: "pattern", type: "nvarchar", value: String(path?.[0]) },
        { name: "file", type: "nvarchar", value: null },
        { name: "offset", type: "bigint", value: null },
      ],
      {
        onRow: () => {
          rows += 1;
          if (rows === 50) controller.abort();
        },
      },
      controller.signal,
    );
    expect({ complete, rows }).toEqual({ complete: false, rows: 50 });
    expect(await connection.select("SELECT 1 AS one")).toEqual([[1]]);
  });
});
