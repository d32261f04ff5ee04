import { type Logger, silentLogger, systemClock } from "@das/core";
import {
  appendRows,
  auditNamed,
  CHANGES_AUDIT,
  createAudit,
  dropAudit,
  failWrites,
  filesOfAudit,
  rollOver,
  type SqlServerEmulatorOptions,
  STREAM_AUDIT,
  startAudit,
  stopAudit,
} from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { ConnectedServer } from "../src/connected-server.ts";
import { openEmulatedTrail, selectRow } from "./emulated-trail.ts";

const signal = new AbortController().signal;
const FILE_PART = /^RDS_DAS_AUDIT_0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40_0_\d+\.sqlaudit$/;

const DENIED = { number: 229, severity: 14, state: 1, text: "permission denied" };

async function connectTo(options: SqlServerEmulatorOptions = {}, audit = STREAM_AUDIT) {
  const trail = await openEmulatedTrail({ tls: "off", ...options });
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_, message) => void warnings.push(message) };
  const open = (change: { readonly audit?: string; readonly resourceId?: string } = {}) =>
    ConnectedServer.open(
      {
        connection: trail.connection,
        resourceId: "db-TEST",
        serverHost: undefined,
        audit,
        clock: systemClock,
        logger,
        ...change,
      },
      signal,
    );
  return { trail, warnings, open, [Symbol.asyncDispose]: () => trail[Symbol.asyncDispose]() };
}

describe("a look at an audit", () => {
  test("sees its definition, its file and what its event session dropped", async () => {
    await using target = await connectTo();
    await using server = await target.open();
    const { audit, observedAt } = await server.observe(signal);
    expect(observedAt).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{7}\+00$/);
    expect(audit).toMatchObject({ name: STREAM_AUDIT, directory: "D:\\das\\", status: "STARTED" });
    expect(audit?.currentFile).toMatch(FILE_PART);
    expect(audit?.dropped?.count).toBe(0n);

    const { emulator } = target.trail;
    emulator.change((trail) => failWrites(trail, STREAM_AUDIT, true));
    emulator.change((trail, now) => appendRows(trail, STREAM_AUDIT, [selectRow(1, now)], now));
    const later = (await server.observe(signal)).audit;
    expect(later?.dropped?.session).toBe(audit?.dropped?.session);
    expect(later?.dropped?.count).toBeGreaterThan(0n);
  });

  test("sees that it is off, or not there", async () => {
    await using target = await connectTo();
    await using server = await target.open();
    const { emulator } = target.trail;
    emulator.change((trail, now) => stopAudit(trail, STREAM_AUDIT, now));
    const { audit } = await server.observe(signal);
    expect(audit).toMatchObject({ currentFile: undefined, dropped: undefined });
    expect(audit?.status).not.toBe("STARTED");
    emulator.change((trail) => dropAudit(trail, STREAM_AUDIT));
    expect((await server.observe(signal)).audit).toBeUndefined();
  });

  test.each([["other case"], ["other separators"]] as const)("knows the file in spelling: %s", async (pathSpelling) => {
    await using target = await connectTo({ instance: { pathSpelling } });
    await using server = await target.open();
    expect((await server.observe(signal)).audit?.currentFile?.toLowerCase()).toMatch(new RegExp(FILE_PART, "i"));
  });

  test("takes the other name of the second audit, when there is none of the first", async () => {
    await using target = await connectTo({}, CHANGES_AUDIT);
    await using server = await target.open();
    const { emulator } = target.trail;
    emulator.change((trail, now) => {
      const guid = "7F1E9A32-8D54-5C17-A2B6-0C4D9E8F7A52";
      const other = createAudit(trail, { name: "RDS_DAS_CHANGES", guid, directory: "D:\\das\\" }, now);
      return startAudit(other, "RDS_DAS_CHANGES", now);
    });
    expect((await server.observe(signal)).audit?.name).toBe(CHANGES_AUDIT);
    emulator.change((trail) => dropAudit(trail, CHANGES_AUDIT));
    expect((await server.observe(signal)).audit?.name).toBe("RDS_DAS_CHANGES");
  });

  test("does without the event session where it may not be looked at, and says what that means", async () => {
    await using target = await connectTo();
    await using server = await target.open();
    target.trail.emulator.faults.arm({ at: "statement", matching: /dm_xe_sessions/, error: DENIED });
    const { audit } = await server.observe(signal);
    expect(audit).toMatchObject({ name: STREAM_AUDIT, dropped: undefined });
    expect(target.warnings).toEqual([expect.stringContaining("would go unnoticed")]);
  });
});

