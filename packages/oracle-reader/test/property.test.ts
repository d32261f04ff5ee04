import { setImmediate } from "node:timers/promises";
import type { LossWindow } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LOSS_CAUSES } from "../src/loss-account.ts";
import { TEST_SEEDS } from "./env.ts";
import { isActivity, Run, type Step } from "./follow-world.ts";

/** Of each property; `DAS_TEST_SEEDS` asks for more. */
const RUNS = Number(TEST_SEEDS ?? 60);

function steps(...kinds: readonly Step["kind"][]): fc.Arbitrary<Step[]> {
  const step = fc.record({
    kind: fc.constantFrom(...kinds),
    at: fc.nat(20),
    count: fc.integer({ min: 1, max: 12 }),
    pause: fc.constantFrom(0, 1, 1, 5, 30, 90, 400),
  });
  return fc.array(step, { maxLength: 16, size: "max" });
}

const QUIET = ["act", "act", "act", "late", "late", "twins", "spill", "standby", "cut"] as const;

/** What a consumer has after it dropped what it saw before. */
function withoutDoubles(run: Run): readonly string[] {
  const byIdentity = new Map<string, string>();
  for (const { identity, statement } of run.publications) {
    if (statement !== null && isActivity(statement) && !byIdentity.has(identity)) byIdentity.set(identity, statement);
  }
  const statements = [...byIdentity.values()];
  // Of rows that nothing but their text tells apart a publisher that resumes does not know which it published.
  const isTwin = (statement: string) => !statement.startsWith("S");
  return [...statements.filter((statement) => !isTwin(statement)), ...new Set(statements.filter(isTwin))].toSorted();
}

const statementsOf = (run: Run) =>
  run.publications.flatMap(({ statement }) => (statement !== null && isActivity(statement) ? [statement] : []));

async function follow(history: readonly Step[]): Promise<Run> {
  const run = new Run();
  await run.follow(history);
  // A signal that was made from another one is kept until the event loop's next turn, which virtual time never takes.
  await setImmediate();
  return run;
}

describe("what the trail still holds is on the stream", () => {
  test("once, and without a loss told, while rows come late, spill over and connections break", async () => {
    await fc.assert(
      fc.asyncProperty(steps(...QUIET), async (history) => {
        const run = await follow(history);
        expect(statementsOf(run).toSorted()).toEqual(run.held().toSorted());
        expect(run.windows).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("once, too, when publishers are killed, but for what nothing but its text tells apart", async () => {
    await fc.assert(
      fc.asyncProperty(steps(...QUIET, "restart", "restart"), async (history) => {
        const run = await follow(history);
        const isAlone = (statement: string) => statement.startsWith("S");
        expect(statementsOf(run).filter(isAlone).toSorted()).toEqual(run.held().filter(isAlone).toSorted());
        expect(withoutDoubles(run)).toEqual(run.held().toSorted());
        expect(run.windows).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("once after doubles are dropped, when publishers are killed and files are loaded", async () => {
    await fc.assert(
      fc.asyncProperty(steps(...QUIET, "restart", "load", "lag"), async (history) => {
        const run = await follow(history);
        expect(withoutDoubles(run)).toEqual(run.held().toSorted());
        expect(run.windows).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("or its loss is told, when the trail is purged", async () => {
    await fc.assert(
      fc.asyncProperty(steps(...QUIET, "restart", "purge", "purge"), async (history) => {
        const run = await follow(history);
        const published = new Set(statementsOf(run));
        expect(run.held().filter((statement) => !published.has(statement))).toEqual([]);
        const uncovered = run.statements.filter(
          ({ statement, time }) => !published.has(statement) && !run.isCovered(time),
        );
        expect(uncovered).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("and nothing else, when databases change their roles, with and without lost redo", async () => {
    await fc.assert(
      fc.asyncProperty(
        steps(...QUIET, "restart", "load", "vanish", "lag", "switchover", "failover"),
        async (history) => {
          const run = await follow(history);
          const published = new Set(statementsOf(run));
          expect(run.held().filter((statement) => !published.has(statement))).toEqual([]);
          const unexplained = run.statements.filter(
            ({ statement, time }) => !published.has(statement) && !run.taken.has(statement) && !run.isCovered(time),
          );
          expect(unexplained).toEqual([]);
          const audited = new Set(run.statements.map(({ statement }) => statement));
          expect([...published].filter((statement) => !audited.has(statement))).toEqual([]);
          expect(run.hasPlaceOfPrimary).toBe(true);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("and no loss is told but that of redo in a failover, though published rows are gone, too", async () => {
    await fc.assert(
      fc.asyncProperty(steps(...QUIET, "restart", "lag", "switchover", "failover"), async (history) => {
        const run = await follow(history);
        const { windows, notices } = run;
        const isChanged = history.some(({ kind }) => kind === "failover" || kind === "switchover");
        if (!isChanged) expect(notices).toEqual([]);
        const isFailedOver = history.some(({ kind }) => kind === "failover");
        // What is left in the files of the old primary's host shows, too, that a session wrote more than there is.
        const held = new Set(run.held());
        const lost = run.statements.filter(({ statement }) => !held.has(statement));
        const isTrue = ({ cause, startTime, endTime }: LossWindow) =>
          cause === LOSS_CAUSES.redoLost ||
          (cause === LOSS_CAUSES.entriesMissing &&
            lost.some(({ time }) => startTime < time && endTime !== null && time < endTime));
        expect(windows.filter((window) => !(isFailedOver && isTrue(window)))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("and the role change itself is told once, by its own moment", async () => {
    const act = { kind: "act", at: 0, count: 5, pause: 30 } as const;
    for (const kind of ["switchover", "failover"] as const) {
      const { notices } = await follow([act, { ...act, kind, at: 1 }, act, { ...act, kind: "restart" }, act]);
      const causes = new Set(notices.map(({ command, cause, startTime }) => `${command} ${startTime} ${cause}`));
      expect([...causes]).toEqual([
        expect.stringMatching(`^FAILOVER .* another database is the primary since a ${kind}$`),
      ]);
    }
  });
});
