/** Where reading begins, and when the stream is asked for it: the counterpart of the SQL Server reader's. */
import {
  type AuditBatch,
  type Cursor,
  type EventIdentity,
  eventIdentity,
  type Resume,
  type ResumePoint,
  type StartPosition,
  silentLogger,
} from "@das/core";
import {
  advance,
  audit,
  createWorld,
  deleteRows,
  failover,
  historyText,
  rootOf,
  siteNamed,
  switchover,
  timestampText,
  type World,
} from "@das/oracle-emulator";
import { fromTheStart, resumeAt } from "@das/reader-conformance";
import { describe, expect, test } from "vitest";
import { OracleAuditSource } from "../src/audit-source.ts";
import { formatCursor, parseCursor } from "../src/cursor.ts";
import { markerOf } from "../src/key.ts";
import { toEvent } from "../src/map-event.ts";
import { microsOf, utcTimeOfMicros } from "../src/micros.ts";
import type { OracleRow } from "../src/row.ts";
import { modelServer, unavailable } from "./model-server.ts";
import { VirtualTime } from "./virtual-time.ts";

const START = Date.UTC(2026, 10, 22, 12);
const PRIMARY = "ORCL_A";
const STANDBY = "ORCL_B";
/** Batches without a row after which nothing more is expected. */
const QUIET_BATCHES = 3;

type Batch = AuditBatch<OracleRow>;

/** A primary and its standby, and the readers of their tables. */
class Databases {
  world: World;
  readonly time = new VirtualTime(START);
  readonly container: string;
  readonly statements: string[] = [];
  /** So many attempts to connect fail. */
  away = 0;
  /** So many attempts to take the lock find that another has it. */
  othersTurn = 0;
  /** So many batches are under way to the stream. */
  acknowledgesAfter = 0;
  #isCut = false;

  constructor() {
    this.world = createWorld(
      { release: "19c", primary: { uniqueName: PRIMARY }, standbys: [{ uniqueName: STANDBY }] },
      START,
    );
    this.container = rootOf(siteNamed(this.world, PRIMARY)).guid;
  }

  change(transition: (world: World, now: number) => World): void {
    this.world = advance(transition(this.world, this.time.now), this.time.now);
  }

  /** @param key what the row has in common with another one */
  act(statement = `S${this.statements.length}`, key = {}, at = this.time.now, commitDelay = 0): void {
    this.statements.push(statement);
    const row = { SESSIONID: "101", OS_PROCESS: "7", ACTION_NAME: "SELECT", SQL_TEXT: statement, ...key };
    const stamped = { ...row, EVENT_TIMESTAMP_UTC: timestampText(at) };
    this.change((world, now) => audit(world, world.primary, this.container, [stamped], now, { commitDelay }));
  }

  cut(): void {
    this.#isCut = true;
  }

