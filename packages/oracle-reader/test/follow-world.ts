import { type Cursor, type EventIdentity, eventIdentity, type LossWindow, silentLogger } from "@das/core";
import {
  advance,
  audit,
  cleanAuditTrail,
  createWorld,
  deleteRows,
  failover,
  historyText,
  loadFiles,
  reinstate,
  rootOf,
  rowsOf,
  setLastArchiveTimestamp,
  setReplicationLag,
  siteNamed,
  switchover,
  timestampText,
  type World,
} from "@das/oracle-emulator";
import { OracleAuditSource } from "../src/audit-source.ts";
import { formatCursor, parseCursor } from "../src/cursor.ts";
import { markerOf } from "../src/key.ts";
import { toEvent } from "../src/map-event.ts";
import { microsOf } from "../src/micros.ts";
import { modelServer, unavailable } from "./model-server.ts";
import { VirtualTime } from "./virtual-time.ts";

/** One thing that happens while time passes. */
export interface Step {
  readonly kind: keyof typeof HAPPENINGS;
  readonly at: number;
  readonly count: number;
  /** Seconds that pass before the next one. */
  readonly pause: number;
}

const START = Date.UTC(2026, 10, 22, 12);
const SITES = ["ORCL_A", "ORCL_B"] as const;
const SECOND = 1_000;
const LATE_WINDOW_SECONDS = 60;
/** A quiet time after which everything that a reader looks for was looked for: sweeps, and comparisons with the ledger. */
const REST = 700 * SECOND;

/** What a consumer saw. */
export interface Publication {
  readonly identity: EventIdentity;
  readonly statement: string | null;
  readonly time: string;
}

interface Running {
  readonly source: OracleAuditSource;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

const HAPPENINGS = {
  act: (run: Run, { at, count }: Step) => run.act(count, { session: at % 3 }),
  late: (run: Run, { at, count }: Step) => run.act(1 + (count % 3), { session: at % 3, commitDelay: count * 2_500 }),
  twins: (run: Run, { count }: Step) => run.twins(count % 2 === 0 ? 0 : 3_000),
  spill: (run: Run, { count }: Step) => run.act(count, { session: 1, spills: true }),
  standby: (run: Run, { count }: Step) => run.actOnStandby(count),
  cut: (run: Run, { at, count }: Step) => {
    run.cutAfter.set(SITES[at % 2] ?? "", count);
  },
  restart: (run: Run, { at }: Step) => run.restart(SITES[at % 2] ?? ""),
  load: (run: Run) => run.change((world, now) => loadFiles(world, world.primary, run.container, now)),
  purge: (run: Run, { count }: Step) => run.purge(count * 30 * SECOND),
  vanish: (run: Run, { at }: Step) => run.vanish(at),
  lag: (run: Run, { count }: Step) =>
    run.change((world, now) => setReplicationLag(world, otherThan(world.primary), count * SECOND, now)),
  switchover: (run: Run) => run.change((world, now) => switchover(world, otherThan(world.primary), now)),
  failover: (run: Run, { at }: Step) => run.failover(at % 2 === 0),
} as const;

/** What this run audited, and not what the database audits by itself. */
export function isActivity(statement: string): boolean {
  return /^[SAB]\d+$/.test(statement);
}

function otherThan(site: string): string {
  return SITES.find((name) => name !== site) ?? "";
}

/** A primary, a standby, a publisher beside each, and what reaches the stream. */
export class Run {
  world: World;
  readonly time = new VirtualTime(START);
  readonly container: string;
  readonly cutAfter = new Map<string, number>();
  readonly publications: Publication[] = [];
  readonly windows: LossWindow[] = [];
  readonly statements: { readonly statement: string; readonly time: string }[] = [];
  /** Statements whose rows somebody took away before they were surely read. */
  readonly taken = new Set<string>();
  /** Something happened after which a row may come twice. */
  mayRepeat = false;
  readonly #running = new Map<string, Running>();
  readonly #places = new Map<string, { cursor: Cursor; ledger: string | undefined }>();
  #twins = 0;

  constructor() {
    this.world = createWorld(
      { release: "19c", primary: { uniqueName: "ORCL_A" }, standbys: [{ uniqueName: "ORCL_B" }] },
      START,
    );
    this.container = rootOf(siteNamed(this.world, "ORCL_A")).guid;
  }