test.each(["2016", "future"] as const)("the columns of %s are the same when describing fails", async (version) => {
  await using target = await connectTo({ version });
  await using described = await target.open();
  const cannot = { number: 11529, severity: 16, state: 1, text: "The metadata could not be determined." };
  target.trail.emulator.faults.arm({ at: "statement", matching: /dm_exec_describe_first_result_set/, error: cannot });
  await using server = await target.open();
  expect(server.instance.trail.columns).toEqual(described.instance.trail.columns);
  expect(server.instance.reading).toEqual(described.instance.reading);
});

describe("a lock", () => {
  test("is held by one session, again by the same one, and goes with it", async () => {
    await using target = await connectTo();
    await using spare = await target.open();
    {
      await using holder = await target.open();
      expect(await holder.takeLock(signal)).toBe(true);
      expect(await holder.takeLock(signal)).toBe(true);
      expect(await spare.takeLock(signal)).toBe(false);
    }
    await expect.poll(() => spare.takeLock(signal)).toBe(true);
  });

  test("is another one for each audit of each resource", async () => {
    await using target = await connectTo();
    await using holder = await target.open();
    expect(await holder.takeLock(signal)).toBe(true);
    await using ofOtherAudit = await target.open({ audit: CHANGES_AUDIT });
    expect(await ofOtherAudit.takeLock(signal)).toBe(true);
    await using ofOtherResource = await target.open({ resourceId: "db-OTHER" });
    expect(await ofOtherResource.takeLock(signal)).toBe(true);
  });

  test("cannot be had outside of its role", async () => {
    await using target = await connectTo();
    const { emulator } = target.trail;
    const databases = emulator.instance.databases.map(({ principals = [], ...database }) => ({
      ...database,
      principals: principals.map((principal) => ({ ...principal, memberOf: [] })),
    }));
    emulator.changeInstance({ databases });
    await using server = await target.open();
    await expect(server.takeLock(signal)).rejects.toMatchObject({ name: "RefusedError", code: "lock-refused" });
  });
});

describe("the files of an audit", () => {
  test.each(["2016", "2022"] as const)("are listed on %s", async (version) => {
    await using target = await connectTo({ version });
    await using server = await target.open();
    const { emulator } = target.trail;
    emulator.change((trail, now) => rollOver(trail, STREAM_AUDIT, now));
    const set = { audit: STREAM_AUDIT, auditGuid: undefined, from: undefined };
    const names = await server.listFiles("D:\\das\\", set, signal);
    expect(names.toSorted()).toEqual(emulator.trail.files.map(({ name }) => name).toSorted());
    expect(await server.listFiles("D:\\nowhere\\", set, signal)).toEqual([]);
  });

  test.each(["refused", "empty"] as const)("are found by reading them where listing is %s", async (listing) => {
    await using target = await connectTo({ instance: { listing } });
    await using server = await target.open();
    const { emulator } = target.trail;
    const filesNow = () => filesOfAudit(emulator.trail, auditNamed(emulator.trail, STREAM_AUDIT));
    for (let n = 0; n < 3; n += 1) {
      await target.trail.append(3);
      emulator.change((trail, now) => rollOver(trail, STREAM_AUDIT, now));
    }
    const [first, second] = filesNow();
    const auditGuid = first?.auditGuid;
    const list = (from: { name: string; offset: bigint } | undefined) =>
      server.listFiles("D:\\das\\", { audit: STREAM_AUDIT, auditGuid, from }, signal);
    const all = filesNow().map(({ name }) => name);
    expect((await list(undefined)).toSorted()).toEqual(all);
    const offset = BigInt(second?.blocks[0]?.offset ?? 0);
    expect((await list({ name: second?.name ?? "", offset })).toSorted()).toEqual(all.slice(1));
    // The place's own file is gone: all that is left is what follows.
    expect((await list({ name: "gone.sqlaudit", offset })).toSorted()).toEqual(all);
    expect(target.warnings).toEqual([expect.stringContaining("may not be listed")]);
  });
});
