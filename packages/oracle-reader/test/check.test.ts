import { type CheckFinding, systemClock } from "@das/core";
import {
  audit,
  containerOf,
  convertToSnapshotStandby,
  createWorld,
  type NewAuditRow,
  type OracleEmulator,
  type OracleEmulatorOptions,
  type ReleaseName,
  setTableWritable,
  setUnifiedAuditing,
  siteNamed,
  startOracleEmulator,
  VERSION_PROFILES,
  type World,
  workContainer,
} from "@das/oracle-emulator";
import { describe, expect, test } from "vitest";
import { Connection } from "../src/connection.ts";
import { type ConnectionOptions, OracleReader, type OracleReaderOptions } from "../src/index.ts";

const RELEASES = Object.keys(VERSION_PROFILES) as ReleaseName[];
const HOUR = 3_600_000;

function connectionTo(emulator: OracleEmulator, change: Partial<ConnectionOptions> = {}): ConnectionOptions {
  const { host, port, serviceName: service, user, password, ca } = emulator;
  const trust = ca === undefined ? ({ tls: "off" } as const) : { certificateAuthority: ca };
  return { instanceId: "a", host, port, service, user, password, ...trust, ...change };
}

async function check(
  emulator: OracleEmulator,
  change: Partial<ConnectionOptions> = {},
  more: Partial<OracleReaderOptions> = {},
): Promise<readonly CheckFinding[]> {
  const connection = connectionTo(emulator, change);
  await using reader = new OracleReader({ connection, resourceId: "db-CHECK", ...more });
  return (await reader.check(new AbortController().signal)).findings;
}

/** What a person would paste into SQL*Plus, run by whoever may. */
async function repair(emulator: OracleEmulator, script: string, service = emulator.serviceName): Promise<void> {
  const administrator = { user: "SYSTEM", password: emulator.administratorPassword, service };
  await using connection = await Connection.open(connectionTo(emulator, administrator), systemClock);
  for (const statement of statementsOf(script)) await connection.call(statement, {});
}

/** A statement ends with `;`, a block with `/` on a line of its own; comments are for people. */
function statementsOf(script: string): readonly string[] {
  const statements: string[] = [];
  let open: string[] = [];
  const end = (text: string) => {
    statements.push(text);
    open = [];
  };
  for (const line of script.split("\n").map((each) => each.replace(/--.*$/, "").trimEnd())) {
    if (line === "") continue;
    if (line === "/") {
      end(open.join("\n"));
      continue;
    }
    open.push(line);
    const isBlock = /^(BEGIN|DECLARE|CREATE OR REPLACE)/.test(open[0] ?? "");
    if (!isBlock && line.endsWith(";")) end(open.join("\n").slice(0, -1));
  }
  if (open.length > 0) throw new Error(`this statement does not end: ${open.join("\n")}`);
  return statements;
}

const found = (findings: readonly CheckFinding[], id: string) =>
  findings.find((finding) => finding.id === `oracle.${id}`);

const wrong = (findings: readonly CheckFinding[]) => findings.filter(({ status }) => status !== "ok");

/** What nobody can see from SQL; and that the emulators of these tests speak plain text. */
const ALWAYS = ["oracle.tls", "oracle.keepalive"];

/** A database with nothing to say of but what cannot be seen: set up by pasting what check says of a new one. */
async function startHealthy(options: OracleEmulatorOptions = {}): Promise<OracleEmulator> {
  const emulator = await startOracleEmulator({ tls: "off", ...options });
  for (const id of ["policies", "reader-watched", "purge-jobs"]) {
    const finding = found(await check(emulator), id);
    expect([id, finding?.status]).toEqual([id, id === "policies" ? "failure" : "warning"]);
    await repair(emulator, finding?.repair ?? "");
  }
  await repair(emulator, SET_ARCHIVE_TIME("72"));
  return emulator;
}

const SET_ARCHIVE_TIME = (hours: string) => `BEGIN
  DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED, SYS_EXTRACT_UTC(SYSTIMESTAMP) - INTERVAL '${hours}' HOUR);
END;
/`;

