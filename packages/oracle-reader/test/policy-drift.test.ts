import { type Cursor, type StreamNotice, systemClock } from "@das/core";
import { changeContainer, containerOf, disablePolicy, siteNamed, workContainer } from "@das/oracle-emulator";
import { fromTheStart, resumeAt } from "@das/reader-conformance";
import { describe, expect, test } from "vitest";
import { fastClock } from "./fast-clock.ts";
import { OTHER_DBA, startTarget } from "./provisioned-target.ts";

/** Looks come so many times as often as usual. */
const SPEED = 10;

const signal = new AbortController().signal;

/** A stream that is started and locked, its reader, and what it tells. */
async function startWatched({ heals = true } = {}) {
  const target = await startTarget();
  await target.run(["CREATE AUDIT POLICY app ACTIONS ALL", "AUDIT POLICY app", ...OTHER_DBA]);
  const provisioner = target.open();
  await provisioner.run(await provisioner.planStart(signal), signal);
  if (!heals) {
    await provisioner.run(await provisioner.planPolicy("unlocked", signal), signal);
    await target.run(["DROP PROCEDURE das_owner.das_heal"]);
    const plan = await provisioner.planPolicy("locked", signal);
    const lockAlone = plan.filter(({ what }) => what.startsWith("lock the audit policies"));
    await provisioner.run(lockAlone, signal);
  }
  const notices: StreamNotice[] = [];
  const waiting = new Set<() => void>();
  let batches = 0;
  let cursor: Cursor | undefined;
  const read = () => {
    const controller = new AbortController();
    const reader = target.openReader(fastClock(SPEED));
    const from = cursor;
    const reading = (async () => {
      for await (const sources of reader.sources(controller.signal)) {
        const table = sources.find(({ id }) => !id.includes("#"));
        if (!table) throw new Error("the reader does not own the table");
        const resume = from === undefined ? fromTheStart : resumeAt(table, { cursor: from, published: new Set() });
        for await (const batch of table.read(resume, controller.signal)) {
          table.acknowledged(batch.cursor);
          cursor = batch.cursor;
          notices.push(...(batch.notices ?? []));
          batches += 1;
          for (const wake of waiting) wake();
        }
      }
    })();
    return { controller, reading };
  };
  let run = read();
  const until = async (holds: () => boolean) => {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      await Promise.race([promise, run.reading]);
      waiting.delete(resolve);
    }
  };
  const stop = async () => {
    run.controller.abort();
    await run.reading;
  };
  // It has looked once: what is wrong from then on is news.
  await until(() => batches >= 3);
  return {
    ...target,
    provisioner,
    notices,
    until,
    polls: async (count: number) => {
      const end = batches + count;
      await until(() => batches >= end);
    },
    /** Another process goes on from what is on the stream. */
    restart: async (meanwhile: () => void | Promise<void> = () => undefined) => {
      await stop();
      await meanwhile();
      run = read();
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await provisioner[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    },
  };
}

type Watched = Awaited<ReturnType<typeof startWatched>>;

/** On a release whose DDL triggers do not fire for statements of unified audit policies, which is not known of any. */
function withoutTriggers({ emulator }: Watched): void {
  emulator.shared.changeDatabase({ triggersSeePolicies: false });
}

/** What `das check` says of the lock. */
async function lockFinding({ openReader }: Watched, id = "oracle.policy-lock") {
  await using reader = openReader(systemClock);
  const { findings } = await reader.check(signal);
  return findings.find((finding) => finding.id === id);
}