  change(transition: (world: World, now: number) => World): void {
    this.world = advance(transition(this.world, this.time.now), this.time.now);
  }

  act(
    count: number,
    options: { readonly session: number; readonly commitDelay?: number; readonly spills?: boolean },
    site = this.world.primary,
  ): void {
    for (let n = 0; n < count; n += 1) {
      this.time.now += 1;
      const statement = `S${this.statements.length}`;
      this.statements.push({ statement, time: `${timestampText(this.time.now)}+00` });
      const row = {
        SESSIONID: String(101 + options.session),
        SQL_TEXT: statement,
        ACTION_NAME: "SELECT",
        OS_PROCESS: "7",
      };
      const { commitDelay = 0, spills = false } = options;
      this.change((world, now) =>
        audit(world, site, this.container, [row], now, { commitDelay, refusedByTable: spills }),
      );
    }
  }

  actOnStandby(count: number): void {
    this.act(count, { session: 2 }, otherThan(this.world.primary));
  }

  /** Two rows that nothing but their text tells apart; the second may be committed later. */
  twins(commitDelay: number): void {
    this.#twins += 1;
    const key = {
      SESSIONID: "999",
      ENTRY_ID: String(this.#twins),
      STATEMENT_ID: "1",
      ACTION_NAME: "SELECT",
      OS_PROCESS: "8",
    };
    const time = timestampText(this.time.now);
    // The late one sorts before the other.
    for (const [name, delay] of [
      ["B", 0],
      ["A", commitDelay],
    ] as const) {
      const statement = `${name}${this.statements.length}`;
      this.statements.push({ statement, time: `${time}+00` });
      const row = { ...key, EVENT_TIMESTAMP_UTC: time, SQL_TEXT: statement };
      this.change((world, now) => audit(world, world.primary, this.container, [row], now, { commitDelay: delay }));
    }
  }

  purge(age: number): void {
    const until = timestampText(this.time.now - age);
    for (const row of rowsOf(siteNamed(this.world, this.world.primary), this.container, "table")) {
      if (row.EVENT_TIMESTAMP_UTC < until) this.#take(row.SQL_TEXT);
    }
    this.change((world, now) => {
      const set = setLastArchiveTimestamp(world, world.primary, this.container, until, now);
      return cleanAuditTrail(set, world.primary, this.container, now, {
        useLastArchiveTimestamp: true,
        branches: ["table"],
      });
    });
  }

  vanish(at: number): void {
    const rows = [...rowsOf(siteNamed(this.world, this.world.primary), this.container, "table")];
    const gone = rows[at % Math.max(1, rows.length)];
    if (!gone) return;
    this.#take(gone.SQL_TEXT);
    this.change((world, now) => deleteRows(world, world.primary, this.container, (row) => row === gone, now));
  }

  failover(losesRedo: boolean): void {
    this.mayRepeat = true;
    const old = this.world.primary;
    for (const row of rowsOf(siteNamed(this.world, old), this.container, "table")) this.#take(row.SQL_TEXT);
    for (const { row } of siteNamed(this.world, old).pending) this.#take(row.SQL_TEXT);
    this.change((world, now) => failover(world, otherThan(old), now, { losesRedo } as never));
    this.change((world, now) => reinstate(world, old, now));
  }

  /** The publisher of a site is killed and started again. */
  restart(site: string): void {
    this.mayRepeat = true;
    for (const [id, { controller }] of this.#running) {
      if (!id.startsWith(site)) continue;
      controller.abort();
      this.#running.delete(id);
    }
  }

  async follow(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      HAPPENINGS[step.kind](this, step);
      await this.#pass(step.pause * SECOND);
    }
    this.cutAfter.clear();
    await this.#pass(REST);
    for (const { controller } of this.#running.values()) controller.abort();
    const all = [...this.#running.values()].map(({ ended }) => ended);
    await this.#pass(SECOND);
    await Promise.all(all);
  }

  async #pass(milliseconds: number): Promise<void> {
    const until = this.time.now + milliseconds;
    while (this.time.now < until) {
      this.change((world) => world);
      this.#startSources();
      await this.time.step(until);
    }
  }

  /** What each publisher owns by its site's role: the table with the site's history, and its own files. */
  #startSources(): void {
    const wanted = new Map<string, () => OracleAuditSource>();
    for (const name of SITES) {
      const site = siteNamed(this.world, name);
      if (!site.openMode.startsWith("READ")) continue;
      const trail = `oracle:${this.world.dbid}:${this.container}`;
      wanted.set(`${name} files`, () => this.#sourceOf(name, `${trail}#${name.toLowerCase()}`, "files", ""));
      if (site.role !== "PRIMARY") continue;
      const history = historyText(site);
      wanted.set(`${name} table ${history}`, () => this.#sourceOf(name, trail, "table", history));
    }
    for (const [id, { controller }] of this.#running) {
      if (wanted.has(id)) continue;
      controller.abort();
      this.#running.delete(id);
    }
    for (const [id, make] of wanted) if (!this.#running.has(id)) this.#run(id, make());
  }

  #sourceOf(site: string, id: string, branch: "table" | "files", history: string): OracleAuditSource {
    const { clock } = this.time;
    const interrupt = () => {
      const left = this.cutAfter.get(site);
      if (left === undefined) return;
      if (left > 0) {
        this.cutAfter.set(site, left - 1);
        return;
      }
      this.cutAfter.delete(site);
      throw unavailable(site);
    };
    const connect = async () => {
      interrupt();
      const now = () => this.time.now;
      return modelServer({ world: () => this.world, now, site, container: this.container, interrupt });
    };
    return new OracleAuditSource({
      id,
      branch,
      history,
      connect,
      startAt: "oldest",
      clock,
      random: () => 0.5,
      logger: silentLogger,
    });
  }

  #run(id: string, source: OracleAuditSource): void {
    const controller = new AbortController();
    this.#running.set(id, { source, controller, ended: this.#publish(source, controller.signal) });
  }

  async #publish(source: OracleAuditSource, signal: AbortSignal): Promise<void> {
    const place = this.#places.get(`${source.id} ${source.history}`) ?? this.#placeOfOther(source);
    const published = new Set(this.publications.map(({ identity }) => identity));
    const point = place && {
      cursor: place.cursor,
      history: source.history,
      ...(place.ledger !== undefined && { ledger: place.ledger }),
      published,
      publishedBetween: async () => new Set(this.publications.map(({ identity }) => identity)),
    };
    for await (const batch of source.read(async () => point, signal)) {
      this.windows.push(...batch.lossWindows);
      for (const row of batch.rows) {
        const event = toEvent(row, { ...batch.instance, nativeAuditFields: "omit" });
        const identity = eventIdentity(source.id, markerOf(row), event);
        this.publications.push({ identity, statement: event.commandText, time: row.time });
      }
      source.acknowledged(batch.cursor);
      this.#places.set(`${source.id} ${source.history}`, { cursor: batch.cursor, ledger: source.ledger() });
    }
  }