/** Rows of now, by somebody at work. */
function work(emulator: OracleEmulator, count: number, row: NewAuditRow = { ACTION_NAME: "SELECT" }): void {
  const rows = Array.from({ length: count }, (_, index) => ({ ...row, SESSIONID: String(77 + (index % 9)) }));
  emulator.change((world, now) => audit(world, emulator.site, containerOfWork(emulator), rows, now));
}

function containerOfWork(emulator: OracleEmulator): string {
  return workContainer(siteNamed(emulator.world, emulator.site)).guid;
}

describe.each(RELEASES)("a healthy Oracle %s", (release) => {
  test("is found so, and nothing is written", async () => {
    await using emulator = await startHealthy({ release, tls: "required" });
    const before = emulator.statements.records.length;
    const findings = await check(emulator);
    expect(wrong(findings)).toMatchObject([{ id: "oracle.keepalive" }]);
    expect(findings.length).toBeGreaterThan(35);
    expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
    expect(found(findings, "version")?.what).toContain(`is Oracle Database ${emulator.profile.major}.`);
    for (const { text } of emulator.statements.records.slice(before)) {
      expect(text).toMatch(/^(SELECT|ALTER SESSION SET TIME_ZONE|(DECLARE r PLS_INTEGER; )?BEGIN IF FALSE THEN)/);
    }
    expect(siteNamed(emulator.world, emulator.site).locks).toEqual([]);
    const again = await check(emulator);
    expect(again.map(({ id }) => id)).toEqual(findings.map(({ id }) => id));
  });
});

interface Trouble {
  readonly id: string;
  readonly status: "warning" | "failure";
  readonly what: RegExp;
  readonly options?: OracleEmulatorOptions;
  /** A script of an administrator, or what happens to the database. */
  readonly cause: string | ((emulator: OracleEmulator) => void);
  /** Is the repair a statement that makes it well? Otherwise it is advice, or its statement is not all that it takes. */
  readonly isCured: boolean;
}

