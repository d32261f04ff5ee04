import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Clock, systemClock } from "@das/core";
import { makeServerCertificate } from "@das/oracle-emulator";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ServerError } from "../src/classify-error.ts";
import { meaninglessIdentity } from "../src/client-identity.ts";
import { Connection } from "../src/connection.ts";
import type { ConnectionOptions } from "../src/connection-options.ts";
import type { OracleValue } from "../src/row.ts";
import { SESSION_AS_SET_UP } from "../src/statements.ts";
import { fastClock } from "./fast-clock.ts";
import { type Answer, startScriptedServer, textResult } from "./scripted-server.ts";

const open = (options: ConnectionOptions, clock: Clock = systemClock) => Connection.open(options, clock);

/** `rows N`: as many rows; `long N`: statements of so many characters; `wait`: nothing until a break. */
const answer: Answer = (sql) => {
  const [, count] = /rows (\d+)/.exec(sql) ?? [];
  const [, length] = /long (\d+)/.exec(sql) ?? [];
  if (count !== undefined) {
    const text = "s".repeat(Number(length ?? 10));
    return {
      columns: [
        { name: "N", type: "NUMBER", nullable: false },
        { name: "SQL_TEXT", type: "CLOB", nullable: true },
      ],
      rows: Iterator.from(numbersTo(Number(count))).map((number) => [number, text]),
    };
  }
  if (sql.includes("wait")) return "never";
  if (sql.startsWith("BEGIN")) return "done";
  return sql.includes("dual") ? textResult(["X"]) : undefined;
};

function* numbersTo(count: number): Generator<number> {
  for (let number = 1; number <= count; number += 1) yield number;
}