test("a policy that is switched off in spite of the lock is told with who and when, and again when it is back", async () => {
  await using watched = await startWatched({ heals: false });
  const { notices, until } = watched;
  withoutTriggers(watched);
  await watched.run(["NOAUDIT POLICY app"], "mallory", "mallory");
  await until(() => notices.length > 0);
  expect(notices).toEqual([
    {
      command: "POLICY DRIFT",
      cause: "audit policy APP is gone: it was AUDIT POLICY APP EXCEPT DAS_READER (NOAUDIT by MALLORY)",
      startTime: expect.stringMatching(/^\d{4}-/),
      endTime: null,
    },
  ]);
  expect(await lockFinding(watched)).toMatchObject({
    status: "failure",
    what: expect.stringMatching(/^1 thing that the lock protects changed: audit policy APP is gone/),
  });
  expect((await watched.provisioner.state(signal)).drift).toEqual([
    "audit policy APP is gone: it was AUDIT POLICY APP EXCEPT DAS_READER",
  ]);
  await watched.run(["AUDIT POLICY app EXCEPT das_reader"]);
  expect(await lockFinding(watched, "oracle.healing")).toMatchObject({
    status: "warning",
    repair: expect.stringContaining("GRANT EXECUTE ON DAS_OWNER.DAS_HEAL TO DAS_READER;"),
  });
  await until(() => notices.length > 1);
  expect(notices[1]).toEqual({ ...notices[0], endTime: expect.stringMatching(/^\d{4}-/) });
  await watched.polls(5);
  expect(notices).toHaveLength(2);
});

test("what a policy records is watched as well", async () => {
  await using watched = await startWatched();
  withoutTriggers(watched);
  await watched.run([
    "ALTER AUDIT POLICY app DROP ACTIONS ALL",
    "ALTER AUDIT POLICY das_lock DROP ACTIONS ALTER SYSTEM",
  ]);
  await watched.until(() => watched.notices.length >= 2);
  expect(watched.notices.map(({ cause }) => cause).toSorted()).toEqual([
    expect.stringMatching(
      /^content of audit policy APP was [0-9a-f]{16}, is [0-9a-f]{16} \(ALTER AUDIT POLICY by SYSTEM\)$/,
    ),
    expect.stringMatching(/^content of audit policy DAS_LOCK was .* \(ALTER AUDIT POLICY by SYSTEM\)$/),
  ]);
});

test("who unlocks by writing into the table is told; who unlocks with the procedure is not", async () => {
  await using watched = await startWatched();
  const { notices, provisioner } = watched;
  expect(await lockFinding(watched)).toMatchObject({ status: "ok", what: expect.stringMatching(/are locked, and as/) });
  expect(await lockFinding(watched, "oracle.healing")).toMatchObject({ status: "ok" });
  await provisioner.run(await provisioner.planPolicy("unlocked", signal), signal);
  await watched.polls(5);
  expect(await lockFinding(watched)).toMatchObject({ status: "ok", what: "the audit policies are unlocked" });
  await provisioner.run(await provisioner.planPolicy("locked", signal), signal);
  await watched.polls(5);
  expect(notices).toEqual([]);
  await watched.run(["BEGIN UPDATE das_owner.das_state SET locked = 0; COMMIT; END;"], "mallory", "mallory");
  await watched.until(() => notices.length > 0);
  expect(notices).toMatchObject([
    {
      command: "POLICY DRIFT",
      cause: "table DAS_STATE no longer says locked, and das_set_policy was not executed (UPDATE by MALLORY)",
    },
  ]);
});

test("whoever changes the record to hide a change is told as well", async () => {
  await using watched = await startWatched();
  const record = "UPDATE das_owner.das_state SET recorded = REPLACE(recorded, 'audit policy APP', 'audit policy MINE')";
  await watched.run([`BEGIN ${record}; COMMIT; END;`], "mallory", "mallory");
  await watched.until(() =>
    watched.notices.some(({ cause }) => cause.startsWith("table DAS_STATE holds another record")),
  );
  expect(watched.notices.map(({ cause }) => cause)).toContain(
    "table DAS_STATE holds another record, and das_set_policy was not executed (UPDATE by MALLORY)",
  );
});

const START_TIME = expect.stringMatching(/^\d{4}-/);

