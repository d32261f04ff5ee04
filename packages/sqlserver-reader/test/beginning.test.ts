/** Where reading begins, and when the stream is asked for it: the counterpart of the Oracle reader's. */
import { type Cursor, type Resume, type StartPosition, silentLogger, UnavailableError, utcTimeOf } from "@das/core";
import { fromTheStart, resumeAt } from "@das/reader-conformance";
import { flushAudit, rollOver } from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { SqlServerAuditSource } from "../src/audit-source.ts";
import { AUDIT_NAME } from "../src/statements.ts";
import { AuditWorld } from "./audit-world.ts";

const STATEMENT = 8;
/** Batches without a row after which nothing more is expected. */
const QUIET_BATCHES = 3;

/** Twelve statements, a second after each other, four to a file. */
function filledWorld(): AuditWorld {
  const world = new AuditWorld({
    behaviour: {},
    queueDelay: 0,
    maxRolloverFiles: 200,
    emptyFile: "no rows",
    infoPlace: "in place",
  });
  for (let n = 0; n < 12; n += 1) {
    world.now += 1_000;
    world.act(1);
    if (n % 4 === 3) world.change((trail, now) => rollOver(flushAudit(trail, AUDIT_NAME, now), AUDIT_NAME, now));
  }
  return world;
}

function sourceOf(world: AuditWorld, startAt: StartPosition = "oldest"): SqlServerAuditSource {
  return new SqlServerAuditSource({
    instanceId: "a",
    user: "das",
    audit: AUDIT_NAME,
    startAt,
    sharedWith: [],
    connect: () => world.connect(),
    clock: world.clock,
    random: () => 0.5,
    logger: silentLogger,
  });
}

/** Reads until nothing more comes. */
async function readAll(source: SqlServerAuditSource, resume: Resume, onQuiet: () => void = () => undefined) {
  const controller = new AbortController();
  const statements: string[] = [];
  const cursors: Cursor[] = [];
  let quiet = 0;
  for await (const { rows, cursor } of source.read(resume, controller.signal)) {
    cursors.push(cursor);
    statements.push(...rows.map((row) => String(row.values[STATEMENT])).filter((text) => text.startsWith("S")));
    quiet = rows.length === 0 ? quiet + 1 : 0;
    if (quiet === 1 && cursors.length > 1) onQuiet();
    if (quiet > QUIET_BATCHES) controller.abort();
  }
  return { statements, cursors };
}

describe("reading begins at a moment", () => {
  test.each([
    ["before everything", -60_000, 0],
    ["in the first file", 2_000, 1],
    ["at the first row of a file", 5_000, 4],
    ["in a later file", 6_500, 6],
    ["at the last row", 12_000, 11],
    ["after everything, and gives what comes then", 60_000, 12],
  ])("%s", async (_, after, skipped) => {
    const world = filledWorld();
    const [first] = world.activities;
    const began = Date.parse(`${first?.time.slice(0, 10)}T${first?.time.slice(11, 23)}Z`) - 1_000;
    const startAt = { time: utcTimeOf(began + after, 7) };
    const source = sourceOf(world, startAt);
    const appendOnce = () => world.activities.length === 12 && world.act(1);
    const { statements, cursors } = await readAll(source, fromTheStart, appendOnce);
    const expected = world.activities.map(({ statement }) => statement).slice(skipped);
    expect(statements).toEqual(expected);
    // The first batch says where that is, for whoever comes next.
    const [cursor] = cursors;
    const again = await readAll(sourceOf(world), resumeAt(source, cursor && { cursor }));
    expect(again.statements).toEqual(expected);
  });
});

describe("the stream is asked", () => {
  /** @param cuts after the first quiet: so many attempts to connect fail */
  async function asked(cuts: number, othersTurn = 0): Promise<number> {
    const world = filledWorld();
    const source = sourceOf(world);
    const connect = world.connect.bind(world);
    let left = 0;
    world.connect = () => {
      left -= 1;
      return left < 0 ? connect() : Promise.reject(unavailable());
    };
    let asks = 0;
    let newest: Cursor | undefined;
    const resume: Resume = (signal) => {
      asks += 1;
      return resumeAt(source, newest && { cursor: newest })(signal);
    };
    const controller = new AbortController();
    const statements: string[] = [];
    let isCut = false;
    let quiet = 0;
    for await (const { rows, cursor } of source.read(resume, controller.signal)) {
      newest = cursor;
      statements.push(...rows.map((row) => String(row.values[STATEMENT])).filter((text) => text.startsWith("S")));
      quiet = rows.length === 0 ? quiet + 1 : 0;
      if (quiet > QUIET_BATCHES && isCut) controller.abort();
      if (isCut || quiet !== 2) continue;
      isCut = true;
      left = cuts - 1;
      world.cutAfter = 0;
      world.othersTurn = othersTurn;
      world.act(3);
    }
    expect(statements).toEqual(world.activities.map(({ statement }) => statement));
    return asks;
  }

  test("once, when a connection is lost for a moment", async () => {
    expect(await asked(1)).toBe(1);
  });

  test("again, when another had the lock meanwhile, however short that was", async () => {
    expect(await asked(1, 1)).toBe(2);
  });

  test("again, when the server was not heard of for longer than it takes another to come and go", async () => {
    expect(await asked(6)).toBe(2);
  });
});

function unavailable(): UnavailableError {
  return new UnavailableError({ who: "world", what: "away", remedy: "wait", code: "database-unavailable" });
}
