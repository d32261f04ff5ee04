import { type StreamNotice, silentLogger, systemClock } from "@das/core";
import { startSqlServerEmulator } from "@das/sqlserver-emulator";
import mssql from "mssql";
import { describe, expect, test } from "vitest";
import type { PolicyLook, PolicyRefusal, PolicyServer } from "../src/audit-server.ts";
import { openProvisioner, SqlServerReader } from "../src/index.ts";
import { PolicyWatch } from "../src/policy-watch.ts";
import { fingerprint } from "../src/provision/fingerprint.ts";
import type { PolicyFacts } from "../src/provision/policy-facts.ts";
import type { SqlServerRow } from "../src/row.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const never = new AbortController().signal;

const SOUND: PolicyFacts = {
  audits: [],
  specifications: [
    {
      name: "RDS_DAS_SERVER_AUDIT_SPEC",
      auditGuid: "G",
      enabled: true,
      details: [{ action: "LOGOUT_GROUP", scope: "" }],
    },
  ],
  databases: new Map(),
  unjudged: new Set(),
  trigger: "enabled",
  triggerText: "CREATE TRIGGER",
};
const RECORD = { policy: "locked", items: fingerprint(SOUND) } as const;
const DISABLED: PolicyFacts = { ...SOUND, trigger: "disabled" };

/** A server whose answers a test sets, under a clock that only the test moves. */
function world() {
  let now = 0;
  let next: PolicyLook | PolicyRefusal = look(SOUND);
  const healed: number[] = [];
  const server: PolicyServer = {
    look: () => Promise.resolve(next),
    heal: () => {
      healed.push(now);
      return Promise.resolve(undefined);
    },
  };
  const clock = { ...systemClock, monotonic: () => now };
  const watch = new PolicyWatch({ instanceId: "a", user: "das_reader", clock, logger: silentLogger });
  return {
    watch,
    healed,
    after: (milliseconds: number, answer: PolicyLook | PolicyRefusal): Promise<readonly StreamNotice[]> => {
      now += milliseconds;
      next = answer;
      return watch.look(server, never);
    },
  };
}

function look(
  facts: PolicyFacts,
  observedAt = "2026-01-01 00:00:00.0000000+00",
  more: Partial<PolicyLook> = {},
): PolicyLook {
  return { observedAt, isStandby: false, record: RECORD, facts, ...more };
}

function changeOf(object: string, person: string, time: string): SqlServerRow {
  const columns = ["das_event_time", "object_name", "session_server_principal_name"] as const;
  return {
    trail: {
      columns: columns.map((name) => ({ name, kind: "text" })),
      actionNames: new Map(),
      classNames: new Map(),
    },
    values: [time, object, person],
    fileTime: 1n,
    offset: "5632",
    ordinal: 0,
  };
}

