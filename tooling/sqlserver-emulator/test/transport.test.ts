/** The unmodified driver over each kind of connection. */

import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { createWorkload, ENCRYPTION, preloadWorkload, startSqlServerEmulator, VERSION_PROFILES } from "../src/index.ts";
import { MessageReader, PACKET_TYPE, packMessage } from "../src/protocol/packets.ts";
import { connect, failure } from "./connect.ts";

const READ_ALL = "SELECT f.* FROM sys.fn_get_audit_file(@pattern, NULL, NULL) AS f";
const PATTERN = { pattern: "D:\\das\\RDS_DAS_AUDIT_0*" };

function preload(emulator: Awaited<ReturnType<typeof startSqlServerEmulator>>, rows: number): void {
  const workload = createWorkload({ seed: 5, profile: emulator.profile, serverInstanceName: "SQLEMU01" });
  emulator.change((trail, now) => preloadWorkload(trail, workload, rows, 60_000, now));
}

describe("ways to connect", () => {
  for (const [tls, encrypt] of [
    ["off", false],
    ["on", false],
    ["on", true],
    ["on", "strict"],
    ["required", true],
    ["strict", "strict"],
  ] as const) {
    test(`server ${tls}, client encrypt ${encrypt}: a query is answered, and told whether it is encrypted`, async () => {
      await using emulator = await startSqlServerEmulator({ tls });
      await using connection = await connect(emulator, { encrypt });
      const text = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID";
      expect(await connection.query(text)).toEqual([{ encrypt_option: encrypt === false ? "FALSE" : "TRUE" }]);
    });
  }

  for (const [tls, encrypt, code] of [
    ["off", true, "EENCRYPT"],
    ["required", false, "EENCRYPT"],
    ["off", "strict", "ESOCKET"],
    ["strict", true, "ESOCKET"],
  ] as const) {
    test(`server ${tls}, client encrypt ${encrypt}: refused with ${code}`, async () => {
      await using emulator = await startSqlServerEmulator({ tls });
      expect(await failure(connect(emulator, { encrypt }))).toMatchObject({ code });
      await expect.poll(() => emulator.sessionCount).toBe(0);
    });
  }

  test("a certificate whose authority is not trusted is refused, inside TDS and around it", async () => {
    await using emulator = await startSqlServerEmulator();
    for (const encrypt of [true, "strict"] as const) {
      const error = await failure(connect(emulator, { encrypt, ca: null }));
      expect(String(error.message)).toMatch(/self-signed certificate|unable to (?:get|verify)/);
    }
  });

  test("two emulators do not trust each other", async () => {
    await using one = await startSqlServerEmulator();
    await using other = await startSqlServerEmulator();
    expect(await failure(connect(one, { ca: other.ca ?? null }))).toMatchObject({ code: "ESOCKET" });
  });

  test("a PRELOGIN that answers without encryption is what the driver has to refuse", async () => {
    await using emulator = await startSqlServerEmulator();
    for (const encryption of [ENCRYPTION.notSupported, ENCRYPTION.off]) {
      emulator.faults.arm({ at: "prelogin", encryption });
      expect(await failure(connect(emulator, { encrypt: true }))).toMatchObject({ code: "EENCRYPT" });
    }
  });

  test("TLS around TDS may be 1.3 and is named tds/8.0", async () => {
    await using emulator = await startSqlServerEmulator();
    const options = { host: emulator.host, port: emulator.port, ca: emulator.ca ?? "", ALPNProtocols: ["tds/8.0"] };
    const socket = connectTls(options);
    await once(socket, "secureConnect");
    expect([socket.alpnProtocol, socket.getProtocol(), socket.authorized]).toEqual(["tds/8.0", "TLSv1.3", true]);
    socket.destroy();
  });

  test("TLS inside TDS is at most 1.2, whatever the client can do", async () => {
    await using emulator = await startSqlServerEmulator();
    const socket = connectSocket(emulator.port, emulator.host);
    const reader = new MessageReader();
    let handshaking = false;
    const inside = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => socket.write(packMessage(PACKET_TYPE.prelogin, chunk), () => done()),
    });
    const secured = Promise.withResolvers<string | null>();
    socket.on("data", (chunk) => {
      for (const { payload } of reader.feed(chunk)) {
        if (handshaking) inside.push(payload);
        else {
          handshaking = true;
          const tls = connectTls({ socket: inside, ca: emulator.ca ?? "", servername: "localhost" });
          tls.on("secureConnect", () => secured.resolve(tls.getProtocol()));
          tls.on("error", secured.reject);
        }
      }
    });
    const options = Buffer.of(0x01, 0, 6, 0, 1, 0xff, ENCRYPTION.on);
    socket.write(packMessage(PACKET_TYPE.prelogin, options));
    expect(await secured.promise).toBe("TLSv1.2");
    socket.destroy();
  });
});

