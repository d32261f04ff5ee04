/** Links and servers that fail, in every way that the notes know, and what the driver sees of it. */
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { describe, expect, test } from "vitest";
import type { SqlValue } from "../src/engine-session.ts";
import { startWireServer, type WireServer } from "../src/wire-server.ts";
import { type Connected, connect, failure } from "./connect.ts";
import { column, result, StubEngine } from "./stub-engine.ts";

const ONE = "SELECT 1 AS one FROM dual";
const MANY = "SELECT n, t FROM rows";
const columns = [column("N", "NUMBER"), column("T", "VARCHAR2")];

function engineOfRows(count = 1000): StubEngine {
  const rows = Array.from({ length: count }, (_, index): SqlValue[] => [index, `row ${index}`]);
  return new StubEngine()
    .answer(ONE, result([column("ONE", "NUMBER")], [["1"]]))
    .answer(MANY, result(columns, rows))
    .answer("BEGIN wait; END;", (_, cancelled) => waitUntil(cancelled))
    .answer("BEGIN deaf; END;", () => new Promise(() => undefined));
}

function waitUntil(cancelled: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    cancelled.addEventListener("abort", () => reject(new Error("given up")), { once: true });
  });
}

async function one({ connection }: Connected): Promise<unknown> {
  return (await connection.execute(ONE)).rows;
}

/** What the driver itself does with a link that it takes for dead. */
function forceDisconnect({ connection }: Connected): void {
  (connection as unknown as { _impl: { nscon: { forceDisconnect(): void } } })._impl.nscon.forceDisconnect();
}

describe("breaks", () => {
  for (const statement of ["BEGIN wait; END;", "BEGIN deaf; END;"]) {
    test(`callTimeout ends ${statement}, and the connection can be used again`, async () => {
      await using server = await startWireServer(engineOfRows());
      await using connected = await connect(server);
      for (let run = 0; run < 3; run += 1) {
        connected.connection.callTimeout = 30;
        expect(await failure(connected.connection.execute(statement))).toMatchObject({ code: "NJS-123" });
        connected.connection.callTimeout = 0;
        expect(await one(connected)).toEqual([[1]]);
      }
      expect(server.statements.matching(/wait|deaf/).map(({ outcome }) => outcome)).toEqual(Array(3).fill("cancelled"));
    });
  }

  test("a break while rows stall is ORA-01013", async () => {
    await using server = await startWireServer(engineOfRows());
    await using connected = await connect(server);
    server.faults.arm({ at: "rows", after: 450, matching: /FROM rows/, ending: "stall" });
    const query = failure(connected.connection.execute(MANY, [], { fetchArraySize: 100 }));
    await expect.poll(() => server.statements.totals.rowsSent).toBe(400);
    await connected.connection.break();
    expect(await query).toMatchObject({ errorNum: 1013 });
    expect(await one(connected)).toEqual([[1]]);
  });

  test("a break when nothing runs hits the next call, and only that", async () => {
    await using server = await startWireServer(engineOfRows());
    await using connected = await connect(server);
    await connected.connection.break();
    expect(await failure(one(connected))).toMatchObject({ errorNum: 1013 });
    expect(await one(connected)).toEqual([[1]]);
  });

  test("breaks at any time leave a connection that works", async () => {
    await using server = await startWireServer(engineOfRows(5000));
    await using connected = await connect(server);
    for (let run = 0; run < 40; run += 1) {
      const query = connected.connection.execute(MANY, [], { fetchArraySize: 500 }).then(
        ({ rows }) => expect(rows).toHaveLength(5000),
        (error: unknown) => expect(error).toMatchObject({ errorNum: 1013 }),
      );
      for (let turn = 0; turn < run; turn += 1) await new Promise(setImmediate);
      await connected.connection.break();
      await query;
      // The break may have come behind the end of the query, and then it hits this.
      await one(connected).catch(() => undefined);
      expect(await one(connected)).toEqual([[1]]);
    }
  });

  test("a peer that is deaf: nothing ends the call but the end of the connection", async () => {
    await using server = await startWireServer(engineOfRows());
    await using connected = await connect(server);
    server.faults.arm({ at: "break" });
    connected.connection.callTimeout = 20;
    const call = failure(connected.connection.execute("BEGIN wait; END;"));
    const first = await Promise.race([call, new Promise((resolve) => setTimeout(() => resolve("still waiting"), 200))]);
    expect(first).toBe("still waiting");
    forceDisconnect(connected);
    expect(await call).toMatchObject({ code: "NJS-500" });
    await expect.poll(() => server.connectionCount).toBe(0);
  });
});