/** What is told of one drift that was put back. */
function restored(cause: string, changed = "") {
  const drift = { command: "POLICY DRIFT", cause: `${cause}${changed}`, startTime: START_TIME };
  return [
    { ...drift, endTime: null },
    { ...drift, endTime: START_TIME },
    { ...drift, cause: `restored by das_heal: ${cause}${changed}`, endTime: START_TIME },
  ];
}

function policiesOf({ emulator }: Watched) {
  const site = siteNamed(emulator.world, emulator.site);
  return containerOf(site, workContainer(site).guid);
}

/** Around everything that refuses it, with a row that tells of it. */
function switchOff({ emulator }: Watched, policy: string): void {
  const { guid } = workContainer(siteNamed(emulator.world, emulator.site));
  const actor = { DBUSERNAME: "SYS", SESSIONID: "4711" };
  emulator.change((world, now) => disablePolicy(world, policy, { site: emulator.site, container: guid, now, actor }));
}

describe.concurrent("what das_heal can put back it puts back, and it is told", () => {
  test("a policy that was switched off, through the lock that refuses everything else", async () => {
    await using watched = await startWatched();
    const before = policiesOf(watched).enabledPolicies;
    switchOff(watched, "APP");
    await watched.until(() => watched.notices.length >= 3);
    expect(watched.notices).toEqual(
      restored("audit policy APP is gone: it was AUDIT POLICY APP EXCEPT DAS_READER", " (NOAUDIT by SYS)"),
    );
    const [drift, end, healed] = watched.notices;
    expect([end?.startTime, healed?.startTime]).toEqual([drift?.startTime, drift?.startTime]);
    expect(new Set(policiesOf(watched).enabledPolicies)).toEqual(new Set(before));
    // The database itself says that it was done, and with whose account.
    const rows = policiesOf(watched).table.partitions.flatMap(({ chunks }) => chunks.flatMap((chunk) => chunk.rows));
    const done = rows.filter(({ DBUSERNAME: user }) => user === watched.emulator.user);
    expect(done.map(({ ACTION_NAME: action, OBJECT_NAME: object }) => `${action} ${object}`)).toEqual(
      expect.arrayContaining(["AUDIT APP", "EXECUTE DAS_HEAL"]),
    );
    await watched.polls(5);
    expect(watched.notices).toHaveLength(3);
  });

  test("a trigger that was disabled around it, and a policy that records other levels", async () => {
    await using watched = await startWatched();
    const { shared } = watched.emulator;
    // SYS with _system_trig_enabled, or the dictionary itself: nothing leaves a row.
    shared.changeDatabase({ triggers: shared.database.triggers.map((trigger) => ({ ...trigger, isEnabled: false })) });
    await watched.until(() => watched.notices.length >= 3);
    expect(watched.notices).toEqual(restored("trigger DAS_LOCK_TRG was ENABLED, is DISABLED"));
    expect(shared.database.triggers).toMatchObject([{ isEnabled: true }]);
    withoutTriggers(watched);
    await watched.run(["ALTER AUDIT POLICY app ADD ONLY TOPLEVEL"], "mallory", "mallory");
    await watched.until(() => watched.notices.length >= 6);
    const levels =
      "content of audit policy APP (top level) was ALTER AUDIT POLICY APP DROP ONLY TOPLEVEL, is ALTER AUDIT POLICY APP ADD ONLY TOPLEVEL";
    expect(watched.notices.slice(3)).toEqual(restored(levels, " (ALTER AUDIT POLICY by MALLORY)"));
    expect(policiesOf(watched).policies.find(({ name }) => name === "APP")).toMatchObject({ onlyTopLevel: false });
  });

  test("the partition interval that a start changed", async () => {
    await using watched = await startWatched();
    const long = "BEGIN DBMS_AUDIT_MGMT.ALTER_PARTITION_INTERVAL(1, 'MONTH'); END;";
    await watched.run([long], "mallory", "mallory");
    await watched.until(() => watched.notices.length >= 3);
    expect(watched.notices[2]).toMatchObject({
      cause: expect.stringMatching(
        /^restored by das_heal: parameter PARTITION_INTERVAL was .*HOUR.* \(EXECUTE by MALLORY\)$/,
      ),
    });
    expect(policiesOf(watched).table.interval).toEqual({ number: 1, unit: "HOUR" });
  });

  test("but not a policy that was dropped: that is said once, and not tried for ever", async () => {
    await using watched = await startWatched();
    withoutTriggers(watched);
    await watched.run(["NOAUDIT POLICY app", "DROP AUDIT POLICY app"], "mallory", "mallory");
    await watched.until(() => watched.notices.length >= 2);
    const [drift, given] = watched.notices;
    expect(drift).toMatchObject({ cause: expect.stringMatching(/^audit policy APP is gone/), endTime: null });
    const { cause = "", startTime = "" } = drift ?? {};
    expect(given).toEqual({
      command: "POLICY DRIFT",
      cause: `not restored by das_heal: ${cause}`,
      startTime,
      endTime: startTime,
    });
    await watched.polls(20);
    expect(watched.notices).toHaveLength(2);
    expect(callsOf(watched)).toBe(3);
    // Somebody makes it anew: its end is told, and nobody else's work.
    await watched.run(["CREATE AUDIT POLICY app ACTIONS ALL", "AUDIT POLICY app EXCEPT das_reader"]);
    await watched.until(() => watched.notices.length >= 3);
    expect(watched.notices[2]).toEqual({ ...drift, endTime: START_TIME });
  });

  test("nor what somebody switches off again and again", async () => {
    await using watched = await startWatched();
    for (let turn = 1; turn <= 3; turn += 1) {
      switchOff(watched, "APP");
      await watched.until(() => watched.notices.length >= 3 * turn);
    }
    switchOff(watched, "APP");
    await watched.until(() => watched.notices.length >= 11);
    await watched.polls(20);
    expect(watched.notices).toHaveLength(11);
    expect(watched.notices.at(-1)?.cause).toMatch(/^not restored by das_heal: audit policy APP is gone/);
    expect(callsOf(watched)).toBe(3);
  });
});