describe("what is told of a policy", () => {
  const DRIFT = "trigger rds_das_lock: was enabled, is disabled";

  test("drift counts when a second look confirms it, is told once, healed, and told to have ended", async () => {
    const { after, healed } = world();
    expect(await after(0, look(SOUND))).toEqual([]);
    expect(await after(2_000, look(DISABLED, "t1"))).toEqual([]);
    expect(healed).toEqual([]);
    const told = { command: "POLICY DRIFT", cause: DRIFT, startTime: "t1" };
    expect(await after(1, look(DISABLED, "t2"))).toEqual([{ ...told, endTime: null }]);
    expect(healed).toEqual([2_001]);
    expect(await after(2_000, look(DISABLED, "t3"))).toEqual([]);
    expect(await after(2_000, look(SOUND, "t4"))).toEqual([{ ...told, endTime: "t4" }]);
    expect(await after(2_000, look(SOUND, "t5"))).toEqual([]);
  });

  test("what passes between two looks is not told", async () => {
    const { after, healed } = world();
    expect(await after(0, look(DISABLED))).toEqual([]);
    expect(await after(1, look(SOUND))).toEqual([]);
    expect(await after(2_000, look(DISABLED))).toEqual([]);
    expect(healed).toEqual([]);
  });

  test("the time and the person are the trail's, when it names them", async () => {
    const { after, watch } = world();
    const gone = { ...SOUND, specifications: SOUND.specifications.map((known) => ({ ...known, details: [] })) };
    await after(0, look(SOUND));
    watch.saw([
      changeOf("rds_das_server_audit_spec", "mallory", "2026-01-01 00:00:01.0000000"),
      changeOf("RDS_DAS_SERVER_AUDIT_SPEC", "das_reader", "2026-01-01 00:00:02.0000000"),
    ]);
    await after(2_000, look(gone));
    expect(await after(1, look(gone))).toEqual([
      {
        command: "POLICY DRIFT",
        cause: "specification RDS_DAS_SERVER_AUDIT_SPEC, LOGOUT_GROUP: is gone, by mallory",
        startTime: "2026-01-01 00:00:01.0000000+00",
        endTime: null,
      },
    ]);
  });

  test("without a name in the trail the notice waits for one, then goes without", async () => {
    const { after } = world();
    const gone = { ...SOUND, specifications: [] };
    await after(0, look(gone, "t1"));
    expect(await after(500, look(gone, "t2"))).toEqual([]);
    expect(await after(2_000, look(SOUND, "t3"))).toEqual([
      expect.objectContaining({
        cause: "specification RDS_DAS_SERVER_AUDIT_SPEC, LOGOUT_GROUP: is gone",
        endTime: null,
      }),
      expect.objectContaining({ startTime: "t1", endTime: "t3" }),
      expect.anything(),
      expect.anything(),
      expect.anything(),
      expect.anything(),
    ]);
  });

  test("while it is unlocked, what users may change is no drift; the rest is", async () => {
    const { after } = world();
    const record = { ...RECORD, policy: "unlocked" } as const;
    const changed = { ...DISABLED, specifications: [] };
    await after(0, look(changed, "t", { record }));
    expect((await after(1, look(changed, "t", { record }))).map(({ cause }) => cause)).toEqual([DRIFT]);
  });

  test("a record that goes away is drift; one that never was, is none", async () => {
    const { after } = world();
    await after(0, look(SOUND, "t", { record: undefined }));
    expect(await after(2_000, look(SOUND, "t", { record: undefined }))).toEqual([]);
    await after(2_000, look(SOUND));
    await after(2_000, look(SOUND, "t", { record: undefined }));
    expect(await after(1, look(SOUND, "t", { record: undefined }))).toMatchObject([
      { cause: "the record of the audit policy is gone" },
    ]);
  });

  test("a standby that became the primary tells it, once; what cannot be seen is not told", async () => {
    const { after } = world();
    await after(0, look(SOUND, "t", { isStandby: true }));
    expect(await after(2_000, { refusal: "error 300" })).toEqual([]);
    const cause = 'instance "a" is the primary now';
    expect(await after(2_000, look(SOUND, "t2"))).toEqual([
      { command: "FAILOVER", cause, startTime: "t2", endTime: null },
    ]);
    expect(await after(2_000, look(SOUND, "t3"))).toEqual([]);
  });

  test("nobody is asked more often than every two seconds", async () => {
    const { after } = world();
    await after(0, look(SOUND));
    await after(1_999, look(DISABLED));
    expect(await after(0, look(DISABLED))).toEqual([]);
  });
});

test("a reader tells who switched the audit off behind the lock, and switches it on again", {
  timeout: 30_000,
}, async () => {
  await using emulator = await startSqlServerEmulator({ provisioned: false, tls: "off" });
  const { host, port, user, password } = emulator;
  const connection = { instanceId: "a", host, port, user, password, tls: "off" } as const;
  await using provisioner = openProvisioner({
    resourceId: RESOURCE,
    instances: [connection],
    administrator: { user: "sa", password },
    logger: silentLogger,
  });
  await provisioner.run(await provisioner.planStart(never), never);
  await using reader = new SqlServerReader({ connection, resourceId: RESOURCE });
  const stop = new AbortController();
  const { value: sources } = await reader.sources(stop.signal).next();
  const source = (sources ?? []).find(({ id }: { readonly id: string }) => id.endsWith("CHANGES"));
  const notices: StreamNotice[] = [];
  let tampered = false;
  for await (const batch of source?.read(() => Promise.resolve(undefined), stop.signal) ?? []) {
    if (!tampered) {
      tampered = true;
      const options = { encrypt: false };
      const pool = await new mssql.ConnectionPool({ server: host, port, user: "sa", password, options }).connect();
      await pool.request().batch("DISABLE TRIGGER ALL ON ALL SERVER;");
      await pool.request().batch("ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);");
      await pool.close();
    }
    notices.push(...(batch.notices ?? []));
    if (notices.length === 4) stop.abort();
  }
  const about = (cause: string) => notices.filter((notice) => notice.cause.startsWith(cause));
  expect(about("audit RDS_DAS_AUDIT, state: was ON, is OFF, by sa").map(({ endTime }) => endTime)).toEqual([
    null,
    expect.any(String),
  ]);
  expect(about("trigger rds_das_lock: was enabled, is disabled")).toHaveLength(2);
  expect(emulator.trail.audits.every(({ enabled, status }) => enabled && status === "STARTED")).toBe(true);
});