const TROUBLES: readonly Trouble[] = [
  {
    id: "unified-auditing",
    status: "warning",
    what: /mixed mode/,
    cause: (emulator) => emulator.change((world, now) => setUnifiedAuditing(world, emulator.site, "mixed", now)),
    isCured: false,
  },
  {
    id: "policies",
    status: "failure",
    what: /NO AUDIT POLICY IS ENABLED/,
    cause: "NOAUDIT POLICY das_all; \nNOAUDIT POLICY das_reader_pol BY DAS_READER;\nDROP AUDIT POLICY das_all;",
    isCured: true,
  },
  {
    id: "policies",
    status: "warning",
    what: /only policies that Oracle brings along are enabled: ORA_LOGON_FAILURES/,
    cause:
      "NOAUDIT POLICY das_all;\nNOAUDIT POLICY das_reader_pol BY DAS_READER;\nDROP AUDIT POLICY das_all;\nAUDIT POLICY ORA_LOGON_FAILURES WHENEVER NOT SUCCESSFUL;",
    isCured: true,
  },
  {
    id: "reader-excluded",
    status: "failure",
    what: /DAS_ALL records each poll of DAS_READER/,
    cause: "NOAUDIT POLICY das_all;\nAUDIT POLICY das_all;",
    isCured: true,
  },
  {
    id: "reader-excluded",
    status: "failure",
    what: /DAS_ALL records each poll/,
    cause: "NOAUDIT POLICY das_all;\nAUDIT POLICY das_all EXCEPT SYSTEM;",
    isCured: true,
  },
  {
    id: "reader-excluded",
    status: "failure",
    what: /TRAIL_READS records each poll/,
    cause:
      "CREATE AUDIT POLICY trail_reads ACTIONS SELECT ON audsys.aud$unified;\nAUDIT POLICY trail_reads BY DAS_READER;",
    isCured: true,
  },
  {
    id: "reader-watched",
    status: "warning",
    what: /no enabled policy records that DAS_READER logs on/,
    cause: "NOAUDIT POLICY das_reader_pol BY DAS_READER;\nDROP AUDIT POLICY das_reader_pol;",
    isCured: true,
  },
  {
    id: "partition-interval",
    status: "warning",
    what: /a partition spans 31 days and holds some 4\d0,000 rows at 6\d\d rows an hour/,
    cause: (emulator) => work(emulator, 600),
    isCured: false,
  },
  {
    id: "spillover",
    status: "warning",
    what: /\d rows in spillover files.*the table was not written to/,
    cause: (emulator) => {
      emulator.change((world, now) => setTableWritable(world, emulator.site, false, now));
      work(emulator, 3);
    },
    isCured: false,
  },
  {
    id: "purge-jobs",
    status: "warning",
    what: /no job purges the trail/,
    cause: "BEGIN\n  DBMS_AUDIT_MGMT.DROP_PURGE_JOB('DAS_PURGE');\nEND;\n/",
    isCured: true,
  },
  {
    id: "purge-jobs",
    status: "failure",
    what: /CLEAN_ALL deletes all of the trail, published or not/,
    cause:
      "BEGIN\n  DBMS_AUDIT_MGMT.CREATE_PURGE_JOB(DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED, 1, 'CLEAN_ALL', use_last_arch_timestamp => FALSE);\nEND;\n/",
    isCured: true,
  },
  {
    id: "archive-time",
    status: "warning",
    what: /a publisher that was away for 5 hours finds rows gone/,
    cause: SET_ARCHIVE_TIME("5"),
    isCured: true,
  },
  {
    id: "least-privilege",
    status: "warning",
    what: /holds AUDIT_ADMIN, AUDIT ANY, AUDIT SYSTEM, which reading does not take/,
    cause: "GRANT AUDIT_ADMIN TO DAS_READER;",
    isCured: true,
  },
  {
    id: "least-privilege",
    status: "warning",
    what: /holds SELECT ANY DICTIONARY/,
    cause: "GRANT SELECT ANY DICTIONARY TO DAS_READER;",
    isCured: true,
  },
  {
    id: "least-privilege",
    status: "warning",
    what: /holds EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT/,
    cause: "GRANT EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT TO DAS_READER;",
    isCured: true,
  },
  {
    id: "excluded-columns",
    status: "failure",
    what: /leaves SQL_TEXT out of every row/,
    options: { release: "26ai" },
    cause: "ALTER SYSTEM SET unified_audit_trail_exclude_columns = SQL_TEXT;",
    isCured: true,
  },
  {
    id: "clock",
    status: "warning",
    what: /60\.\d s ahead of/,
    cause: (emulator) => emulator.shiftClock(60_000),
    isCured: false,
  },
];

