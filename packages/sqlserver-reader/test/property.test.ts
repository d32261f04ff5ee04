import { setImmediate } from "node:timers/promises";
import type { LossWindow } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LOSS_CAUSES } from "../src/loss-account.ts";
import { type Activity, AuditWorld, type WorldOptions } from "./audit-world.ts";
import { TEST_SEEDS } from "./env.ts";
import { type Following, follow, type Seen, type Step } from "./follow-world.ts";

/** Of each property; `DAS_TEST_SEEDS` asks for more. */
const RUNS = Number(TEST_SEEDS ?? 1_000);

const options: fc.Arbitrary<WorldOptions> = fc.record({
  behaviour: fc.record({
    offset: fc.constantFrom("exclusive", "inclusive"),
    lastBlock: fc.constantFrom("growing", "sealed"),
    missingFile: fc.constantFrom(33224, 33225, 25718, 25722),
    invalidOffset: fc.constantFrom(33225, 25722),
    bufferSize: fc.constantFrom(2_000, 20_000),
  }),
  queueDelay: fc.constantFrom(0, 1_000),
  maxRolloverFiles: fc.constantFrom(2, 200),
  emptyFile: fc.constantFrom("no rows" as const, 33224 as const, 33225 as const),
  infoPlace: fc.constantFrom("in place", "first", "last"),
});

function steps(...kinds: readonly Step["kind"][]): fc.Arbitrary<Step[]> {
  const step = fc.record({ kind: fc.constantFrom(...kinds), at: fc.nat(20), count: fc.integer({ min: 1, max: 12 }) });
  return fc.array(step, { maxLength: 40, size: "max" });
}

type Row = Extract<Seen, { readonly kind: "row" }>;

const rowsOf = ({ seen }: Following): readonly Row[] => seen.filter((item) => item.kind === "row");
const windowsOf = ({ seen }: Following) => seen.flatMap((item) => (item.kind === "window" ? [item.window] : []));

/** What is left when a consumer drops what it saw before. */
function withoutDoubles(rows: readonly Row[]): readonly Row[] {
  const byMarker = new Map<string, Row>();
  for (const row of rows) {
    const known = byMarker.get(row.marker);
    // One identity is one row: otherwise dropping doubles would lose something.
    if (known) expect(row.values).toBe(known.values);
    else byMarker.set(row.marker, row);
  }
  return [...byMarker.values()];
}

/** Windows by identity, each with its widest end. */
function widestWindows(windows: readonly LossWindow[]): readonly LossWindow[] {
  const widest = new Map<string, LossWindow>();
  for (const window of windows) {
    const key = `${window.cause} ${window.startTime}`;
    const known = widest.get(key);
    if (!known || (known.endTime ?? "") < (window.endTime ?? "")) widest.set(key, window);
  }
  return [...widest.values()];
}

/** Whoever resumes before the place where a window was told as running may never tell its end: it runs to the next new row. */
function endedByNextRow({ seen }: Following): readonly LossWindow[] {
  return seen.flatMap((item, index) => {
    if (item.kind === "row") return [];
    if (item.window.endTime !== null) return [item.window];
    const known = new Set(seen.slice(0, index).map((before) => (before.kind === "row" ? before.marker : "")));
    const next = seen.slice(index).find((after) => after.kind === "row" && !known.has(after.marker));
    return next?.kind === "row" ? [{ ...item.window, endTime: next.time }] : [];
  });
}

/** Found and ended: a window is told at most once as running and at most once with its end. */
function toldTwice(windows: readonly LossWindow[]): readonly LossWindow[] {
  // Of one start the drops may go on, and a read that broke off before it had said all is lost with its file: a later end.
  const mayGoOn: readonly string[] = [LOSS_CAUSES.recordsDropped, LOSS_CAUSES.fileDeleted];
  const once = windows.filter(({ cause }) => !mayGoOn.includes(cause));
  const key = ({ cause, startTime, endTime }: LossWindow) => `${cause} ${startTime} ${endTime === null}`;
  return once.filter((window, index) => once.findIndex((other) => key(other) === key(window)) !== index);
}