describe("errors and ends of statements", () => {
  test.each([
    [8103, "object no longer exists", true],
    [1555, "snapshot too old", true],
    [16000, "database or pluggable database open for read-only access", true],
    [22924, "snapshot too old", true],
    [1089, "immediate shutdown or close in progress - no operations are permitted", false],
    [3113, "end-of-file on communication channel", false],
    [28, "your session has been killed", false],
  ])("ORA-%d at a statement", async (number, text, alive) => {
    const engine = engineOfRows();
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    server.faults.arm({ at: "statement", matching: /FROM dual/, error: { number, text } });
    const error = await failure(one(connected));
    expect(error.code).toBe(alive ? `ORA-${String(number).padStart(5, "0")}` : "NJS-500");
    expect(connected.connection.isHealthy()).toBe(alive);
    if (alive) expect(await one(connected)).toEqual([[1]]);
    else await expect.poll(() => engine.events).toEqual(["open scott", "close vanished"]);
  });

  test("after n rows: an error, a killed connection", async () => {
    const engine = engineOfRows();
    await using server = await startWireServer(engine);
    await using connected = await connect(server);
    const error = { number: 8103, text: "object no longer exists" };
    server.faults.arm({ at: "rows", after: 250, ending: { error } });
    expect(await failure(connected.connection.execute(MANY))).toMatchObject({ errorNum: 8103 });
    expect(server.statements.matching(/rows/)).toMatchObject([{ rowsSent: 250, outcome: "failed", error: 8103 }]);
    server.faults.arm({ at: "rows", after: 250, ending: "kill" });
    expect(await failure(connected.connection.execute(MANY))).toMatchObject({ code: "NJS-500" });
    expect(connected.connection.isHealthy()).toBe(false);
    await expect.poll(() => engine.events.at(-1)).toBe("close vanished");
  });

  test("the connection is cut when a statement arrives, and while it is idle", async () => {
    await using server = await startWireServer(engineOfRows());
    await using first = await connect(server);
    server.faults.arm({ at: "call", matching: /FROM dual/ });
    expect(await failure(one(first))).toMatchObject({ code: "NJS-500" });
    await using second = await connect(server);
    server.sessions[0]?.kill();
    await expect.poll(() => server.connectionCount).toBe(0);
    expect(await failure(one(second))).toMatchObject({ code: "NJS-500" });
  });
});

