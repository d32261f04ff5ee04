/** The statements of SQL Server notes §§2 to 7, word for word where they are given there. */
import { describe, expect, test } from "vitest";
import { addSpecification } from "../src/model/audit-state.ts";
import { blockSessions, failWrites } from "../src/model/mishaps.ts";
import { appendRows } from "../src/model/write-rows.ts";
import { evaluator } from "./evaluate.ts";

const INSTANCE_PROBE = `SELECT CONVERT(nvarchar(128),SERVERPROPERTY('ServerName')) AS server_name,            -- virtual name for FCI; a check, not an identity
       CONVERT(nvarchar(128),@@SERVERNAME) AS old_name,                               -- differs after a rename
       CONVERT(nvarchar(128),SERVERPROPERTY('MachineName')) AS machine_name,          -- virtual name for FCI
       CONVERT(nvarchar(128),SERVERPROPERTY('ComputerNamePhysicalNetBIOS')) AS node,  -- changes at FCI failover
       CONVERT(int,SERVERPROPERTY('IsClustered')) AS is_fci, CONVERT(int,SERVERPROPERTY('IsHadrEnabled')) AS is_hadr,
       CONVERT(nvarchar(128),SERVERPROPERTY('ProductVersion')) AS version, CONVERT(int,SERVERPROPERTY('EngineEdition')) AS ee,
       (SELECT sqlserver_start_time FROM sys.dm_os_sys_info) AS started;`;
const REPLICA_PROBE = `SELECT ag.name, rs.role_desc, rs.operational_state_desc, rs.connected_state_desc      -- RESOLVING | PRIMARY | SECONDARY
FROM sys.dm_hadr_availability_replica_states rs JOIN sys.availability_groups ag ON ag.group_id=rs.group_id WHERE rs.is_local=1;`;
const PRIMARY_PROBE =
  "SELECT d.name, sys.fn_hadr_is_primary_replica(d.name) AS is_primary FROM sys.databases d WHERE d.replica_id IS NOT NULL;";
const MIRRORING_PROBE =
  "SELECT DB_NAME(database_id) AS name, mirroring_role_desc, mirroring_state_desc FROM sys.database_mirroring WHERE mirroring_guid IS NOT NULL;";

describe("the instance", () => {
  test("its names, before and after a rename", async () => {
    const { run, engine } = evaluator();
    expect(await run(INSTANCE_PROBE)).toEqual([
      [
        {
          server_name: "SQLEMU01\\PROD",
          old_name: "SQLEMU01\\PROD",
          machine_name: "SQLEMU01",
          node: "SQLEMU01",
          is_fci: 0,
          is_hadr: 0,
          version: "16.0.4105.2",
          ee: 3,
          started: "2026-11-22 12:00:00.000",
        },
      ],
    ]);
    engine.changeInstance({ oldServerName: "OLD\\PROD", isClustered: true, physicalNode: "NODE2" });
    expect((await run(INSTANCE_PROBE))[0]?.[0]).toMatchObject({ old_name: "OLD\\PROD", is_fci: 1, node: "NODE2" });
  });

  test("its address, edition and instance name", async () => {
    const { row } = evaluator();
    expect(
      await row(
        "SELECT CONVERT(nvarchar(48), CONNECTIONPROPERTY('local_net_address')) AS a, CONVERT(nvarchar(128), SERVERPROPERTY('Edition')) AS e, CONVERT(nvarchar(128), SERVERPROPERTY('InstanceName')) AS i, CONVERT(int, SERVERPROPERTY('Unheard')) AS u",
      ),
    ).toEqual(["10.0.1.30", "Enterprise Edition (64-bit)", "PROD", null]);
  });

  test("replicas and mirrors: none, and some", async () => {
    const { run, engine } = evaluator();
    for (const probe of [REPLICA_PROBE, PRIMARY_PROBE, MIRRORING_PROBE]) expect(await run(probe)).toEqual([[]]);
    engine.changeInstance({
      availabilityGroups: [{ name: "AG1", role: "SECONDARY" }],
      databases: engine.instance.databases.map((database) =>
        database.name === "Sales"
          ? { ...database, isPrimaryReplica: false }
          : database.name === "Clinic"
            ? { ...database, mirroring: { role: "PRINCIPAL", state: "SYNCHRONIZED" } }
            : database,
      ),
    });
    expect(await run(REPLICA_PROBE)).toEqual([
      [{ name: "AG1", role_desc: "SECONDARY", operational_state_desc: "ONLINE", connected_state_desc: "CONNECTED" }],
    ]);
    expect(await run(PRIMARY_PROBE)).toEqual([[{ name: "Sales", is_primary: false }]]);
    expect(await run(MIRRORING_PROBE)).toEqual([
      [{ name: "Clinic", mirroring_role_desc: "PRINCIPAL", mirroring_state_desc: "SYNCHRONIZED" }],
    ]);
    expect(await run("SELECT sys.fn_hadr_is_primary_replica(N'master') AS p")).toEqual([[{ p: null }]]);
  });
});