describe("TLS", () => {
  test.each([
    ["on a port that also speaks plain text", "on", "required", "tcps"],
    ["on a port of its own", "required", "required", "tcps"],
    ["off on both sides", "off", "off", "tcp"],
    ["off, because the configuration says so", "on", "off", "tcp"],
  ] as const)("%s", async (_, tls, mode, protocol) => {
    await using scripted = await startScriptedServer(answer, { tls });
    await using connection = await open({ ...scripted.target, tls: mode });
    expect(await connection.select("SELECT * FROM dual")).toEqual([["X"]]);
    expect(scripted.server.logOns).toMatchObject([{ protocol, user: "DAS_READER" }]);
  });

  test("a port that speaks plain text only is refused, and waited for when it was another one before", async () => {
    await using scripted = await startScriptedServer(answer, { tls: "off" });
    await expect(open({ ...scripted.target, tls: "required" })).rejects.toMatchObject({ code: "tls-refused" });
    expect(scripted.server.logOns).toEqual([]);
  });

  test("a redirect to an address without TLS is refused before anybody logs on there", async () => {
    await using scripted = await startScriptedServer(answer);
    const { host, port } = scripted.server;
    await using listener = await startRedirectingListener(`(ADDRESS=(PROTOCOL=tcp)(HOST=${host})(PORT=${port}))`);
    const { port: redirecting, ca: certificateAuthority } = listener;
    await expect(open({ ...scripted.target, port: redirecting, certificateAuthority })).rejects.toMatchObject({
      name: "RefusedError",
      code: "tls-refused",
    });
    expect(scripted.server.logOns).toEqual([]);
  });

  test("a certificate that nobody vouches for, or for another name, is refused", async () => {
    await using scripted = await startScriptedServer(answer);
    const { target } = scripted;
    const { certificateAuthority: _, ...untrusting } = target;
    const another = { code: "certificate-refused", name: "RefusedError" };
    await expect(open(untrusting)).rejects.toMatchObject(another);
    await expect(open({ ...target, certificateAuthority: meaninglessIdentity() })).rejects.toMatchObject(another);
    await expect(open({ ...target, certificateName: "CN=another" })).rejects.toMatchObject(another);
    // The same address under a name that the certificate does not have.
    const misnamed = { ...target, host: "127.1" };
    await expect(open(misnamed)).rejects.toMatchObject(another);
    await using byName = await open({ ...misnamed, certificateName: "CN=localhost" });
    await using unnamed = await open({ ...misnamed, checkCertificateName: false });
    expect(await byName.select("SELECT * FROM dual")).toEqual(await unnamed.select("SELECT * FROM dual"));
  });

  test("a wallet as text, from its directory, and none that can be used", async () => {
    await using scripted = await startScriptedServer(answer);
    const { certificateAuthority: _, ...target } = scripted.target;
    const wallet = scripted.server.walletContent ?? "";
    const directory = await mkdtemp(join(tmpdir(), "das-wallet-"));
    try {
      await writeFile(join(directory, "ewallet.pem"), wallet);
      for (const options of [{ wallet }, { walletLocation: directory }]) {
        await using connection = await open({ ...target, ...options });
        expect(await connection.select("SELECT * FROM dual")).toEqual([["X"]]);
      }
      await writeFile(join(directory, "ewallet.pem"), "no wallet");
      await expect(open({ ...target, walletLocation: directory })).rejects.toMatchObject({
        code: "certificate-refused",
      });
      await expect(open({ ...target, walletLocation: join(directory, "nowhere") })).rejects.toMatchObject({
        name: "ConfigurationError",
        code: "wallet-unreadable",
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

const nowhere: ConnectionOptions = {
  instanceId: "a",
  host: "127.0.0.1",
  service: "orcl",
  user: "DAS_READER",
  password: "secret",
};

describe("a log-on", () => {
  test("that the server does not answer ends, and its socket with it", async () => {
    await using scripted = await startScriptedServer(answer);
    scripted.server.blackHole.turnOn();
    await expect(open(scripted.target, fastClock(100))).rejects.toMatchObject({ code: "database-unavailable" });
    scripted.server.blackHole.turnOff();
    await expect.poll(() => scripted.server.connectionCount).toBe(0);
  });

  test("that stops half-way, after the listener accepted, ends too", async () => {
    // The driver has no timeout for what follows.
    for (const tls of ["off", "required"] as const) {
      await using listener = await startAcceptingListener(tls);
      const target = { ...nowhere, port: listener.port, tls, certificateAuthority: listener.ca };
      await expect(open(target, fastClock(100))).rejects.toThrow(/no answer/);
      await expect.poll(() => listener.openSockets).toBe(0);
    }
  });

  test("that nobody waits for any more ends at once", async () => {
    await using listener = await startAcceptingListener("off");
    const controller = new AbortController();
    const opening = Connection.open(
      { ...nowhere, port: listener.port, tls: "off" },
      // Time stands still, almost.
      fastClock(1e-6),
      controller.signal,
    );
    const failed = expect(opening).rejects.toMatchObject({ code: "database-unavailable" });
    await expect.poll(() => listener.openSockets).toBe(1);
    controller.abort();
    await failed;
  });

  test("that the listener or the server refuses says who has to act", async () => {
    await using scripted = await startScriptedServer(answer);
    const { faults } = scripted.server;
    const { target } = scripted;
    await expect(open({ ...target, password: "wrong" })).rejects.toMatchObject({ code: "login-refused" });
    for (const [number, code] of [
      [28000, "login-refused"],
      [28001, "login-refused"],
      [1045, "right-missing"],
      [1033, "database-unavailable"],
      [1034, "database-unavailable"],
      [20, "database-unavailable"],
    ] as const) {
      faults.arm({ at: "logOn", error: { number, text: "refused" } });
      await expect(open(target)).rejects.toMatchObject({ code });
    }
    for (const [number, code] of [
      [12514, "service-unknown"],
      [12528, "database-unavailable"],
      [12520, "database-unavailable"],
    ] as const) {
      faults.arm({ at: "listener", number });
      await expect(open(target)).rejects.toMatchObject({ code });
    }
  });

  test("where a trigger takes the session's settings back is refused", async () => {
    await using scripted = await startScriptedServer(answer);
    for (const settings of [
      ["+02:00", "2000-01-02 03:04:05.678901", "1.5"],
      ["+00:00", "2543-01-02 03:04:05.678901", "1.5"],
      ["+00:00", "2000-01-02 03:04:05.678901", "1,5"],
    ]) {
      scripted.setSettings(settings);
      await expect(open(scripted.target)).rejects.toMatchObject({ name: "RefusedError", code: "session-refused" });
    }
  });

  test("needs names that fit into a connect descriptor", async () => {
    for (const change of [{ service: "orcl)(SERVER=SHARED" }, { host: "a b" }]) {
      await expect(open({ ...nowhere, ...change })).rejects.toMatchObject({ name: "ConfigurationError" });
    }
  });
});

describe("a query", () => {
  test("gives values as exact text", async () => {
    const values = [
      ["9007199254740993", "x".repeat(100_000), "00FF", null],
      [".5", "a\u0000b", "0000000000000000", "é 😀 𝄞"],
      ["-12.5", null, null, null],
      ["866957642826845769", "😀".repeat(20_000), null, "x"],
    ] as const;
    const types = ["NUMBER", "CLOB", "VARCHAR2", "VARCHAR2"] as const;
    const columns = types.map((type, index) => ({ name: `C${index}`, type, nullable: true }));
    await using scripted = await startScriptedServer(() => ({ columns, rows: values }));
    await using connection = await open(scripted.target);
    // Twice: the second time the driver has the statement in its cache.
    for (let turn = 0; turn < 2; turn += 1) expect(await connection.select("SELECT …")).toEqual(values);
  });

  test("is asked for in round trips that neither stop the process nor fill it", async () => {
    await using scripted = await startScriptedServer(answer);
    await using connection = await open(scripted.target);
    const batches = async (sql: string) => {
      const sizes: number[] = [];
      await connection.query(sql, {}, (rows) => {
        sizes.push(rows.length);
      });
      return sizes;
    };
    const short = await batches("SELECT rows 5000");
    expect(Math.max(...short)).toBe(250);
    expect(short.reduce((sum, size) => sum + size)).toBe(5_000);
    const long = await batches("SELECT rows 200 long 100000");
    // After the first, which nothing is known of, about a million characters at a time.
    expect(Math.max(...long.slice(1))).toBeLessThanOrEqual(11);
    expect(long.reduce((sum, size) => sum + size)).toBe(200);
  });

  test("waits for a slow taker without asking for more, and gives the result up in the end", async () => {
    await using scripted = await startScriptedServer(answer);
    await using connection = await open(scripted.target, fastClock(200));
    const sent = () => scripted.server.statements.matching(/rows 5000/).at(-1)?.rowsSent ?? 0;
    let rowsBefore = 0;
    const held = connection.query("SELECT rows 5000", {}, async () => {
      rowsBefore = sent();
      await new Promise(() => undefined);
    });
    await expect(held).rejects.toMatchObject({ name: "UnavailableError", code: "result-given-up" });
    expect(sent()).toBe(rowsBefore);
    expect(rowsBefore).toBeLessThan(5_000);
  });

  test("lets an error of the taker through", async () => {
    await using scripted = await startScriptedServer(answer);
    await using connection = await open(scripted.target);
    const mistake = new Error("mine");
    const failing = connection.query("SELECT rows 500", {}, () => {
      throw mistake;
    });
    await expect(failing).rejects.toBe(mistake);
    expect(await connection.select("SELECT * FROM dual")).toEqual([["X"]]);
  });

  test("that is cancelled leaves a connection that goes on, whenever it is cancelled", async () => {
    await using scripted = await startScriptedServer(answer);
    await using connection = await open(scripted.target);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("SELECT rows 3000", "SELECT wait", "SELECT * FROM dual"),
        fc.nat(40),
        fc.nat(1_000),
        async (sql, turns, after) => {
          const controller = new AbortController();
          let rows = 0;
          const take = (batch: readonly unknown[]) => {
            rows += batch.length;
            if (rows > after) controller.abort();
          };
          const waiting = async () => {
            for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
            controller.abort();
          };
          await Promise.all([connection.query(sql, {}, take, controller.signal), waiting()]);
          expect(await connection.select("SELECT * FROM dual")).toEqual([["X"]]);
        },
      ),
      { numRuns: 200 },
    );
    expect(scripted.server.logOns).toHaveLength(1);
  });

  test("that is cancelled before it begins is not sent", async () => {
    await using scripted = await startScriptedServer(answer);
    await using connection = await open(scripted.target);
    const { statements } = scripted.server;
    const before = statements.totals.statements;
    expect(await connection.query("SELECT rows 10", {}, () => undefined, AbortSignal.abort())).toBe(false);
    expect(statements.totals.statements).toBe(before);
  });
});

describe("nothing hangs", () => {
  test.each(["SELECT wait", "SELECT rows 100"])("on a black hole: %s", async (sql) => {
    await using scripted = await startScriptedServer(answer);
    const clock = fastClock();
    const connection = await open(scripted.target, clock);
    clock.speedUp(1_000);
    scripted.server.blackHole.turnOn();
    await expect(connection.select(sql)).rejects.toMatchObject({ code: "database-unavailable" });
    await expect(connection.select(sql)).rejects.toMatchObject({ code: "database-unavailable" });
    await connection[Symbol.asyncDispose]();
    scripted.server.blackHole.turnOff();
    await expect.poll(() => scripted.server.connectionCount).toBe(0);
  });

  test("when the link dies idle, closing neither", async () => {
    await using scripted = await startScriptedServer(answer);
    const connection = await open(scripted.target, fastClock(100));
    scripted.server.blackHole.turnOn();
    await connection[Symbol.asyncDispose]();
    scripted.server.blackHole.turnOff();
    await expect.poll(() => scripted.server.connectionCount).toBe(0);
    expect(scripted.ends).toHaveLength(1);
  });

  test.each(["a break ends", "deaf to breaks too"])("when a result stalls: %s", async (kind) => {
    await using scripted = await startScriptedServer(answer);
    const clock = fastClock();
    await using connection = await open(scripted.target, clock);
    // Not so fast that the answer to a break would come too late on a busy machine.
    clock.speedUp(200);
    const { faults } = scripted.server;
    faults.arm({ at: "rows", after: 150, ending: "stall" });
    const answersBreak = kind === "a break ends";
    if (!answersBreak) faults.arm({ at: "break" });
    let rows = 0;
    const reading = connection.query("SELECT rows 5000", {}, (batch) => {
      rows += batch.length;
    });
    const code = answersBreak ? "database-slow" : "database-unavailable";
    await expect(reading).rejects.toMatchObject({ name: "UnavailableError", code });
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThanOrEqual(150);
  });

  test.each(["call", "rows"] as const)("when the socket is cut at %s", async (at) => {
    await using scripted = await startScriptedServer(answer);
    await using connection = await open(scripted.target);
    if (at === "call") scripted.server.faults.arm({ at, matching: /rows/ });
    else scripted.server.faults.arm({ at, after: 150, ending: "kill" });
    let rows = 0;
    const reading = connection.query("SELECT rows 5000", {}, (batch) => {
      rows += batch.length;
    });
    await expect(reading).rejects.toMatchObject({ name: "UnavailableError", code: "database-unavailable" });
    expect(rows).toBeLessThanOrEqual(150);
  });

  test("when the socket was cut while nobody asked anything", async () => {
    await using scripted = await startScriptedServer(answer);
    await using connection = await open(scripted.target);
    scripted.server.killConnections();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(connection.select("SELECT * FROM dual")).rejects.toMatchObject({ code: "database-unavailable" });
    }
    expect(scripted.server.logOns).toHaveLength(1);
  });

  test("when it is closed under a running query", async () => {
    await using scripted = await startScriptedServer(answer);
    const connection = await open(scripted.target);
    const reading = connection.select("SELECT wait");
    const failed = expect(reading).rejects.toMatchObject({ code: "database-unavailable" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await connection[Symbol.asyncDispose]();
    await failed;
  });
});

test("what was given up is not mourned when the garbage collector comes", async () => {
  // The driver then says good-bye on connections that were not closed; on a broken one that ends the process.
  await using scripted = await startScriptedServer(answer);
  await using plain = await startScriptedServer(answer, { tls: "off" });
  for (const { server, target, setSettings } of [scripted, plain]) {
    for (let turn = 0; turn < 5; turn += 1) {
      const cutIdle = await open(target);
      server.killConnections();
      await cutIdle[Symbol.asyncDispose]();
      const inUse = await open(target);
      const reading = inUse.select("SELECT wait").catch(() => undefined);
      await inUse[Symbol.asyncDispose]();
      await reading;
      const clock = fastClock();
      const silent = await open(target, clock);
      clock.speedUp(1_000);
      server.blackHole.turnOn();
      await silent[Symbol.asyncDispose]();
      await open(target, clock).catch(() => undefined);
      server.blackHole.turnOff();
      await using halfWay = await startAcceptingListener(target.tls ?? "required");
      await open({ ...target, port: halfWay.port, certificateAuthority: halfWay.ca }, fastClock(150)).catch(
        () => undefined,
      );
      setSettings(["+02:00", null, null]);
      await open(target).catch(() => undefined);
      setSettings(SESSION_AS_SET_UP);
    }
  }
  const unexpected: unknown[] = [];
  const note = (error: unknown) => unexpected.push(error);
  process.on("uncaughtException", note);
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 10; turn += 1) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  process.off("uncaughtException", note);
  expect(unexpected).toEqual([]);
});

test("what is closed in peace is logged off", async () => {
  await using scripted = await startScriptedServer(answer);
  const connection = await open(scripted.target);
  await connection[Symbol.asyncDispose]();
  await expect.poll(() => scripted.ends).toEqual(["logged off"]);
});

describe("an error of the server", () => {
  /** What the driver shows of each is in Oracle notes §6. */
  const PASSING = [28, 1012, 1033, 1089, 1092, 1109, 1555, 2396, 3113, 3114, 3135, 8103, 16456, 22924, 12801, 604];
  const THE_STATEMENTS = [16000, 16521, 904, 46385, 20101];

  test.each(PASSING)("ORA-%i, at once and amid the rows: try again", async (number) => {
    await using scripted = await startScriptedServer(answer);
    const error = { number, text: "text of the server" };
    for (const fault of [
      { at: "statement", matching: /rows/, error },
      { at: "rows", after: 150, ending: { error } },
    ] as const) {
      await using connection = await open(scripted.target);
      scripted.server.faults.arm(fault);
      const reading = connection.query("SELECT rows 500", {}, () => undefined);
      await expect(reading).rejects.toMatchObject({ name: "UnavailableError", retryable: true });
    }
  });

  test.each(THE_STATEMENTS)("ORA-%i is the statement's, and the connection goes on", async (number) => {
    await using scripted = await startScriptedServer(answer);
    await using connection = await open(scripted.target);
    scripted.server.faults.arm({ at: "statement", matching: /BEGIN/, error: { number, text: "text" } });
    const calling = connection.call("BEGIN NULL; END;", {});
    await expect(calling).rejects.toBeInstanceOf(ServerError);
    await expect(calling).rejects.toMatchObject({ number });
    expect(await connection.call("BEGIN NULL; END;", {})).toBe(true);
  });

  test("a missing right ends nothing but the statement", async () => {
    await using scripted = await startScriptedServer(answer);
    await using connection = await open(scripted.target);
    await expect(connection.select("SELECT * FROM nothing")).rejects.toMatchObject({ code: "right-missing" });
    expect(await connection.select("SELECT * FROM dual")).toEqual([["X"]]);
  });
});

test("binds are sent as strings, by name", async () => {
  const seen: unknown[] = [];
  await using scripted = await startScriptedServer((sql, binds) => {
    if (sql.includes(":lo")) seen.push(...binds);
    return textResult(["X"]);
  });
  await using connection = await open(scripted.target);
  await connection.select("SELECT 1 FROM dual WHERE a >= :lo AND a < :hi", { hi: "2", lo: "1" });
  expect(seen).toMatchObject([
    { type: "VARCHAR2", value: "1" },
    { type: "VARCHAR2", value: "2" },
  ]);
});

test("columns are described without their rows", async () => {
  await using scripted = await startScriptedServer(() => ({
    columns: [
      { name: "ENTRY_ID", type: "NUMBER", nullable: false },
      { name: "odd name", type: "CLOB", nullable: true },
      { name: "EVENT_TIMESTAMP", type: "TIMESTAMP", nullable: true },
      { name: "SEEN", type: "TIMESTAMP WITH TIME ZONE", nullable: true },
      { name: "XID", type: "RAW", size: 8, nullable: true },
    ],
    rows: [],
  }));
  await using connection = await open(scripted.target);
  const described = await connection.describe("SELECT * FROM t WHERE 1=0");
  expect(described.map(({ name, type }): OracleValue => `${name} ${type}`)).toEqual([
    "ENTRY_ID NUMBER",
    "odd name CLOB",
    "EVENT_TIMESTAMP TIMESTAMP",
    "SEEN TIMESTAMP WITH TIME ZONE",
    "XID RAW",
  ]);
});

/** Accepts whoever connects, and says nothing more. */
async function startAcceptingListener(tls: "off" | "required") {
  // Oracle notes §7.1.
  const accept = Buffer.alloc(45);
  accept.writeUInt16BE(45, 0);
  accept.writeUInt8(2, 4);
  accept.writeUInt16BE(318, 8);
  accept.writeUInt16BE(8192, 12);
  accept.writeUInt8(0x04, 22);
  accept.writeUInt8(0x08, 23);
  accept.writeUInt32BE(8192, 32);
  accept.writeUInt32BE(2_097_152, 36);
  const sockets = new Set<Socket>();
  const { ca, certificate, key } = makeServerCertificate(Date.now());
  const answerTo = (socket: Socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.write(accept));
    socket.resume();
  };
  const server = tls === "off" ? createPlainServer(answerTo) : createTlsServer({ cert: certificate, key }, answerTo);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const listening = await listen(server);
  return {
    port: portOf(server),
    ca,
    get openSockets() {
      return sockets.size;
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

/** Speaks TLS and sends whoever connects to another address. */
async function startRedirectingListener(address: string) {
  const { ca, certificate, key } = makeServerCertificate(Date.now());
  const server = createTlsServer({ cert: certificate, key }, (socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      const text = Buffer.from(address);
      const packet = Buffer.alloc(10 + text.length);
      packet.writeUInt16BE(packet.length, 0);
      packet.writeUInt8(5, 4);
      packet.writeUInt16BE(text.length, 8);
      text.copy(packet, 10);
      socket.write(packet);
    });
  });
  const listening = await listen(server);
  return {
    port: portOf(server),
    ca,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

async function listen(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