describe("the login", () => {
  test("a wrong password or an unknown login is error 18456, and an audited row", async () => {
    await using emulator = await startSqlServerEmulator({ audits: { queueDelay: 0 } });
    expect(await failure(connect(emulator, { password: "wrong" }))).toMatchObject({
      code: "ELOGIN",
      message: "Login failed for user 'das'.",
    });
    expect(await failure(connect(emulator, { user: "нет" }))).toMatchObject({
      code: "ELOGIN",
      message: "Login failed for user 'нет'.",
    });
    await using connection = await connect(emulator);
    const rows = await connection.query(
      "SELECT server_principal_name, statement, succeeded FROM sys.fn_get_audit_file(@pattern, NULL, NULL) WHERE action_id = 'LGIF'",
      PATTERN,
    );
    expect(rows).toEqual([
      {
        server_principal_name: "das",
        succeeded: false,
        statement:
          "Login failed for user 'das'. Reason: Password did not match that for the login provided. [CLIENT: 127.0.0.1]",
      },
      {
        server_principal_name: "нет",
        succeeded: false,
        statement:
          "Login failed for user 'нет'. Reason: Could not find a login matching the name provided. [CLIENT: 127.0.0.1]",
      },
    ]);
  });

  test("a database that does not exist is error 4060", async () => {
    await using emulator = await startSqlServerEmulator({ tls: "off" });
    const options = { connectionRetryInterval: 1 };
    const error = await failure(connect(emulator, { database: "nowhere", options }));
    expect(String(error.message)).toContain('Cannot open database "nowhere"');
  });

  test("a transient refusal is tried again by the driver", async () => {
    await using emulator = await startSqlServerEmulator({ tls: "off" });
    const text = "Database 'master' on server 'x' is not currently available.";
    emulator.faults.arm({ at: "login", error: { number: 40613, severity: 14, state: 1, text } }, 2);
    await using connection = await connect(emulator, { options: { connectionRetryInterval: 1 } });
    expect(await connection.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("the client's names and the database arrive", async () => {
    await using emulator = await startSqlServerEmulator();
    await using connection = await connect(emulator, { database: "Sales", options: { appName: "Prüfung" } });
    expect(
      await connection.query("SELECT DB_NAME() AS d, APP_NAME() AS a, SUSER_SNAME() AS u, ORIGINAL_LOGIN() AS o"),
    ).toEqual([{ d: "Sales", a: "Prüfung", u: "das", o: "das" }]);
    expect(await connection.query("USE [clinic]; SELECT DB_NAME() AS d")).toEqual([{ d: "Clinic" }]);
  });
});

describe("packets", () => {
  for (const packetSize of [512, 4096, 16_384, 32_767]) {
    test(`a large result in packets of ${packetSize} bytes arrives whole, in plain and over TLS`, async () => {
      await using emulator = await startSqlServerEmulator({ audits: { queueDelay: 0 } });
      preload(emulator, 3000);
      const audited = emulator.trail.audits[0]?.audited;
      for (const encrypt of [false, true, "strict"] as const) {
        await using connection = await connect(emulator, { encrypt, options: { packetSize } });
        const rows = await connection.query(READ_ALL, PATTERN);
        const stored = emulator.trail.files
          .filter(({ name }) => name.startsWith("RDS_DAS_AUDIT_0"))
          .flatMap(({ blocks }) => blocks.flatMap((block) => block.rows));
        expect(rows.map(({ statement }) => statement)).toEqual(stored.map(({ statement = "" }) => statement));
        expect(rows.length).toBeGreaterThan(2900);
        expect(rows.length).toBeLessThanOrEqual(audited ?? 0);
      }
    });
  }

  test("a request larger than a packet arrives whole", async () => {
    await using emulator = await startSqlServerEmulator();
    await using connection = await connect(emulator);
    const long = "ß😀".repeat(60_000);
    expect(await connection.query("SELECT @long AS long", { long })).toEqual([{ long }]);
    expect((await connection.pool.request().batch(`SELECT N'${long.slice(0, 4000)}' AS long`)).recordset).toEqual([
      { long: long.slice(0, 4000) },
    ]);
  });
});

describe("the port", () => {
  test("closed and opened elsewhere, as after a failover; connections killed", async () => {
    await using emulator = await startSqlServerEmulator({ tls: "off" });
    const before = emulator.port;
    await using connection = await connect(emulator);
    await emulator.closePort();
    expect(await failure(connect(emulator))).toMatchObject({ code: "ESOCKET" });
    const query = failure(
      connection.query("SELECT 1 AS one FROM sys.fn_get_audit_file(@pattern, NULL, NULL)", PATTERN),
    );
    emulator.killConnections();
    expect(["ESOCKET", "ECONNCLOSED", "ECLOSE", "EREQUEST"]).toContain((await query).code);
    await emulator.openPort(0);
    expect(emulator.port).not.toBe(before);
    await using again = await connect(emulator);
    expect(await again.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("refused as soon as accepted", async () => {
    await using emulator = await startSqlServerEmulator({ tls: "off" });
    emulator.faults.arm({ at: "connect" });
    expect(await failure(connect(emulator))).toMatchObject({ code: "ESOCKET" });
    await using connection = await connect(emulator);
    expect(await connection.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("garbage, silence and half a handshake end their own connection only", async () => {
    await using emulator = await startSqlServerEmulator();
    await using connection = await connect(emulator);
    await connection.query("SELECT 1 AS one");
    const garbage = [
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      Buffer.of(0x12, 1, 0, 0),
      Buffer.of(0x12, 1, 0, 4, 0, 0, 1, 0),
      Buffer.of(0x16, 3, 1, 0, 4, 1, 2, 3, 4),
      Buffer.of(0x12, 1, 0, 9, 0, 0, 1, 0, 0xff),
      Buffer.of(0x10, 1, 0, 12, 0, 0, 1, 0, 1, 2, 3, 4),
      Buffer.alloc(0),
    ];
    for (const bytes of garbage) {
      const socket = connectSocket(emulator.port, emulator.host);
      await once(socket, "connect");
      socket.on("error", () => undefined);
      socket.end(bytes);
      socket.resume();
      await once(socket, "close");
    }
    await expect.poll(() => emulator.sessionCount).toBe(1);
    expect(await connection.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });
});

test("every version says what it is, to PRELOGIN and to @@VERSION", async () => {
  for (const [version, profile] of Object.entries(VERSION_PROFILES)) {
    await using emulator = await startSqlServerEmulator({ tls: "off", version: profile.version });
    await using connection = await connect(emulator);
    const [row] = await connection.query(
      "SELECT @@VERSION AS v, CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')) AS p",
    );
    expect(row?.p).toBe(profile.productVersion);
    expect(String(row?.v)).toContain(`Microsoft SQL Server ${version} `);
  }
});