describe("the code tables", () => {
  test("actions: padded, trimmed as the reader does it; the older spellings up to 2017", async () => {
    const text =
      "SELECT DISTINCT RTRIM(action_id) AS action_id, name FROM sys.dm_audit_actions WHERE action_id IS NOT NULL;";
    const newer = (await evaluator("2022").run(text))[0] ?? [];
    expect(newer).toHaveLength(169);
    expect(newer).toContainEqual({ action_id: "SL", name: "SELECT" });
    expect(newer).toContainEqual({ action_id: "TXBG", name: "TRANSACTION BEGIN" });
    const older = (await evaluator("2017").run(text))[0] ?? [];
    expect(older).toContainEqual({ action_id: "TXBG", name: "BEGIN TRANSACTION TSQL" });
    expect(
      await evaluator().row("SELECT action_id + N'|' AS a FROM sys.dm_audit_actions WHERE name = 'SELECT'"),
    ).toEqual(["SL  |"]);
    const [groups = []] = await evaluator().run(
      "SELECT name FROM sys.dm_audit_actions WHERE configuration_level = N'Group'",
    );
    expect(groups).toHaveLength(53);
    expect(groups).toContainEqual({ name: "FAILED_LOGIN_GROUP" });
  });

  test("class types", async () => {
    const [rows = []] = await evaluator().run(
      "SELECT RTRIM(class_type) AS class_type, class_type_desc, securable_class_desc FROM sys.dm_audit_class_type_map;",
    );
    expect(rows).toHaveLength(105);
    expect(rows).toContainEqual({ class_type: "LX", class_type_desc: "LOGIN", securable_class_desc: "LOGIN" });
  });
});

describe("audits", () => {
  test("the drift views", async () => {
    const { run, engine } = evaluator();
    const [audits] = await run(
      "SELECT name, audit_guid, is_state_enabled, queue_delay, on_failure_desc, predicate, max_file_size, max_rollover_files, log_file_path, log_file_name FROM sys.server_file_audits;",
    );
    expect(audits?.[0]).toEqual({
      name: "RDS_DAS_AUDIT",
      audit_guid: "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40",
      is_state_enabled: 1,
      queue_delay: 1000,
      on_failure_desc: "CONTINUE",
      predicate: "([session_server_principal_name]<>N'das')",
      max_file_size: 50,
      max_rollover_files: 200,
      log_file_path: "D:\\das\\",
      log_file_name: "RDS_DAS_AUDIT_0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40.sqlaudit",
    });
    expect(
      await run(
        "SELECT s.name, s.audit_guid, s.is_state_enabled, d.audit_action_name, d.audited_result, d.is_group\nFROM sys.server_audit_specifications s LEFT JOIN sys.server_audit_specification_details d ON d.server_specification_id=s.server_specification_id;",
      ),
    ).toEqual([
      [
        {
          name: "RDS_DAS_SERVER_AUDIT_SPEC",
          audit_guid: "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40",
          is_state_enabled: true,
          audit_action_name: "FAILED_LOGIN_GROUP",
          audited_result: "SUCCESS AND FAILURE",
          is_group: true,
        },
        {
          name: "RDS_DAS_CHANGES_AUDIT_SPEC",
          audit_guid: "7F1E9A32-8D54-5C17-A2B6-0C4D9E8F7A51",
          is_state_enabled: true,
          audit_action_name: "AUDIT_CHANGE_GROUP",
          audited_result: "SUCCESS AND FAILURE",
          is_group: true,
        },
      ],
    ]);
    expect(await run("SELECT name, is_disabled FROM sys.server_triggers WHERE name=N'rds_das_lock'")).toEqual([
      [{ name: "rds_das_lock", is_disabled: false }],
    ]);

    const specifications = `SELECT s.name, s.audit_guid, s.is_state_enabled, d.audit_action_name, d.class_desc, d.major_id, d.minor_id, d.audited_principal_id, d.audited_result, d.is_group
FROM sys.database_audit_specifications s LEFT JOIN sys.database_audit_specification_details d ON d.database_specification_id=s.database_specification_id;`;
    engine.changeTrail((trail, now) =>
      addSpecification(
        trail,
        {
          name: "RDS_DAS_DB_sales",
          auditGuid: "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40",
          database: "Sales",
          enabled: true,
          details: [
            { action: "INSERT", isGroup: false, classDescription: "OBJECT_OR_COLUMN", majorId: 5, principalId: 2 },
          ],
        },
        now,
      ),
    );
    expect(await run(specifications)).toEqual([[]]);
    expect((await run(`USE Sales; ${specifications}`))[0]).toMatchObject([
      { name: "RDS_DAS_DB_sales", audit_action_name: "INSERT", class_desc: "OBJECT_OR_COLUMN", major_id: 5 },
    ]);
  });

  test("the event sessions' counters", async () => {
    const { run, engine } = evaluator();
    const text =
      "SELECT name, dropped_event_count, dropped_buffer_count, blocked_event_fire_time, create_time\nFROM sys.dm_xe_sessions WHERE name IN (N'RDS_DAS_AUDIT$A', N'RDS_DAS_AUDIT_CHANGES$A');";
    expect((await run(text))[0]).toHaveLength(2);
    engine.changeTrail((trail, now) => {
      const rows = [{ event_time: "2026-01-01 00:00:00.0000000", action_id: "SL  " }];
      return appendRows(
        failWrites(blockSessions(trail, "RDS_DAS_AUDIT", 30), "RDS_DAS_AUDIT", true),
        "RDS_DAS_AUDIT",
        rows,
        now + 1000,
      );
    });
    expect((await run(text))[0]?.[0]).toMatchObject({
      name: "RDS_DAS_AUDIT$A",
      dropped_event_count: 2,
      dropped_buffer_count: 1,
      blocked_event_fire_time: 30,
    });
  });
});

