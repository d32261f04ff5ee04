import { type LossWindow, silentLogger } from "@das/core";
import { audit, createWorld, historyText, rootOf, siteNamed, timestampText, type World } from "@das/oracle-emulator";
import { fromTheStart } from "@das/reader-conformance";
import { expect, test } from "vitest";
import { OracleAuditSource } from "../src/audit-source.ts";
import { HOUR, microsOf } from "../src/micros.ts";
import { modelServer, READER_SESSION } from "./model-server.ts";
import { VirtualTime } from "./virtual-time.ts";

const START = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;
const SITE = "ORCL_A";

/** Reads a quiet trail for some minutes; everything that is given out is on the stream at once. */
async function watch(
  minutes: number,
  options: { readonly canary?: boolean; readonly purgeRetention?: number; readonly works?: (now: number) => boolean },
) {
  const time = new VirtualTime(START);
  let world: World = createWorld({ release: "19c", primary: { uniqueName: SITE } }, START);
  const container = rootOf(siteNamed(world, SITE)).guid;
  const fired: number[] = [];
  const archived: string[] = [];
  const fireCanary = () => {
    fired.push(time.now);
    if (!(options.works ?? (() => true))(time.now)) return;
    const row = { ACTION_NAME: "EXECUTE", OBJECT_NAME: "DAS_CANARY", SESSIONID: READER_SESSION };
    world = audit(world, SITE, container, [row], time.now);
  };
  const { canary = false, purgeRetention } = options;
  const source = new OracleAuditSource({
    id: "oracle:1:2",
    branch: "table",
    history: historyText(siteNamed(world, SITE)),
    connect: async () =>
      modelServer({
        world: () => world,
        now: () => time.now,
        site: SITE,
        container,
        interrupt: () => undefined,
        fireCanary,
        advanceArchiveTime: (until) => void archived.push(until),
      }),
    startAt: "now",
    canary,
    ...(purgeRetention !== undefined && { purgeRetention }),
    clock: time.clock,
    random: () => 0.5,
    logger: silentLogger,
  });
  const windows: LossWindow[] = [];
  const controller = new AbortController();
  const reading = (async () => {
    for await (const batch of source.read(fromTheStart, controller.signal)) {
      windows.push(...batch.lossWindows);
      source.acknowledged(batch.cursor);
    }
  })();
  while (time.now < START + minutes * MINUTE) await time.step(START + minutes * MINUTE);
  controller.abort();
  await reading;
  return { windows, fired, archived };
}

test("a canary that comes through says nothing", async () => {
  const { windows, fired } = await watch(16, { canary: true });
  expect(fired).toHaveLength(4);
  expect(windows).toEqual([]);
});

test("a canary that does not come opens a loss window, and one that comes again ends it", async () => {
  const { windows, fired } = await watch(16, {
    canary: true,
    works: (now) => now < START + MINUTE || now > START + 9 * MINUTE,
  });
  const [, lost, again] = fired.map((now) => `${timestampText(now)}+00`);
  expect(windows.map(({ cause, endTime }) => [cause, endTime === null])).toEqual([
    ["canary did not appear in the audit trail", true],
    ["canary did not appear in the audit trail", false],
  ]);
  expect(windows[0]?.startTime).toBe(lost);
  expect(windows[1]?.endTime).toBe(again);
});

test("what has been on the stream for long enough may be purged; once an hour that is said, and never more", async () => {
  const { archived } = await watch(150, { purgeRetention: 24 * HOUR });
  expect(archived).toHaveLength(3);
  for (const [index, until] of archived.entries()) {
    const behind = START * 1_000 + index * HOUR - microsOf(until);
    expect(behind).toBeGreaterThanOrEqual(24 * HOUR);
    expect(behind).toBeLessThan(24 * HOUR + 5 * 60_000_000);
  }
});