describe("links", () => {
  test("a black hole: no call ends, and none is closed; the session is held until the server ends it", async () => {
    const engine = engineOfRows();
    await using server = await startWireServer(engine);
    const connected = await connect(server);
    server.blackHole.turnOn();
    connected.connection.callTimeout = 20;
    const call = failure(one(connected));
    const silent = new Promise((resolve) => setTimeout(() => resolve("still waiting"), 150));
    expect(await Promise.race([call, silent])).toBe("still waiting");
    forceDisconnect(connected);
    expect(await call).toMatchObject({ code: "NJS-500" });
    expect(await failure(connect(server, { more: { connectTimeout: 1 } }))).toMatchObject({ code: "NJS-510" });
    expect(engine.events).toEqual(["open scott"]);
    expect(server.sessions).toHaveLength(1);
    for (const { kill } of server.sessions) kill();
    await expect.poll(() => engine.events).toEqual(["open scott", "close vanished"]);
    server.blackHole.turnOff();
    await using again = await connect(server);
    expect(await one(again)).toEqual([[1]]);
  });

  test("what a black hole held back goes on its way when it ends", async () => {
    await using server = await startWireServer(engineOfRows());
    await using connected = await connect(server);
    server.blackHole.turnOn();
    const call = one(connected);
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.blackHole.turnOff();
    expect(await call).toEqual([[1]]);
  });

  test("a server is taken down in a black hole, too", async () => {
    const engine = engineOfRows();
    let connected: Connected;
    {
      await using server = await startWireServer(engine);
      connected = await connect(server);
      server.blackHole.turnOn();
    }
    expect(engine.events).toEqual(["open scott", "close vanished"]);
    expect(await failure(one(connected))).toMatchObject({ code: "NJS-500" });
  });

  test("latency delays, and changes nothing else", async () => {
    await using server = await startWireServer(engineOfRows());
    server.faults.latency = 3;
    await using connected = await connect(server);
    expect((await connected.connection.execute(MANY, [], { fetchArraySize: 100 })).rows).toHaveLength(1000);
    connected.connection.callTimeout = 30;
    expect(await failure(connected.connection.execute("BEGIN wait; END;"))).toMatchObject({ code: "NJS-123" });
    connected.connection.callTimeout = 0;
    expect(await one(connected)).toEqual([[1]]);
  });

  test("refused as soon as accepted; the port closed and opened elsewhere; connections killed", async () => {
    await using server = await startWireServer(engineOfRows());
    server.faults.arm({ at: "connect" });
    await failure(connect(server));
    await using connected = await connect(server);
    const before = server.port;
    await server.closePort();
    expect(await failure(connect(server))).toMatchObject({ code: "NJS-503" });
    expect(await one(connected)).toEqual([[1]]);
    server.killConnections();
    expect(await failure(one(connected))).toMatchObject({ code: "NJS-500" });
    await server.openPort(0);
    expect(server.port).not.toBe(before);
    await using again = await connect(server);
    expect(await one(again)).toEqual([[1]]);
  });

  test("a client that goes in the middle of a large result, or of a call, leaves nothing behind", async () => {
    const engine = engineOfRows(50_000);
    await using server = await startWireServer(engine);
    for (const statement of [MANY, "BEGIN wait; END;", "BEGIN deaf; END;"]) {
      const connected = await connect(server);
      const call = failure(connected.connection.execute(statement, [], { prefetchRows: 50_000 }));
      await expect.poll(() => server.statements.matching(/rows|wait|deaf/).length).toBeGreaterThan(0);
      forceDisconnect(connected);
      await call;
      await expect.poll(() => server.connectionCount).toBe(0);
    }
    expect(engine.events.filter((event) => event.startsWith("close"))).toEqual(Array(3).fill("close vanished"));
    expect(server.statements.matching(/wait|deaf/).map(({ outcome }) => outcome)).toEqual(["vanished", "vanished"]);
  });

  test("a client that does not read holds the server back, not its memory", async () => {
    let made = 0;
    const engine = engineOfRows().answer("SELECT endless", () => ({ columns, rows: endless() }));
    function* endless(): Generator<SqlValue[]> {
      for (;;) {
        made += 1;
        yield [made, "x".repeat(1000)];
      }
    }
    await using server = await startWireServer(engine);
    const connected = await connect(server);
    const { stream } = (
      connected.connection as unknown as { _impl: { nscon: { ntAdapter: { stream: NodeJS.ReadableStream } } } }
    )._impl.nscon.ntAdapter;
    stream.pause();
    const call = failure(connected.connection.execute("SELECT endless", [], { prefetchRows: 1_000_000 }));
    let before = -1;
    await expect
      .poll(
        () => {
          const stands = made > 0 && made === before;
          before = made;
          return stands;
        },
        { interval: 100 },
      )
      .toBe(true);
    expect(made).toBeLessThan(100_000);
    forceDisconnect(connected);
    await call;
  });

  test("garbage, silence and half a handshake end their own connection only", async () => {
    await using server = await startWireServer(engineOfRows());
    await using connected = await connect(server);
    const connectPacket = Buffer.alloc(74);
    connectPacket.writeUInt16BE(74, 0);
    connectPacket[4] = 1;
    connectPacket.writeUInt16BE(319, 8);
    const withService = Buffer.concat([connectPacket, Buffer.from("(CONNECT_DATA=(SERVICE_NAME=stub))")]);
    withService.writeUInt16BE(withService.length, 0);
    withService.writeUInt16BE(withService.length - 74, 24);
    withService.writeUInt16BE(74, 26);
    const data = Buffer.from("0000000d0600000000000002ff", "hex");
    for (const bytes of [
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      Buffer.of(0x16, 3, 1, 0, 4, 1, 2, 3, 4),
      Buffer.of(0, 1, 0, 0, 1, 0, 0, 0),
      connectPacket,
      withService,
      Buffer.concat([withService, data]),
      Buffer.concat([withService, Buffer.from("0000000b0c00000001000200", "hex")]),
      Buffer.alloc(0),
    ]) {
      const socket = connectSocket(server.port, server.host);
      await once(socket, "connect");
      socket.on("error", () => undefined);
      socket.end(bytes);
      socket.resume();
      await once(socket, "close");
    }
    await expect.poll(() => server.connectionCount).toBe(1);
    expect(await one(connected)).toEqual([[1]]);
  });
});