describe("rights and principals", () => {
  test("what the reader may, by version", async () => {
    const text = (permission: string) => `SELECT HAS_PERMS_BY_NAME(NULL, NULL, '${permission}') AS v`;
    const may = async (version: "2019" | "2022", permission: string) =>
      (await evaluator(version).row(text(permission)))[0];
    expect(await may("2022", "VIEW SERVER SECURITY AUDIT")).toBe(1);
    expect(await may("2022", "CONTROL SERVER")).toBe(0);
    expect(await may("2019", "CONTROL SERVER")).toBe(1);
    expect(await may("2022", "VIEW SERVER PERFORMANCE STATE")).toBe(1);
    expect(await may("2022", "ALTER ANY SERVER AUDIT")).toBe(0);
    const [listed = []] = await evaluator("2022").run(
      "SELECT permission_name FROM fn_my_permissions(NULL, 'SERVER')".replace("fn_", "sys.fn_"),
    );
    expect(listed.map(({ permission_name: name }) => name)).toContain("VIEW SERVER SECURITY AUDIT");
  });

  test("roles of the server and of master", async () => {
    const { row } = evaluator();
    expect(
      await row(
        "SELECT IS_SRVROLEMEMBER('sysadmin') AS a, IS_SRVROLEMEMBER(N'sysadmin', N'sa') AS b, IS_SRVROLEMEMBER('no_such_role') AS c, IS_ROLEMEMBER(N'rds_das_readers') AS d, IS_ROLEMEMBER(N'rds_das_readers', N'sa') AS e, DATABASE_PRINCIPAL_ID(N'rds_das_readers') AS f, USER_ID(N'nobody') AS g",
      ),
    ).toEqual([0, 1, null, 1, null, 6, null]);
    const members = `SELECT m.name FROM sys.database_role_members rm JOIN sys.database_principals r ON r.principal_id = rm.role_principal_id
      JOIN sys.database_principals m ON m.principal_id = rm.member_principal_id WHERE r.name = N'rds_das_readers'`;
    expect(await evaluator().run(members)).toEqual([[{ name: "das" }]]);
    expect(
      await evaluator().run("SELECT name, sid FROM sys.server_principals WHERE type = 'S' AND name = 'sa'"),
    ).toEqual([[{ name: "sa", sid: "0x01" }]]);
  });
});