  /** Nothing of this history is on the stream: the greatest place of the others, but not later than its beginning. */
  #placeOfOther(source: OracleAuditSource): { cursor: Cursor; ledger: string | undefined } | undefined {
    const others = [...this.#places].filter(([key]) => key.startsWith(`${source.id} `));
    const [greatest] = others.map(([, place]) => place).toSorted((a, b) => source.compare(b.cursor, a.cursor));
    if (!greatest) return undefined;
    this.mayRepeat = true;
    const { position, losses } = parseCursor(greatest.cursor);
    const began = this.time.now * 1_000 - LATE_WINDOW_SECONDS * 1_000_000;
    const cursor = formatCursor({ position: { ...position, low: Math.min(position.low, began) }, losses });
    return { cursor, ledger: greatest.ledger };
  }

  #take(text: string | null | undefined): void {
    if (text) this.taken.add(text);
  }

  /** What the trails still hold: on the primary the table, everywhere the files. */
  held(): readonly string[] {
    const primary = siteNamed(this.world, this.world.primary);
    const rows = [...rowsOf(primary, this.container, "table")];
    for (const name of SITES) rows.push(...rowsOf(siteNamed(this.world, name), this.container, "files"));
    return rows.map((row) => row.SQL_TEXT ?? "").filter(isActivity);
  }

  isCovered(time: string): boolean {
    const at = microsOf(time);
    return this.windows.some(
      ({ startTime, endTime }) => microsOf(startTime) <= at && (endTime === null || at <= microsOf(endTime)),
    );
  }
}
