import { type ResumePoint, type StreamNotice, silentLogger, systemClock } from "@das/core";
import { addSpecification, auditNamed, startSqlServerEmulator } from "@das/sqlserver-emulator";
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
    expect(healed).toEqual([2_001, 4_001]);
    expect(await after(2_000, look(SOUND, "t4"))).toEqual([
      { ...told, endTime: "t4" },
      { ...told, cause: `restored by dbo.rds_das_heal: ${DRIFT}`, endTime: "t4" },
    ]);
    expect(await after(2_000, look(SOUND, "t5"))).toEqual([]);
  });

  test("what is undone again and again is put back three times, then told of and left to people", async () => {
    const { after, healed } = world();
    const notices: StreamNotice[] = [];
    const next = async (facts: PolicyFacts, milliseconds = 2_000) => {
      notices.push(...(await after(milliseconds, look(facts, `t${healed.length}`))));
      return healed.length;
    };
    for (const round of [1, 2, 3]) {
      await next(DISABLED);
      expect(await next(DISABLED, 1)).toBe(round);
      await next(SOUND);
    }
    const causes = () => notices.map(({ cause, endTime }) => `${cause}${endTime === null ? "" : ", over"}`);
    expect(causes()).toEqual(
      [1, 2, 3].flatMap(() => [DRIFT, `${DRIFT}, over`, `restored by dbo.rds_das_heal: ${DRIFT}, over`]),
    );
    notices.splice(0);
    for (const _ of [1, 2, 3, 4]) expect(await next(DISABLED)).toBe(3);
    await next(SOUND);
    expect(causes()).toEqual([DRIFT, `not restored by dbo.rds_das_heal: ${DRIFT}, over`, `${DRIFT}, over`]);

    // Ten minutes of peace are enough to begin anew.
    await next(SOUND, 600_000);
    await next(DISABLED);
    expect(await next(DISABLED, 1)).toBe(4);
  });

  test("what cannot be put back is tried three times, told of once, and its end is told", async () => {
    const { after, healed } = world();
    const notices: StreamNotice[] = [];
    for (let looks = 0; looks < 8; looks += 1) notices.push(...(await after(2_000, look(DISABLED, `t${looks}`))));
    notices.push(...(await after(2_000, look(SOUND, "t8"))));
    expect(healed).toHaveLength(3);
    expect(notices.map(({ cause, startTime, endTime }) => [cause, startTime, endTime])).toEqual([
      [DRIFT, "t0", null],
      [`not restored by dbo.rds_das_heal: ${DRIFT}`, "t0", "t0"],
      [DRIFT, "t0", "t8"],
    ]);
  });

  test("a reader that starts anew goes on with the very event that was told, from what the stream holds", async () => {
    const first = world();
    await first.after(0, look(SOUND));
    expect(first.watch.ledger()).toBe("[]");
    await first.after(2_000, look(DISABLED, "t1"));
    const [told] = await first.after(1, look(DISABLED, "t2"));
    const ledger = first.watch.ledger();

    const second = world();
    second.watch.resume(ledger);
    expect(await second.after(0, look(DISABLED, "t9"))).toEqual([]);
    expect(second.healed).toHaveLength(1);
    expect(second.watch.ledger()).toBe(ledger.replace(/1\]\]$/, "2]]"));
    const [ended] = await second.after(2_000, look(SOUND, "t10"));
    expect(ended).toEqual({ ...told, endTime: "t10" });
    expect(second.watch.ledger()).toBe("[]");

    // Nothing that another version may have written keeps a reader from its work.
    for (const odd of ["", "{}", "[[1]]", '[["a","b","c","d"]]', "not JSON"]) {
      const third = world();
      third.watch.resume(odd);
      expect(third.watch.ledger()).toBe("[]");
    }
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
      expect.objectContaining({ cause: expect.stringMatching(/^restored by dbo\.rds_das_heal: /) }),
      ...Array.from({ length: 6 }, () => expect.anything()),
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

