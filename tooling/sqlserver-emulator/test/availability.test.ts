/** Instances that go down and come back, on another node too, and replicas whose roles swap (SQL Server notes §5). */
import { systemClock } from "@das/core";
import { describe, expect, test } from "vitest";
import {
  type AuditRow,
  appendRows,
  auditNamed,
  EmulatedGroup,
  eventTime,
  filesOfAudit,
  findAudit,
  runGroupWorkload,
  type SqlServerEmulator,
  STREAM_AUDIT,
  startSqlServerEmulator,
} from "../src/index.ts";
import { connect, failure } from "./connect.ts";

const ROLE = `SELECT rs.role_desc AS role, sys.fn_hadr_is_primary_replica(N'Sales') AS is_primary
FROM sys.dm_hadr_availability_replica_states rs JOIN sys.availability_groups ag ON ag.group_id=rs.group_id WHERE rs.is_local=1;`;

const CONNECTION = "SELECT connection_id AS id FROM sys.dm_exec_connections WHERE session_id=@@SPID";

function rowsOf({ trail }: SqlServerEmulator): readonly AuditRow[] {
  const audit = auditNamed(trail, STREAM_AUDIT);
  const written = filesOfAudit(trail, audit).flatMap(({ blocks }) => blocks.flatMap(({ rows }) => rows));
  return [...written, ...audit.pending];
}

function actionsOf(emulator: SqlServerEmulator): readonly string[] {
  return rowsOf(emulator).map(({ action_id }) => action_id.trimEnd());
}

function insert(statement: string): AuditRow {
  return { event_time: eventTime(Date.now()), action_id: "IN  ", statement };
}

describe("an instance that goes down", () => {
  test("cleanly loses nothing, lets nobody in, and comes back at the same port with its files and without its locks", async () => {
    await using emulator = await startSqlServerEmulator();
    const before = emulator.port;
    await using connected = await connect(emulator);
    await connected.query("EXEC sp_getapplock @Resource=N'r', @LockMode='Exclusive', @LockOwner='Session'");
    emulator.change((trail, now) => appendRows(trail, STREAM_AUDIT, [insert("kept")], now));
    await emulator.shutDown("clean");
    expect(emulator).toMatchObject({ isRunning: false, sessionCount: 0 });
    expect(await failure(connected.query("SELECT 1"))).toHaveProperty("code");
    expect(await failure(connect(emulator))).toMatchObject({ code: "ESOCKET" });
    expect(actionsOf(emulator)).toEqual(["AUSC", "IN", "SVSD"]);
    await emulator.shutDown("crash");

    await emulator.startUp();
    expect(emulator).toMatchObject({ isRunning: true, port: before });
    await using again = await connect(emulator);
    expect(actionsOf(emulator)).toEqual(["AUSC", "IN", "SVSD", "AUSC", "SVSR"]);
    const [mode] = await again.query("SELECT APPLOCK_TEST(N'public', N'r', N'Exclusive', N'Session') AS free");
    expect(mode).toEqual({ free: 1 });
    await emulator.startUp();
    expect(actionsOf(emulator)).toHaveLength(5);
  });

  test("by a crash loses what was in the buffers, and takes nothing while it is down", async () => {
    await using emulator = await startSqlServerEmulator({ audits: { queueDelay: 60_000 } });
    emulator.change((trail, now) => appendRows(trail, STREAM_AUDIT, [insert("lost")], now));
    await emulator.shutDown("crash");
    emulator.change((trail, now) => appendRows(trail, STREAM_AUDIT, [insert("nobody wrote it")], now));
    await emulator.startUp();
    expect(actionsOf(emulator)).toEqual(["AUSC", "SVSR"]);
    expect(auditNamed(emulator.trail, STREAM_AUDIT)).toMatchObject({ lost: 2, audited: 4 });
  });

  test("of a failover cluster comes back on another node: the name and the files stay", async () => {
    await using emulator = await startSqlServerEmulator({
      instanceName: "SQLVIRT",
      instance: { isClustered: true, physicalNode: "N1", clusterNodes: ["N1", "N2"], sharedDrives: ["D"] },
    });
    const probe =
      "SELECT CONVERT(nvarchar(128),SERVERPROPERTY('ServerName')) AS name, CONVERT(nvarchar(128),SERVERPROPERTY('ComputerNamePhysicalNetBIOS')) AS node";
    const owner = "SELECT nodename FROM sys.dm_os_cluster_nodes WHERE is_current_owner=1";
    const files = () => filesOfAudit(emulator.trail, auditNamed(emulator.trail, STREAM_AUDIT)).map(({ name }) => name);
    const [first] = files();
    await emulator.shutDown("crash");
    await emulator.startUp({ node: "N2" });
    await using connected = await connect(emulator);
    expect(await connected.query(probe)).toEqual([{ name: "SQLVIRT", node: "N2" }]);
    expect(await connected.query(owner)).toEqual([{ nodename: "N2" }]);
    expect(files()).toHaveLength(2);
    expect(files()).toContain(first);
  });
});