function callsOf({ emulator }: Watched): number {
  return emulator.statements.matching(/^BEGIN \w+\.das_heal/).length;
}

test("drift is the same event for whoever goes on after a restart, until its end", async () => {
  await using watched = await startWatched({ heals: false });
  const { notices } = watched;
  // Without a row that names somebody there is no time but that of the look.
  const { guid } = workContainer(siteNamed(watched.emulator.world, watched.emulator.site));
  const without = () =>
    watched.emulator.change((world) =>
      changeContainer(world, watched.emulator.site, guid, (container) => ({
        ...container,
        enabledPolicies: container.enabledPolicies.filter(({ policyName }) => policyName !== "APP"),
      })),
    );
  without();
  await watched.until(() => notices.length >= 1);
  const [told] = notices;
  expect(told).toMatchObject({ cause: expect.not.stringContaining("("), endTime: null });
  await watched.restart();
  await watched.polls(10);
  expect(notices).toEqual([told]);
  withoutTriggers(watched);
  await watched.restart(() => watched.run(["AUDIT POLICY app EXCEPT das_reader"]));
  await watched.until(() => notices.length >= 2);
  expect(notices).toEqual([told, { ...told, endTime: START_TIME }]);
});

test("what got around das_set_policy is still so after a restart", async () => {
  await using watched = await startWatched();
  const record = "UPDATE das_owner.das_state SET recorded = recorded || CHR(10) || 'x: y'";
  await watched.run([`BEGIN ${record}; COMMIT; END;`], "mallory", "mallory");
  const told = () => watched.notices.filter(({ cause }) => cause.startsWith("table DAS_STATE holds another record"));
  await watched.until(() => told().length > 0);
  await watched.restart();
  await watched.polls(10);
  expect(told()).toMatchObject([{ endTime: null }]);
  expect(watched.emulator.statements.matching(/^BEGIN \w+\.das_heal/)).toEqual([]);
});