describe("what is wrong with a database", () => {
  test.each(TROUBLES)("$id: $what is a $status", async ({ id, status, what, options = {}, cause, isCured }) => {
    await using emulator = await startHealthy(options);
    if (typeof cause === "string") await repair(emulator, cause);
    else cause(emulator);
    const finding = found(await check(emulator), id);
    expect(finding).toMatchObject({ status, what: expect.stringMatching(what) });
    if (!isCured) return;
    await repair(emulator, finding?.repair ?? "");
    expect(found(await check(emulator), id)).toMatchObject({ status: "ok" });
  });

  test("a policy that records one outcome only is one finding, and its statement records both", async () => {
    await using emulator = await startHealthy();
    await repair(emulator, "NOAUDIT POLICY das_all;\nAUDIT POLICY das_all EXCEPT DAS_READER WHENEVER SUCCESSFUL;");
    const finding = found(await check(emulator), "policy-outcome.DAS_ALL");
    expect(finding).toMatchObject({
      status: "warning",
      what: "DAS_ALL records only what succeeds, for all but DAS_READER",
    });
    await repair(emulator, finding?.repair ?? "");
    expect(found(await check(emulator), "policy-outcome.DAS_ALL")).toBeUndefined();
  });

  test("a shorter interval of partitions can be had by the statement", async () => {
    await using emulator = await startHealthy();
    work(emulator, 600);
    await repair(emulator, found(await check(emulator), "partition-interval")?.repair ?? "");
    const site = siteNamed(emulator.world, emulator.site);
    expect(containerOf(site, containerOfWork(emulator)).table.interval).toEqual({ number: 1, unit: "DAY" });
  });

  test("procedures that the configuration counts on are installed by the statements", async () => {
    await using emulator = await startHealthy();
    await repair(emulator, "DROP PROCEDURE das_owner.das_canary;\nDROP PROCEDURE das_owner.das_advance;");
    const wanted = { canary: true, purgeAfterHours: 72 };
    expect(found(await check(emulator), "canary")).toMatchObject({ status: "ok" });
    const findings = await check(emulator, {}, wanted);
    for (const id of ["canary", "purge-hand-over"]) {
      const finding = found(findings, id);
      expect(finding).toMatchObject({ status: "failure" });
      await repair(emulator, finding?.repair ?? "");
    }
    expect(wrong(await check(emulator, {}, wanted)).map(({ id }) => id)).toEqual(ALWAYS);
    await repair(emulator, "NOAUDIT POLICY das_canary_pol;\nDROP AUDIT POLICY das_canary_pol;");
    const unrecorded = found(await check(emulator, {}, wanted), "canary");
    expect(unrecorded).toMatchObject({ status: "failure", what: expect.stringContaining("no enabled policy records") });
    await repair(emulator, unrecorded?.repair ?? "");
    expect(found(await check(emulator, {}, wanted), "canary")).toMatchObject({ status: "ok" });
  });

  test("rows that PMON left in files are usual", async () => {
    await using emulator = await startHealthy();
    work(emulator, 1, { ACTION_NAME: "LOGOFF BY CLEANUP" });
    expect(found(await check(emulator), "spillover")).toMatchObject({
      status: "ok",
      what: expect.stringContaining("1 row in spillover files"),
    });
  });
});