describe("TCPS", () => {
  async function secure(server: WireServer, more: Readonly<Record<string, unknown>> = {}): Promise<Connected> {
    return connect(server, { protocol: "tcps", more: { walletContent: server.walletContent, ...more } });
  }

  test("the same port serves TCP and TCPS, each said to the engine", async () => {
    await using server = await startWireServer(engineOfRows());
    await using plain = await connect(server);
    await using encrypted = await secure(server);
    expect(await one(plain)).toEqual([[1]]);
    expect((await encrypted.connection.execute(MANY)).rows).toHaveLength(1000);
    expect(server.logOns.map(({ protocol }) => protocol)).toEqual(["tcp", "tcps"]);
    encrypted.connection.callTimeout = 30;
    expect(await failure(encrypted.connection.execute("BEGIN wait; END;"))).toMatchObject({ code: "NJS-123" });
    encrypted.connection.callTimeout = 0;
    expect(await one(encrypted)).toEqual([[1]]);
    server.killConnections();
    expect(await failure(one(encrypted))).toMatchObject({ code: "NJS-500" });
  });

  test("an authority that is not the server's is refused by the driver", async () => {
    await using server = await startWireServer(engineOfRows());
    await using other = await startWireServer(engineOfRows());
    await failure(secure(server, { walletContent: other.walletContent }));
    await expect.poll(() => server.connectionCount).toBe(0);
    expect(server.logOns).toEqual([]);
  });

  test("TCPS only, and none at all", async () => {
    await using strict = await startWireServer(engineOfRows(), { tls: "required" });
    await failure(connect(strict));
    await using encrypted = await secure(strict);
    expect(await one(encrypted)).toEqual([[1]]);
    await using without = await startWireServer(engineOfRows(), { tls: "off" });
    expect(without.walletContent).toBeUndefined();
    await failure(connect(without, { protocol: "tcps", more: { walletContent: strict.walletContent } }));
    await using plain = await connect(without);
    expect(await one(plain)).toEqual([[1]]);
  });

  test("a black hole swallows TCPS, too", async () => {
    await using server = await startWireServer(engineOfRows());
    await using connected = await secure(server);
    server.blackHole.turnOn();
    const call = one(connected);
    const silent = new Promise((resolve) => setTimeout(() => resolve("still waiting"), 100));
    expect(await Promise.race([call, silent])).toBe("still waiting");
    server.blackHole.turnOff();
    expect(await call).toEqual([[1]]);
  });
});

test("a pool of connections", async () => {
  const { default: oracledb } = await import("oracledb");
  await using server = await startWireServer(engineOfRows());
  const pool = await oracledb.createPool({
    user: "scott",
    password: "tiger",
    connectString: `${server.host}:${server.port}/stub`,
    poolMin: 2,
    poolMax: 4,
  });
  const work = Array.from({ length: 20 }, async () => {
    await using connection = await pool.getConnection();
    return (await connection.execute(ONE)).rows;
  });
  expect(await Promise.all(work)).toEqual(Array(20).fill([[1]]));
  await pool.close(0);
  await expect.poll(() => server.connectionCount).toBe(0);
});