describe("an availability group", () => {
  test("swaps roles: who works in its databases is cut off, nobody else notices, and no file moves", async () => {
    await using group = await EmulatedGroup.start({ replicas: ["SQL-A", "SQL-B"] });
    const [a, b] = group.replicas;
    if (!a || !b) throw new Error("two replicas were asked for");
    const guids = group.replicas.map(({ trail }) => findAudit(trail, STREAM_AUDIT)?.guid);
    expect(guids[0]).toBe(guids[1]);
    await using reader = await connect(a);
    await using worker = await connect(a, { user: "sa", database: "Sales" });
    await using other = await connect(b);
    const roles = async () => [...(await reader.query(ROLE)), ...(await other.query(ROLE))];
    const primary = { role: "PRIMARY", is_primary: true };
    const secondary = { role: "SECONDARY", is_primary: false };
    expect(await roles()).toEqual([primary, secondary]);

    const before = [a, b].map(actionsOf);
    const connections = () =>
      Promise.all(
        [worker, reader, other].map(({ query }) =>
          query(CONNECTION).then(
            ([connection]) => connection?.id,
            () => "cut",
          ),
        ),
      );
    const [working, ...kept] = await connections();
    group.failOver(b);
    // The driver's pool may have connected again by itself.
    const [workingNow, ...stillThere] = await connections();
    expect(workingNow).not.toBe(working);
    expect(stillThere).toEqual(kept);
    expect(await roles()).toEqual([secondary, primary]);
    expect([a, b].map(actionsOf)).toEqual(before);
    expect([group.roleOf(a), group.roleOf(b)]).toEqual(["SECONDARY", "PRIMARY"]);
  });

  test("takes in another replica while it runs", async () => {
    await using group = await EmulatedGroup.start({ replicas: ["SQL-A"], databases: ["Sales"] });
    const added = await group.addReplica("SQL-C");
    await using connected = await connect(added);
    expect(await connected.query(ROLE)).toEqual([{ role: "SECONDARY", is_primary: false }]);
    expect(group.running("SECONDARY")).toBe(added);
    expect(added.password).toBe(group.running("PRIMARY")?.password);
  });

  test("has writers on its primary and readers on a secondary that runs; after a failover they log in where the role is", async () => {
    await using group = await EmulatedGroup.start({ replicas: ["SQL-A", "SQL-B"] });
    const [a, b] = group.replicas;
    if (!a || !b) throw new Error("two replicas were asked for");
    const writers = runGroupWorkload(group, { seed: 1, role: "PRIMARY" }, 2_000, systemClock);
    const readers = runGroupWorkload(group, { seed: 2, role: "SECONDARY" }, 2_000, systemClock);
    const own = (emulator: SqlServerEmulator) => rowsOf(emulator).filter(({ action_id }) => action_id !== "AUSC");
    await expect.poll(() => Math.min(own(a).length, own(b).length)).toBeGreaterThan(100);
    expect(new Set(own(a).map(({ server_instance_name }) => server_instance_name))).toEqual(new Set(["SQL-A"]));
    expect(actionsOf(b)).toContain("SL");
    expect(actionsOf(b)).not.toContain("IN");

    await a.shutDown("clean");
    expect(group.running("PRIMARY")).toBeUndefined();
    group.failOver(b);
    const [onA, onB] = [own(a).length, own(b).length];
    const read = readers.generated;
    await expect.poll(() => actionsOf(b)).toContain("IN");
    expect(own(b)[onB]?.action_id).toMatch(/^LGI[SF]/);
    expect(own(a)).toHaveLength(onA);
    expect(readers.generated).toBe(read);

    await a.startUp();
    expect(group.running("SECONDARY")).toBe(a);
    await expect.poll(() => own(a).length).toBeGreaterThan(onA + 100);
    await Promise.all([writers.stop(), readers.stop()]);
    // Each audit's start and stop besides: twice on the one that was down, once on the other.
    const audited = [a, b].flatMap(({ trail }) => trail.audits).reduce((sum, audit) => sum + audit.audited, 0);
    expect(audited).toBe(writers.generated + readers.generated + 2 * (1 + 3) + 2);
  });
});