describe("what the reader may not", () => {
  const RIGHTS = [
    ["audit-viewer", "AUDIT_VIEWER", "failure"],
    ["database", "READ ON SYS.V_$DATABASE", "failure"],
    ["instance", "READ ON SYS.V_$INSTANCE", "warning"],
    ["containers", "READ ON SYS.V_$CONTAINERS", "failure"],
    ["parameter", "READ ON SYS.V_$PARAMETER", "warning"],
    ["aud-unified", "READ ON AUDSYS.AUD$UNIFIED", "warning"],
    ["gv-unified-audit-trail", "READ ON SYS.GV_$UNIFIED_AUDIT_TRAIL", "warning"],
    ["audit-unified-policies", "READ ON SYS.AUDIT_UNIFIED_POLICIES", "warning"],
    ["audit-unified-enabled-policies", "READ ON SYS.AUDIT_UNIFIED_ENABLED_POLICIES", "warning"],
    ["dba-tab-partitions", "READ ON SYS.DBA_TAB_PARTITIONS", "warning"],
    ["dba-audit-mgmt-last-arch-ts", "READ ON SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS", "warning"],
    ["dba-audit-mgmt-config-params", "READ ON SYS.DBA_AUDIT_MGMT_CONFIG_PARAMS", "warning"],
    ["dba-audit-mgmt-cleanup-jobs", "READ ON SYS.DBA_AUDIT_MGMT_CLEANUP_JOBS", "warning"],
    ["dbms-lock", "EXECUTE ON SYS.DBMS_LOCK", "failure"],
  ] as const;

  test.each(RIGHTS)("%s is a finding whose statement grants it, never an exception", async (word, right, status) => {
    await using emulator = await startHealthy();
    await repair(emulator, `REVOKE ${right} FROM DAS_READER;`);
    const finding = found(await check(emulator), `right.${word}`);
    expect(finding).toMatchObject({ status, what: `DAS_READER lacks ${right}` });
    await repair(emulator, finding?.repair ?? "");
    expect(wrong(await check(emulator)).map(({ id }) => id)).toEqual(ALWAYS);
  });

  test("with no right at all every question has an answer or a finding", async () => {
    for (const release of RELEASES) {
      await using emulator = await startHealthy({ release });
      await repair(emulator, RIGHTS.map(([, right]) => `REVOKE ${right} FROM DAS_READER;`).join("\n"));
      const findings = await check(emulator);
      expect(findings.filter(({ id, status }) => id.startsWith("oracle.right.") && status === "ok")).toEqual([]);
      expect(found(findings, "branches")).toMatchObject({ status: "failure" });
      expect(found(findings, "policies")).toMatchObject({ status: "warning" });
      expect(found(findings, "version")).toMatchObject({ status: "ok" });
      await repair(
        emulator,
        findings.flatMap(({ id, repair: each }) => (id.includes("right.") ? (each ?? []) : [])).join("\n"),
      );
      expect(wrong(await check(emulator)).map(({ id }) => id)).toEqual(ALWAYS);
    }
  });

  test("each question refused by itself ends in a finding", async () => {
    await using emulator = await startHealthy();
    const questions = [
      "NETWORK_PROTOCOL",
      "banner",
      "v_\\$option",
      "d.open_mode",
      "i.parallel",
      "v_\\$parameter p",
      "session_roles",
      "session_privs",
      "user_role_privs",
      "user_sys_privs",
      "user_tab_privs",
      "unified_audit_trail WHERE 1=0",
      "aud\\$unified WHERE 1=0",
      "DBMS_LOCK",
      "audit_unified_enabled_policies e",
      "audit_unified_policies p",
      "dba_tab_partitions p",
      "COUNT\\(\\*\\).*\\s.*aud\\$unified t",
      "config_params c",
      "MIN\\(CAST",
      "cleanup_jobs j",
      "last_arch_ts a",
      "das_canary",
      "SYSTIMESTAMP\\), 'YYYY-MM-DD HH24:MI:SS.FF6'\\) FROM dual",
    ];
    for (const number of [1031, 4063]) {
      for (const question of questions) {
        emulator.faults.arm(
          { at: "statement", matching: new RegExp(question), error: { number, text: "no" } },
          Number.POSITIVE_INFINITY,
        );
        const findings = await check(emulator);
        emulator.faults.clear();
        const code = `ORA-0${number}`;
        // Where a right is missing the finding says which one; a canary that may not be executed may as well be none.
        const isTold = findings.some(
          ({ what, status }) =>
            (status !== "ok" && what.includes(code)) || (number === 1031 && /lacks|is not there/.test(what)),
        );
        expect([number, question, isTold]).toEqual([number, question, true]);
      }
    }
  });
});

