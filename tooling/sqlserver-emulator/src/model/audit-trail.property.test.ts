/** Whatever happens to an audit, in whatever order: what a careful reader may rely on. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byFileTime, FIRST_BLOCK_OFFSET, pathOf } from "./audit-file.ts";
import { createAudit, moveAudit, openEmptyFile, restartInstance, startAudit, stopAudit } from "./audit-state.ts";
import { type AuditTrail, auditNamed, emptyTrail, filesOfAudit, findFile, type TrailBehaviour } from "./audit-trail.ts";
import { readAuditFiles } from "./read-rows.ts";
import { advance, appendRows, flushAudit, rollOver } from "./write-rows.ts";

const NOW = Date.UTC(2026, 0, 15, 12);

type Step =
  | { readonly do: "append"; readonly rows: number; readonly length: number }
  | { readonly do: "wait"; readonly milliseconds: number }
  | { readonly do: "clock back"; readonly milliseconds: number }
  | { readonly do: "roll over" | "empty file" | "off and on" | "restart" | "move" | "poll" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      rows: fc.integer({ min: 1, max: 12 }),
      length: fc.integer({ min: 0, max: 4000 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("wait" as const), milliseconds: fc.integer({ min: 1, max: 2000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("clock back" as const), milliseconds: fc.integer({ min: 1, max: 5000 }) }),
  },
  { weight: 4, arbitrary: fc.constant({ do: "poll" as const }) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(
        "roll over" as const,
        "empty file" as const,
        "off and on" as const,
        "restart" as const,
        "move" as const,
      )
      .map((what) => ({ do: what })),
  },
);

const behaviour: fc.Arbitrary<Partial<TrailBehaviour>> = fc.record({
  offset: fc.constantFrom("exclusive" as const, "inclusive" as const),
  lastBlock: fc.constantFrom("growing" as const, "sealed" as const),
  bufferSize: fc.integer({ min: 512, max: 65_536 }),
});

const options = fc.record({
  queueDelay: fc.constantFrom(0, 1000),
  maxFileSize: fc.constantFrom(null, 40_000, 200_000),
});

/**
 * Reads as SQL Server notes §4.3 say: the exact file, the last block again, each file that has a successor once, the
 * file that is written to last, whatever its time. It is there from the start, so no file appears behind its back.
 */
class CarefulReader {
  readonly seen: string[] = [];
  #path: string | undefined;
  #done = new Set<string>();
  #previous: number | null = null;
  #last: number | null = null;
  #rowsInLast = 0;

