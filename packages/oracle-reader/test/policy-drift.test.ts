import { type StreamNotice, systemClock } from "@das/core";
import { fromTheStart } from "@das/reader-conformance";
import { expect, test } from "vitest";
import { fastClock } from "./fast-clock.ts";
import { OTHER_DBA, startTarget } from "./provisioned-target.ts";

/** Looks come so many times as often as usual. */
const SPEED = 10;

const signal = new AbortController().signal;

/** A stream that is started and locked, its reader, and what it tells. */
async function startWatched() {
  const target = await startTarget();
  await target.run(["CREATE AUDIT POLICY app ACTIONS ALL", "AUDIT POLICY app", ...OTHER_DBA]);
  const provisioner = target.open();
  await provisioner.run(await provisioner.planStart(signal), signal);
  const controller = new AbortController();
  const notices: StreamNotice[] = [];
  const waiting = new Set<() => void>();
  const reader = target.openReader(fastClock(SPEED));
  let batches = 0;
  const reading = (async () => {
    for await (const sources of reader.sources(controller.signal)) {
      const table = sources.find(({ id }) => !id.includes("#"));
      if (!table) throw new Error("the reader does not own the table");
      for await (const batch of table.read(fromTheStart, controller.signal)) {
        table.acknowledged(batch.cursor);
        notices.push(...(batch.notices ?? []));
        batches += 1;
        for (const wake of waiting) wake();
      }
    }
  })();
  const until = async (holds: () => boolean) => {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      await Promise.race([promise, reading]);
      waiting.delete(resolve);
    }
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
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await reading;
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
async function lockFinding({ openReader }: Watched) {
  await using reader = openReader(systemClock);
  const { findings } = await reader.check(signal);
  return findings.find(({ id }) => id === "oracle.policy-lock");
}

test("a policy that is switched off in spite of the lock is told with who and when, and again when it is back", async () => {
  await using watched = await startWatched();
  const { notices, until } = watched;
  withoutTriggers(watched);
  await watched.run(["NOAUDIT POLICY app"], "mallory", "mallory");
  await until(() => notices.length > 0);
  expect(notices).toEqual([
    {
      command: "POLICY DRIFT",
      cause: "audit policy APP is gone: it was except DAS_READER on success and failure (NOAUDIT by MALLORY)",
      startTime: expect.stringMatching(/^\d{4}-/),
      endTime: null,
    },
  ]);
  expect(await lockFinding(watched)).toMatchObject({
    status: "failure",
    what: expect.stringMatching(/^1 thing that the lock protects changed: audit policy APP is gone/),
  });
  expect((await watched.provisioner.state(signal)).drift).toEqual([
    "audit policy APP is gone: it was except DAS_READER on success and failure",
  ]);
  await watched.run(["AUDIT POLICY app EXCEPT das_reader"]);
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

test("a lock whose trigger was disabled around it is told", async () => {
  await using watched = await startWatched();
  const { shared } = watched.emulator;
  // SYS with _system_trig_enabled, or the dictionary itself: nothing leaves a row.
  shared.changeDatabase({ triggers: shared.database.triggers.map((trigger) => ({ ...trigger, isEnabled: false })) });
  await watched.until(() => watched.notices.length > 0);
  expect(watched.notices).toMatchObject([{ cause: "trigger DAS_LOCK_TRG was ENABLED, is DISABLED", endTime: null }]);
});
