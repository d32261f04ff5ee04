/** Who is let in, and what is known of him. */
import { expect, test } from "vitest";
import { startWireServer } from "../src/wire-server.ts";
import { connect, failure } from "./connect.ts";
import { column, result, StubEngine } from "./stub-engine.ts";

const ONE = "SELECT 1 AS one FROM dual";

function engineOfOne(): StubEngine {
  return new StubEngine().answer(ONE, result([column("ONE", "NUMBER")], [["1"]]));
}

test("what the client says of itself arrives, and what the server is", async () => {
  const engine = engineOfOne();
  await using server = await startWireServer(engine);
  await using connected = await connect(server, {
    more: { program: "program", machine: "machine", osUser: "os", terminal: "tty", driverName: "a driver" },
  });
  const { connection } = connected;
  expect(server.logOns).toEqual([
    {
      user: "scott",
      target: { serviceName: "stub" },
      clientAddress: "127.0.0.1",
      clientPort: expect.any(Number),
      protocol: "tcp",
      program: "program",
      machine: "machine",
      osUser: "os",
      processId: String(process.pid),
      terminal: "tty",
      driver: "a driver",
      alterSession: expect.stringMatching(/^ALTER SESSION SET TIME_ZONE ='[+-]\d\d:\d+'$/),
      privilege: "normal",
    },
  ]);
  expect(connection).toMatchObject({
    oracleServerVersionString: "19.26.0.0.0",
    dbName: "STUB_A",
    serviceName: "stub.example",
    instanceName: "stub1",
  });
  expect(server.sessions.map(({ id, logOn }) => [id, logOn.user])).toEqual([[101, "scott"]]);
});

test.each(["12.2.0.1.0", "21.3.0.0.0", "23.26.1.15.12"])("release %s is what the driver shows", async (version) => {
  const engine = engineOfOne();
  engine.identity = { ...engine.identity, version };
  await using server = await startWireServer(engine);
  await using connected = await connect(server);
  expect(connected.connection.oracleServerVersionString).toBe(version);
});

test("any password, any name; longer ones too", async () => {
  const engine = engineOfOne();
  const accounts = [
    ["scott", "tiger"],
    ['"quoted"', "x".repeat(200)],
    ["ÄÖÜ_USER_OF_MORE_THAN_THIRTY_TWO_BYTES", "pässwört 😀"],
    ["A", " "],
  ] as const;
  for (const [user, password] of accounts) engine.users.set(user, password);
  await using server = await startWireServer(engine);
  for (const [user, password] of accounts) {
    await using connected = await connect(server, { user, password });
    expect((await connected.connection.execute(ONE)).rows).toEqual([[1]]);
    expect(server.logOns.at(-1)?.user).toBe(user);
  }
});

test("a wrong password and a user that does not exist are told alike, and to the engine", async () => {
  const engine = engineOfOne();
  await using server = await startWireServer(engine);
  for (const wanted of [{ password: "lion" }, { user: "nobody" }, { password: "tige" }, { password: "tiger " }])
    expect(await failure(connect(server, wanted))).toMatchObject({
      errorNum: 1017,
      message: expect.stringContaining("ORA-01017: invalid username/password; logon denied"),
    });
  expect(engine.failed.map(({ user }) => user)).toEqual(["scott", "nobody", "scott", "scott"]);
  expect(engine.events).toEqual([]);
  await expect.poll(() => server.connectionCount).toBe(0);
});

test("the engine refuses who is known: a locked account", async () => {
  const engine = engineOfOne();
  engine.identity = { ...engine.identity, databaseName: "LOCKED" };
  await using server = await startWireServer(engine);
  expect(await failure(connect(server))).toMatchObject({ errorNum: 28000 });
  expect(server.logOns).toEqual([]);
});

test("an engine that fails is told, too", async () => {
  const engine = engineOfOne();
  engine.openSession = () => {
    throw new TypeError("a bug");
  };
  await using server = await startWireServer(engine);
  expect(String((await failure(connect(server))).message)).toMatch(/ORA-00700.*a bug/);
});

test("refusals of the log-on that a test asks for", async () => {
  await using server = await startWireServer(engineOfOne());
  for (const [number, text] of [
    [1017, "invalid username/password; logon denied"],
    [28000, "The account is locked."],
    [1033, "ORACLE initialization or shutdown in progress"],
  ] as const) {
    server.faults.arm({ at: "logOn", error: { number, text } });
    expect(String((await failure(connect(server))).message)).toContain(
      `ORA-${String(number).padStart(5, "0")}: ${text}`,
    );
  }
  await using connected = await connect(server);
  expect((await connected.connection.execute(ONE)).rows).toEqual([[1]]);
});

test("the listener refuses a service that it does not know, a SID, and what a test asks for", async () => {
  await using server = await startWireServer(engineOfOne());
  expect(await failure(connect(server, { service: "elsewhere" }))).toMatchObject({ code: "NJS-518" });
  const sid = `(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=${server.host})(PORT=${server.port}))(CONNECT_DATA=(SID=XE)))`;
  expect(await failure(connect(server, { more: { connectString: sid } }))).toMatchObject({ code: "NJS-519" });
  server.faults.arm({ at: "listener", number: 12528 });
  const refused = await failure(connect(server));
  expect(refused).toMatchObject({ code: "NJS-511", message: expect.stringContaining("ORA-12528") });
});

test("connect data of more than 230 bytes come in a packet of their own", async () => {
  await using server = await startWireServer(engineOfOne());
  for (const length of [10, 200, 1000, 3500]) {
    const connectString = `(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=${server.host})(PORT=${server.port}))(CONNECT_DATA=(SERVICE_NAME=stub)(X=${"x".repeat(length)})))`;
    await using connected = await connect(server, { more: { connectString } });
    expect((await connected.connection.execute(ONE)).rows).toEqual([[1]]);
  }
});