  sourceOf(site: string, startAt: StartPosition = "oldest"): OracleAuditSource {
    const interrupt = () => {
      if (!this.#isCut) return;
      this.#isCut = false;
      throw unavailable(site);
    };
    return new OracleAuditSource({
      id: `oracle:${this.world.dbid}:${this.container}`,
      branch: "table",
      history: historyText(siteNamed(this.world, site)),
      connect: async () => {
        this.away -= 1;
        if (this.away >= 0) throw unavailable(site);
        const takeLock = () => {
          this.othersTurn -= 1;
          return this.othersTurn < 0;
        };
        const now = () => this.time.now;
        return modelServer({ world: () => this.world, now, site, container: this.container, interrupt, takeLock });
      },
      startAt,
      clock: this.time.clock,
      random: () => 0.5,
      logger: silentLogger,
    });
  }

  /** Reads until the callback says so; time passes while the reader sleeps. */
  async read(source: OracleAuditSource, resume: Resume, isDone: (batch: Batch) => boolean): Promise<void> {
    const controller = new AbortController();
    const given: Cursor[] = [];
    let isReading = true;
    const reading = (async () => {
      for await (const batch of source.read(resume, controller.signal)) {
        given.push(batch.cursor);
        const acknowledged = given.at(-1 - this.acknowledgesAfter);
        if (acknowledged !== undefined) source.acknowledged(acknowledged);
        if (isDone(batch)) controller.abort();
      }
    })().finally(() => {
      isReading = false;
    });
    while (isReading) {
      await this.time.step(this.time.now + 3_600_000);
      this.change((world) => world);
    }
    await reading;
  }

  /** Reads until nothing more comes. */
  async readAll(source: OracleAuditSource, resume: Resume, onQuiet: (quiet: number) => void = () => undefined) {
    const rows: OracleRow[] = [];
    const batches: Batch[] = [];
    let quiet = 0;
    await this.read(source, resume, (batch) => {
      batches.push(batch);
      rows.push(...batch.rows);
      quiet = batch.rows.length === 0 ? quiet + 1 : 0;
      if (batches.length > 1 && quiet > 0) onQuiet(quiet);
      return quiet > QUIET_BATCHES;
    });
    return { statements: rows.map(statementOf).filter((text) => /^[A-Z]\d+$/.test(text)), rows, batches };
  }
}

function statementOf({ trail, values }: OracleRow): string {
  return values[trail.columns.findIndex(({ name }) => name === "SQL_TEXT")] ?? "";
}

function identitiesOf(source: OracleAuditSource, { rows, instance }: Batch): readonly EventIdentity[] {
  const context = { ...instance, nativeAuditFields: "omit" } as const;
  return rows.map((row) => eventIdentity(source.id, markerOf(row), toEvent(row, context)));
}

/** Twelve statements, a second after each other. */
function filled(): Databases {
  const databases = new Databases();
  for (let n = 0; n < 12; n += 1) {
    databases.time.now += 1_000;
    databases.act();
  }
  databases.time.now += 500;
  return databases;
}

describe("reading begins at a moment", () => {
  test.each([
    ["before everything", -60_000, 0],
    ["between two rows", 2_500, 2],
    ["at a row", 5_000, 4],
    ["at the last row", 12_000, 11],
    ["now, when it is said to be in the future", 3_600_000, 12],
  ])("%s", async (_, after, skipped) => {
    const databases = filled();
    const startAt = { time: utcTimeOfMicros((START + after) * 1_000) };
    const source = databases.sourceOf(PRIMARY, startAt);
    const { statements, batches } = await databases.readAll(source, fromTheStart, () => {
      if (databases.statements.length === 12) databases.act();
    });
    expect(statements).toEqual(databases.statements.slice(skipped));
    expect(batches[0]?.rows).toEqual([]);
  });
});

describe("the stream is asked", () => {
  async function asked(away: number, othersTurn = 0): Promise<number> {
    const databases = filled();
    const source = databases.sourceOf(PRIMARY);
    const published = new Set<EventIdentity>();
    let newest: Cursor | undefined;
    let asks = 0;
    let isCut = false;
    const resume: Resume = (signal) => {
      asks += 1;
      return resumeAt(source, newest && { cursor: newest, published: new Set(published) })(signal);
    };
    const statements: string[] = [];
    let quiet = 0;
    await databases.read(source, resume, (batch) => {
      newest = batch.cursor;
      for (const identity of identitiesOf(source, batch)) published.add(identity);
      statements.push(...batch.rows.map(statementOf).filter((text) => text.startsWith("S")));
      quiet = batch.rows.length === 0 ? quiet + 1 : 0;
      if (!isCut && quiet === 3) {
        isCut = true;
        databases.cut();
        databases.away = away;
        databases.othersTurn = othersTurn;
        databases.act();
      }
      return isCut && quiet > QUIET_BATCHES;
    });
    expect(statements).toEqual(databases.statements);
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

describe("a place of another history", () => {
  /** Everything that a reader of the primary gave out, as the stream holds it. */
  async function published(databases: Databases, until = 12): Promise<ResumePoint> {
    const source = databases.sourceOf(PRIMARY);
    const identities = new Map<EventIdentity, string>();
    const { batches } = await databases.readAll(source, fromTheStart);
    for (const batch of batches) {
      for (const [index, identity] of identitiesOf(source, batch).entries()) {
        if (identities.size < until) identities.set(identity, batch.rows[index]?.time ?? "");
      }
    }
    const ledger = source.ledger();
    return {
      cursor: batches.at(-1)?.cursor as Cursor,
      history: source.history,
      ...(ledger !== undefined && { ledger }),
      published: new Set(),
      publishedBetween: async (from, to) =>
        new Set([...identities].filter(([, time]) => time >= from && time < to).map(([identity]) => identity)),
    };
  }

  const failOver = (databases: Databases, losesRedo: boolean) =>
    databases.change((world, now) => failover(world, STANDBY, now, { losesRedo, oldPrimary: "open" }));

  test("is not published on before this trail was compared with what was published", async () => {
    const databases = filled();
    const place = await published(databases);
    failOver(databases, false);
    databases.act();
    const source = databases.sourceOf(STANDBY);
    const { statements, batches } = await databases.readAll(source, async () => place);
    const isProvisional = batches.map(({ provisional = false }) => provisional);
    expect(isProvisional).toEqual(isProvisional.toSorted().toReversed());
    expect(new Set(isProvisional)).toEqual(new Set([true, false]));
    expect(statements.at(-1)).toBe("S12");
  });

  test("may lack what a failover lost, which a switchover does not do", async () => {
    const failedOver = filled();
    const place = await published(failedOver);
    failOver(failedOver, true);
    const began = failedOver.time.now;
    failedOver.time.now += 5_000;
    const source = failedOver.sourceOf(STANDBY);
    const windowsOf = (batches: readonly Batch[]) => batches.flatMap(({ lossWindows }) => lossWindows);
    const windows = windowsOf((await failedOver.readAll(source, async () => place)).batches);
    expect(windows).toMatchObject([{ cause: "a failover may have lost redo" }]);
    const [{ startTime = "", endTime } = {}] = windows;
    // Rows are committed up to a minute after the time that they bear.
    expect(microsOf(startTime)).toBe(parseCursor(place.cursor).position.low - 60_000_000);
    // The database remembers the moment to three seconds, and nothing may lie behind the window.
    const late = microsOf(endTime ?? "") - began * 1_000;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThanOrEqual(3_000_000);
    // Who comes before a watermark of the new history is on the stream finds the same window.
    const again = await failedOver.readAll(failedOver.sourceOf(STANDBY), async () => place);
    expect(windowsOf(again.batches)).toEqual(windows);

    const switchedOver = filled();
    const other = await published(switchedOver);
    switchedOver.change((world, now) => switchover(world, STANDBY, now));
    const { batches } = await switchedOver.readAll(switchedOver.sourceOf(STANDBY), async () => other);
    expect(windowsOf(batches)).toEqual([]);
  });

  test("is compared on a busy trail, too, where something is always under way to the stream", async () => {
    const databases = filled();
    const place = await published(databases);
    failOver(databases, false);
    // What was published is not near what is under way.
    databases.time.now += 200_000;
    databases.acknowledgesAfter = 5;
    let batches = 0;
    let isProvisional: boolean | undefined;
    const resume: Resume = async () => place;
    await databases.read(databases.sourceOf(STANDBY), resume, ({ provisional = false }) => {
      databases.act();
      batches += 1;
      isProvisional = provisional;
      return !provisional || batches > 200;
    });
    expect(isProvisional).toBe(false);
  });

  test("goes back to when the own history began, where the old primary went on", async () => {
    const databases = filled();
    failOver(databases, false);
    const began = databases.time.now;
    databases.act("N1");
    const place = await published(databases);
    // The old primary's reader was a minute and a half further when this one begins.
    databases.time.now += 90_000;
    const { position, losses } = parseCursor(place.cursor);
    const cursor = formatCursor({ position: { ...position, low: databases.time.now * 1_000 }, losses });
    const source = databases.sourceOf(STANDBY);
    const { statements, batches } = await databases.readAll(source, async () => ({ ...place, cursor }));
    expect(statements).toEqual(["N1"]);
    expect(parseCursor(batches[0]?.cursor as Cursor).position.low).toBeGreaterThanOrEqual(began * 1_000 - 8_000);
  });
});

describe("a row that nothing but its text tells from another one", () => {
  test("is given out though the other one is gone by then", async () => {
    const databases = filled();
    const key = { SESSIONID: "999", ENTRY_ID: "1", STATEMENT_ID: "1" };
    const at = databases.time.now;
    databases.act("B1", key, at);
    databases.act("A1", key, at, 500);
    const { statements, rows } = await databases.readAll(databases.sourceOf(PRIMARY), fromTheStart, (quiet) => {
      if (quiet !== 1) return;
      databases.change((world, now) =>
        deleteRows(world, PRIMARY, databases.container, ({ SQL_TEXT }) => SQL_TEXT === "B1", now),
      );
    });
    expect(statements.slice(-2)).toEqual(["B1", "A1"]);
    expect(new Set(rows.slice(-2).map(markerOf)).size).toBe(2);
  });
});

test("a place is read again from before the rows that may come late", () => {
  const source = new Databases().sourceOf(PRIMARY);
  const cursor = `1:3:${(START + 125_500) * 1_000}:17` as Cursor;
  const from = source.rereadFrom(cursor);
  expect(parseCursor(from).position).toEqual({ turn: 3, low: microsOf("2026-11-22 12:01:00.000000+00"), batch: 0 });
  expect(source.compare(from, cursor)).toBeLessThan(0);
  expect(() => source.rereadFrom("x" as Cursor)).toThrow("was not written by this reader");
});