  poll(trail: AuditTrail): void {
    const audit = auditNamed(trail, "A");
    const files = filesOfAudit(trail, audit).toSorted(byFileTime);
    this.#path ??= files[0] && pathOf(files[0]);
    while (this.#path !== undefined) {
      this.#read(trail, this.#path);
      if (audit.currentFile === this.#path) return;
      this.#done.add(this.#path);
      const unread = files.map(pathOf).filter((path) => !this.#done.has(path));
      this.#path = unread.find((path) => path !== audit.currentFile) ?? unread[0];
      [this.#previous, this.#last, this.#rowsInLast] = [null, null, 0];
    }
  }

  #read(trail: AuditTrail, path: string): void {
    const from = this.#previous;
    const result = readAuditFiles(trail, {
      pattern: path,
      initialFile: from === null ? null : path,
      offset: from === null ? null : BigInt(from),
    });
    if (result.error !== undefined) throw new Error(`reading ${path} from ${from}: ${result.error}`);
    for (const { block } of result.parts) {
      if (this.#last !== null && block.offset < this.#last) continue;
      const skipped = block.offset === this.#last ? this.#rowsInLast : 0;
      if (block.offset !== this.#last) this.#previous = this.#last;
      this.#last = block.offset;
      this.#rowsInLast = block.rows.length;
      this.seen.push(
        ...block.rows
          .slice(skipped)
          .map(({ statement = "" }) => String(statement))
          .filter(Boolean),
      );
    }
  }
}

interface World {
  trail: AuditTrail;
  now: number;
  readonly appended: string[];
}

/** The audit is created, and each step is played on it. */
function play(
  steps: readonly Step[],
  audit: { readonly queueDelay: number; readonly maxFileSize: number | null; readonly maxRolloverFiles?: number },
  how: Partial<TrailBehaviour>,
  poll: (trail: AuditTrail) => void,
): World {
  const options = { name: "A", guid: "11111111-2222-3333-4444-555555555555", directory: "D:\\das\\", ...audit };
  const world: World = {
    trail: startAudit(createAudit(emptyTrail("SRV", how), options, NOW), "A", NOW),
    now: NOW,
    appended: [],
  };
  poll(world.trail);
  let directories = 0;
  for (const each of steps) {
    world.trail = advance(world.trail, world.now);
    const { trail, now } = world;
    switch (each.do) {
      case "append": {
        const rows = Array.from({ length: each.rows }, (_, index) => ({
          event_time: "2026-01-15 12:00:00.0000000",
          action_id: "SL  ",
          statement: `${world.appended.length + index}.`,
          additional_information: "x".repeat(each.length),
        }));
        world.appended.push(...rows.map(({ statement }) => statement));
        world.trail = appendRows(trail, "A", rows, now);
        break;
      }
      case "wait":
        world.now += each.milliseconds;
        break;
      case "clock back":
        world.now -= each.milliseconds;
        break;
      case "roll over":
        world.trail = rollOver(trail, "A", now);
        break;
      case "empty file":
        world.trail = openEmptyFile(trail, "A", now);
        break;
      case "off and on":
        world.trail = startAudit(stopAudit(trail, "A", now), "A", now);
        break;
      case "restart":
        world.trail = restartInstance(trail, "clean", now);
        break;
      case "move":
        directories += 1;
        world.trail = moveAudit(trail, "A", `D:\\das${directories}\\`, now);
        break;
      case "poll":
        poll(trail);
        break;
    }
  }
  world.trail = flushAudit(world.trail, "A", world.now);
  return world;
}

/** Where each row that can be read stands. */
function places(trail: AuditTrail): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of trail.files) {
    for (const block of file.blocks) {
      for (const [ordinal, { statement = "" }] of block.rows.entries()) {
        if (statement !== "") found.set(String(statement), `${file.directory}${file.name}:${block.offset}:${ordinal}`);
      }
    }
  }
  return found;
}

describe("an audit, whatever happens to it", () => {
  test("a reader that reads the last block again gets every row exactly once", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), options, behaviour, (steps, audit, how) => {
        const reader = new CarefulReader();
        const world = play(steps, audit, how, (trail) => reader.poll(trail));
        reader.poll(world.trail);
        expect(reader.seen.toSorted()).toEqual(world.appended.toSorted());
      }),
      { numRuns: 400 },
    );
  });

  test("a row never moves, and blocks stand one behind the other at multiples of a sector", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), options, behaviour, (steps, audit, how) => {
        const seen = new Map<string, string>();
        const { trail } = play(steps, audit, how, (now) => {
          for (const [statement, place] of places(now)) seen.set(statement, seen.get(statement) ?? place);
        });
        const last = places(trail);
        for (const [statement, place] of seen) expect(last.get(statement)).toBe(place);
        for (const { blocks, size } of trail.files) {
          let end = FIRST_BLOCK_OFFSET;
          for (const block of blocks) {
            expect(block.offset).toBe(end);
            expect(block.offset % 512).toBe(0);
            end = block.offset + block.size;
          }
          expect(size).toBe(end);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("no row can be read before its QUEUE_DELAY, unless the buffer was full; none stays longer", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }), (waits) => {
        let trail = startAudit(
          createAudit(emptyTrail("SRV"), { name: "A", guid: "G", directory: "/a/", queueDelay: 1000 }, NOW),
          "A",
          NOW,
        );
        const appendedAt = new Map<string, number>();
        let now = NOW;
        for (const [index, wait] of waits.entries()) {
          now += wait;
          trail = appendRows(trail, "A", [{ event_time: "", action_id: "SL  ", statement: `${index}.` }], now);
          appendedAt.set(`${index}.`, now);
          const visible = places(trail);
          for (const [statement, at] of appendedAt) {
            if (now >= at + 1000) expect(visible.has(statement)).toBe(true);
          }
          const { pendingSince, pending } = auditNamed(trail, "A");
          if (pending.length > 0) expect(now).toBeLessThan(pendingSince + 1000);
        }
      }),
    );
  });

  test("eviction takes the oldest file, one at a time, never the current one", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60, size: "max" }),
        fc.integer({ min: 0, max: 3 }),
        (steps, maxRolloverFiles) => {
          const plain = steps.filter(({ do: what }) => what !== "move" && what !== "clock back");
          const { trail } = play(plain, { queueDelay: 0, maxFileSize: 40_000, maxRolloverFiles }, {}, () => undefined);
          const audit = auditNamed(trail, "A");
          expect(findFile(trail, audit.currentFile ?? "")).toBeDefined();
          // An empty file that was opened by hand is not counted when it is opened, so one more may be left.
          const opened = plain.filter(({ do: what }) => what === "empty file").length;
          expect(trail.files.length).toBeLessThanOrEqual(maxRolloverFiles + 1 + opened);
          const times = trail.files.map(({ fileTime }) => BigInt(fileTime));
          expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));
        },
      ),
    );
  });
});