describe("connecting", () => {
  test("is told step by step", async () => {
    await using emulator = await startHealthy({ tls: "required" });
    expect(found(await check(emulator, { password: "wrong" }), "login")).toMatchObject({
      status: "failure",
      what: expect.stringContaining("ORA-01017"),
    });
    await repair(emulator, "ALTER USER DAS_READER ACCOUNT LOCK;");
    const locked = found(await check(emulator), "login");
    expect(locked).toMatchObject({ status: "failure", what: expect.stringContaining("ORA-28000") });
    await repair(emulator, locked?.repair ?? "");
    expect(found(await check(emulator), "login")).toMatchObject({ status: "ok" });
    const { certificateAuthority: _, ...untrusting } = connectionTo(emulator);
    await using reader = new OracleReader({ connection: untrusting, resourceId: "db-CHECK" });
    const { findings } = await reader.check(new AbortController().signal);
    expect(findings.map(({ id, status }) => [id, status])).toEqual([
      ["oracle.reach", "ok"],
      ["oracle.tls", "failure"],
    ]);
    await emulator.closePort();
    expect(await check(emulator)).toMatchObject([{ id: "oracle.reach", status: "failure" }]);
  });

  test("to a service that the listener does not know says so", async () => {
    await using emulator = await startOracleEmulator({ tls: "off" });
    expect(await check(emulator, { service: "never_heard_of", instanceId: "stranger" })).toMatchObject([
      { id: "oracle.reach", status: "failure", what: expect.stringContaining("does not know the service") },
    ]);
  });

  test("without TLS is a warning on this machine", async () => {
    await using emulator = await startOracleEmulator({ tls: "off" });
    expect(found(await check(emulator), "tls")).toMatchObject({ status: "warning" });
    await using encrypted = await startOracleEmulator();
    expect(found(await check(encrypted), "tls")).toMatchObject({ status: "ok" });
    expect(found(await check(encrypted, { checkCertificateName: false }), "tls")).toMatchObject({ status: "warning" });
  });

  test("to a standby that is mounted says what would open it", async () => {
    await using emulator = await startOracleEmulator({ tls: "off" });
    emulator.faults.arm({
      at: "logOn",
      error: { number: 1033, text: "ORACLE initialization or shutdown in progress" },
    });
    expect(found(await check(emulator), "reach")).toMatchObject({
      status: "failure",
      repair: expect.stringContaining("ALTER DATABASE OPEN READ ONLY;"),
    });
  });

  test("that is lost on the way is an error that may be tried again, an aborted check its reason", async () => {
    await using emulator = await startOracleEmulator({ tls: "off" });
    emulator.faults.arm({ at: "rows", after: 0, matching: /session_privs/, ending: "kill" });
    await expect(check(emulator)).rejects.toMatchObject({ name: "UnavailableError" });
    await using reader = new OracleReader({ connection: connectionTo(emulator), resourceId: "db-CHECK" });
    await expect(reader.check(AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  });
});

/** A primary and its standby, as two servers of one world. */
async function startPair(release: ReleaseName, change: (world: World) => World = (world) => world) {
  const world = createWorld(
    { release, pluggables: ["SALESPDB"], primary: { uniqueName: "ORCL_A" }, standbys: [{ uniqueName: "ORCL_B" }] },
    systemClock.now() - 2 * HOUR,
  );
  const primary = await startHealthy({ world: change(world) });
  const standby = await startOracleEmulator({ tls: "off", shared: primary.shared, site: "ORCL_B" });
  return {
    primary,
    standby,
    [Symbol.asyncDispose]: async () => {
      await standby[Symbol.asyncDispose]();
      await primary[Symbol.asyncDispose]();
    },
  };
}

describe("a standby", () => {
  test.each(RELEASES)("of Oracle %s that is open is well, and the primary knows it", async (release) => {
    await using pair = await startPair(release);
    const replicas = [connectionTo(pair.primary, { instanceId: "p" })];
    const findings = await check(pair.standby, {}, { replicas });
    expect(wrong(findings).map(({ id }) => id)).toEqual(ALWAYS);
    expect(found(findings, "role")?.what).toContain("the table is the primary's to publish");
    expect(found(findings, "replica.p")?.what).toBe("instance p is ORCL_A, a primary");
    expect(found(findings, "partition-interval")).toBeUndefined();
  });

  test("without READ on the files loses them up to 19c", async () => {
    for (const [release, status] of [
      ["19c", "failure"],
      ["21c", "warning"],
      ["26ai", "warning"],
    ] as const) {
      await using pair = await startPair(release);
      await repair(pair.primary, "REVOKE READ ON SYS.GV_$UNIFIED_AUDIT_TRAIL FROM DAS_READER;");
      const findings = await check(pair.standby);
      expect([release, found(findings, "branches")?.status]).toEqual([release, status]);
      const right = found(findings, "right.gv-unified-audit-trail");
      expect([release, right?.status]).toEqual([release, status]);
      expect(right?.repair).toMatch(/^-- on the primary/);
      await repair(pair.primary, right?.repair ?? "");
      expect(found(await check(pair.standby), "branches")).toMatchObject({ status: "ok" });
    }
  });

  test("that was opened as a snapshot has rows that nobody publishes", async () => {
    await using pair = await startPair("19c");
    pair.primary.change((world, now) => convertToSnapshotStandby(world, "ORCL_B", now));
    expect(found(await check(pair.standby), "role")).toMatchObject({
      status: "warning",
      what: expect.stringContaining("nobody's to publish"),
    });
  });

  test("that is down, the same server, or another database, is told", async () => {
    await using pair = await startPair("19c");
    await using stranger = await startOracleEmulator({
      tls: "off",
      world: createWorld({ release: "19c", dbid: "1234567890", pluggables: ["SALESPDB"] }, systemClock.now()),
    });
    await pair.standby.closePort();
    const replicas = [
      connectionTo(pair.standby, { instanceId: "b" }),
      connectionTo(pair.primary, { instanceId: "c" }),
      connectionTo(stranger, { instanceId: "d" }),
    ];
    const findings = await check(pair.primary, {}, { replicas });
    expect(found(findings, "replica.b")).toMatchObject({ status: "warning" });
    expect(found(findings, "replica.c")).toMatchObject({
      status: "warning",
      what: expect.stringContaining("one and the same"),
    });
    expect(found(findings, "replica.d")).toMatchObject({
      status: "failure",
      what: expect.stringContaining("different databases"),
    });
  });
});

describe("containers", () => {
  const start = () => startHealthy({ release: "19c", pluggables: ["SALESPDB", "HRPDB"] });

  test("that are not read are told from the root, and those that are read are checked", async () => {
    await using emulator = await start();
    const root = { service: emulator.world.databaseName };
    const alone = await check(emulator, root);
    expect(found(alone, "containers")).toMatchObject({
      status: "warning",
      what: "the root is read, but not 2 open PDBs: SALESPDB, HRPDB",
      repair: expect.stringContaining("containers: [salespdb, hrpdb]"),
    });
    const findings = await check(emulator, root, { containers: ["SALESPDB", "HRPDB", "NOWHERE"] });
    expect(found(findings, "containers")).toMatchObject({ status: "ok", what: "the root and 2 PDBs are read" });
    // What was set up was set up in SALESPDB only: each container has policies of its own.
    expect(found(findings, "policies")).toMatchObject({ status: "failure" });
    expect(found(findings, "policies.SALESPDB")).toMatchObject({ status: "ok" });
    const hr = found(findings, "policies.HRPDB");
    expect(hr).toMatchObject({ status: "failure", what: expect.stringContaining("HRPDB: NO AUDIT POLICY") });
    expect(hr?.repair).toMatch(/^ALTER SESSION SET CONTAINER = HRPDB;\n/);
    expect(found(findings, "reach.NOWHERE")).toMatchObject({
      status: "failure",
      what: expect.stringContaining("NOWHERE: "),
      repair: expect.not.stringContaining("ALTER SESSION"),
    });
    await repair(emulator, hr?.repair?.split("\n").slice(1).join("\n") ?? "", "HRPDB");
    const after = await check(emulator, root, { containers: ["HRPDB"] });
    expect(found(after, "policies.HRPDB")).toMatchObject({ status: "ok" });
  });

  test("share the rights of a common user, which are granted in the root", async () => {
    await using emulator = await start();
    const root = { service: emulator.world.databaseName };
    await repair(emulator, "REVOKE READ ON SYS.V_$PARAMETER FROM DAS_READER;", root.service);
    const finding = found(await check(emulator, root), "right.parameter");
    expect(finding?.repair).toBe("GRANT READ ON SYS.V_$PARAMETER TO DAS_READER CONTAINER=ALL;");
    await repair(emulator, finding?.repair ?? "", root.service);
    expect(found(await check(emulator, root), "right.parameter")).toMatchObject({ status: "ok" });
  });

  test("of a database that has none are well", async () => {
    await using emulator = await startHealthy({ pluggables: [] });
    expect(found(await check(emulator), "containers")).toMatchObject({
      status: "ok",
      what: "the database has no containers",
    });
  });
});