const isActivity = ({ statement }: { readonly statement: string }) => statement.startsWith("S");

function missingOf(world: AuditWorld, following: Following): readonly Activity[] {
  const published = new Set(rowsOf(following).map(({ statement }) => statement));
  return world.activities.filter(({ statement }) => !published.has(statement));
}

/** What was told between the last row before the missing one and the first row after it, doubles dropped. */
function isCoveredByPlace(world: AuditWorld, following: Following, missing: Activity): boolean {
  const known = new Set<string>();
  const seen = following.seen.filter(
    (item) => item.kind === "window" || (!known.has(item.marker) && known.add(item.marker)),
  );
  const number = new Map(world.activities.map(({ statement }, index) => [statement, index]));
  const place = number.get(missing.statement) as number;
  const numberOf = (item: Seen) => (item.kind === "row" ? (number.get(item.statement) ?? -1) : -1);
  const after = seen.findIndex((item) => numberOf(item) > place);
  const before = seen.slice(0, after).findLastIndex((item) => numberOf(item) >= 0);
  return seen.slice(before + 1, after).some(({ kind }) => kind === "window");
}

async function check(
  world: AuditWorld,
  history: readonly Step[],
  judge: (following: Following) => void,
): Promise<void> {
  judge(await follow(world, history));
  // A signal that was made from another one is kept until the event loop's next turn, which virtual time never takes.
  await setImmediate();
}

describe("published = audited minus declared loss windows", () => {
  test("where nothing is lost, everything comes once, in order, and no loss is told", async () => {
    await fc.assert(
      fc.asyncProperty(
        options,
        steps("act", "act", "act", "wait", "roll", "empty", "cut", "reboot", "another reads", "reader restarts"),
        async (chosen, history) => {
          const world = new AuditWorld({ ...chosen, maxRolloverFiles: 200 });
          await check(world, history, (following) => {
            const statements = rowsOf(following).filter(isActivity);
            expect(statements.map(({ statement }) => statement)).toEqual(
              world.activities.map(({ statement }) => statement),
            );
            expect(windowsOf(following)).toEqual([]);
          });
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("whatever happens, what does not come lies in a loss window, and every window has both ends", async () => {
    await fc.assert(
      fc.asyncProperty(
        options,
        steps(
          ...(["act", "act", "act", "act", "wait", "roll", "roll", "empty", "cut", "reboot", "crash", "stop"] as const),
          ...(["start", "start", "toggle", "fail", "recreate", "move", "drop", "delete", "damage", "repair"] as const),
          "another reads",
          ...(["writes fail", "writes succeed", "writes succeed", "reader restarts", "reader goes back"] as const),
        ),
        async (chosen, history) => {
          const world = new AuditWorld(chosen);
          await check(world, history, (following) => {
            withoutDoubles(rowsOf(following));
            // Who goes back to before a window was found may find the same loss by another sign.
            if (!history.some(({ kind }) => kind === "reader goes back")) {
              const told = widestWindows(windowsOf(following));
              expect(told.filter(({ endTime }) => endTime === null)).toEqual([]);
            }
            const windows = widestWindows(endedByNextRow(following));
            if (following.restarts === 0) expect(toldTwice(windowsOf(following))).toEqual([]);
            const uncovered = missingOf(world, following).filter(
              ({ time }) => !windows.some(({ startTime, endTime }) => startTime <= time && time <= (endTime ?? "")),
            );
            expect(uncovered).toEqual([]);
          });
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("when the server's clock is set back, too", async () => {
    await fc.assert(
      fc.asyncProperty(
        options,
        steps(
          ...(["act", "act", "act", "wait", "roll", "roll", "empty", "cut", "toggle", "clock back"] as const),
          ...(["reboot", "crash", "delete", "reader restarts"] as const),
        ),
        async (chosen, history) => {
          const world = new AuditWorld(chosen);
          await check(world, history, (following) => {
            withoutDoubles(rowsOf(following));
            const uncovered = missingOf(world, following).filter(
              (missing) => !isCoveredByPlace(world, following, missing),
            );
            expect(uncovered).toEqual([]);
          });
        },
      ),
      { numRuns: RUNS },
    );
  });
});