test.each([
  ["switched the audit off", "ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);"],
  [
    "also dropped the audit that would show it",
    `ALTER SERVER AUDIT [RDS_DAS_AUDIT] WITH (STATE = OFF);
     ALTER SERVER AUDIT [RDS_DAS_AUDIT_CHANGES] WITH (STATE = OFF); DROP SERVER AUDIT [RDS_DAS_AUDIT_CHANGES];`,
  ],
])("a reader tells who %s behind the lock, and puts it back", async (_, tampering) => {
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
      await pool.request().batch(tampering);
      await pool.close();
    }
    notices.push(...(batch.notices ?? []));
    const restored = notices.filter(({ cause }) => cause.startsWith("restored by "));
    const told = notices.filter(({ cause, endTime }) => endTime === null && !cause.startsWith("restored by "));
    if (told.length > 1 && restored.length === told.length) stop.abort();
  }
  const about = (cause: string) => notices.filter((notice) => notice.cause.startsWith(cause));
  expect(about("audit RDS_DAS_AUDIT, state: was ON, is OFF, by sa").map(({ endTime }) => endTime)).toEqual([
    null,
    expect.any(String),
  ]);
  expect(about("trigger rds_das_lock: was enabled, is disabled")).toHaveLength(2);
  expect(about("restored by dbo.rds_das_heal: audit RDS_DAS_AUDIT, state: was ON, is OFF, by sa")).toHaveLength(1);
  expect(about("restored by dbo.rds_das_heal: trigger rds_das_lock")).toHaveLength(1);
  expect(emulator.trail.audits.every(({ enabled, status }) => enabled && status === "STARTED")).toBe(true);
});

test("a reader that is started anew tells nothing twice: the stream's ledger says what was told", async () => {
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
  // More is recorded than was: nothing that is put back.
  emulator.change((trail, now) => {
    const auditGuid = auditNamed(trail, "RDS_DAS_AUDIT").guid;
    return addSpecification(trail, { name: "mine", database: "Clinic", auditGuid, enabled: true, details: [] }, now);
  });
  await using reader = new SqlServerReader({ connection, resourceId: RESOURCE });
  const read = async (point: ResumePoint | undefined, enough: (notices: readonly StreamNotice[]) => boolean) => {
    const stop = new AbortController();
    const { value: sources } = await reader.sources(stop.signal).next();
    const source = (sources ?? []).find(({ id }: { readonly id: string }) => id.endsWith("CHANGES"));
    if (!source) throw new Error("no source of changes");
    const notices: StreamNotice[] = [];
    let cursor: ResumePoint["cursor"] | undefined;
    for await (const batch of source.read(() => Promise.resolve(point), stop.signal)) {
      notices.push(...(batch.notices ?? []));
      cursor = batch.cursor;
      if (enough(notices)) stop.abort();
    }
    const ledger = source.ledger?.();
    return {
      notices,
      point: cursor && ledger ? { cursor, ledger, history: "", published: new Set<never>() } : undefined,
    };
  };
  const first = await read(undefined, (notices) => notices.length >= 2);
  expect(first.notices.filter(({ endTime }) => endTime === null).map(({ cause }) => cause)).toEqual([
    expect.stringMatching(/^database Clinic, specification mine, audit: is new/),
    expect.stringMatching(/^database Clinic, specification mine, state: is new/),
  ]);
  let looks = 0;
  const second = await read(first.point, (notices) => {
    looks += 1;
    if (looks === 1) emulator.change((trail) => ({ ...trail, specifications: trail.specifications.slice(0, 2) }));
    return notices.length > 0;
  });
  expect(second.notices.filter(({ endTime }) => endTime === null)).toEqual([]);
  const told = ({ cause, startTime }: StreamNotice) => ({ cause, startTime });
  expect(second.notices.slice(0, 1).map(told)).toEqual(first.notices.slice(0, 1).map(told));
});
