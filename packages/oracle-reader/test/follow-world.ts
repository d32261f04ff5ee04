import {
  type Cursor,
  type EventIdentity,
  eventIdentity,
  type LossWindow,
  type StreamNotice,
  silentLogger,
} from "@das/core";
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
/** A quiet time after which everything that a reader looks for was looked for: sweeps, and comparisons with the ledger. */
const REST = 700 * SECOND;

/** What a consumer saw. */
export interface Publication {
  readonly source: string;
  readonly identity: EventIdentity;
  readonly statement: string | null;
  readonly time: string;
}

/** A watermark on the stream. */
interface Place {
  readonly id: string;
  readonly history: string;
  readonly cursor: Cursor;
  readonly ledger: string | undefined;
  /** Which publications were on the stream by then and may be behind it: those from here on. */
  readonly since: number;
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
  restart: (run: Run, { at, count }: Step) => run.restart(SITES[at % 2] ?? "", (count % 4) * 2 * SECOND),
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
  readonly notices: StreamNotice[] = [];
  readonly statements: { readonly statement: string; readonly time: string }[] = [];
  /** Statements whose rows somebody took away before they were surely read. */
  readonly taken = new Set<string>();
  readonly #running = new Map<string, Running>();
  /** Watermarks, oldest first. */
  readonly #places: Place[] = [];
  /** Until when the server has not noticed that a session is over that had the site's locks. */
  readonly #lockedUntil = new Map<string, number>();
  #twins = 0;
  /** Statements whose twins are committed later. */
  readonly #twinsToCome = new Set<string>();

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
      if (name === "B" && commitDelay > 0) this.#twinsToCome.add(statement);
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
    // While a row with an equal key is still to come, a count of keys does not tell the two apart (Oracle notes §1.4).
    if (!gone || this.#twinsToCome.has(gone.SQL_TEXT ?? "")) return;
    this.#take(gone.SQL_TEXT);
    this.change((world, now) => deleteRows(world, world.primary, this.container, (row) => row === gone, now));
  }

  failover(losesRedo: boolean): void {
    const old = this.world.primary;
    // Of a trail of which nothing is on the stream nobody can tell what it lost.
    if (!this.#places.some(({ history }) => history !== "")) {
      for (const { statement } of this.statements) this.#take(statement);
    }
    this.change((world, now) => failover(world, otherThan(old), now, { losesRedo } as never));
    this.change((world, now) => reinstate(world, old, now));
  }

  /** The publisher of a site is killed and started again; the server may notice later that its sessions are over. */
  restart(site: string, unnoticed: number): void {
    this.#lockedUntil.set(site, this.time.now + unnoticed);
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
      const takeLock = () => this.time.now >= (this.#lockedUntil.get(site) ?? 0);
      return modelServer({ world: () => this.world, now, site, container: this.container, interrupt, takeLock });
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
    /** How much of the stream the newest epoch has taken over: what is there from before it may be behind its place, too. */
    let since = 0;
    const resume = async () => {
      const place = this.#placeOf(source);
      if (!place) return undefined;
      since = this.#beginOfWhatIsNeeded(source, place);
      const { cursor, history, ledger } = place;
      return {
        cursor,
        history,
        ...(ledger !== undefined && { ledger }),
        published: this.#published(source, since, () => true),
        publishedBetween: async (from: string, to: string) =>
          this.#published(source, 0, ({ time }) => time >= from && time < to),
      };
    };
    for await (const batch of source.read(resume, signal)) {
      this.windows.push(...batch.lossWindows);
      this.notices.push(...(batch.notices ?? []));
      const first = this.publications.length;
      for (const row of batch.rows) {
        const event = toEvent(row, { ...batch.instance, nativeAuditFields: "omit" });
        const identity = eventIdentity(source.id, markerOf(row), event);
        this.publications.push({ source: source.id, identity, statement: event.commandText, time: row.time });
      }
      source.acknowledged(batch.cursor);
      if (batch.provisional) continue;
      const needed = batch.resuming ? Math.min(since, first) : first;
      const { id, history } = source;
      this.#places.push({ id, history, cursor: batch.cursor, ledger: source.ledger(), since: needed });
    }
  }

  /** The greatest place of the source's own history or, where there is none, of the others. */
  #placeOf(source: OracleAuditSource): Place | undefined {
    const places = this.#places.filter(({ id }) => id === source.id);
    const own = places.filter(({ history }) => history === source.history);
    return (own.length > 0 ? own : places).reduce<Place | undefined>(
      (greatest, place) => (greatest && source.compare(greatest.cursor, place.cursor) > 0 ? greatest : place),
      undefined,
    );
  }

  /** Everything that may be behind the place from which rows are read again is on the stream from there on. */
  #beginOfWhatIsNeeded(source: OracleAuditSource, place: Place): number {
    const from = source.rereadFrom(place.cursor);
    const passed = this.#places.filter(
      ({ id, history, cursor }) => id === source.id && history === place.history && source.compare(cursor, from) <= 0,
    );
    return Math.min(place.since, passed.at(-1)?.since ?? 0);
  }

  #published(
    source: OracleAuditSource,
    since: number,
    isMeant: (publication: Publication) => boolean,
  ): ReadonlySet<EventIdentity> {
    const own = this.publications.slice(since).filter((each) => each.source === source.id && isMeant(each));
    return new Set(own.map(({ identity }) => identity));
  }

  #take(text: string | null | undefined): void {
    if (text) this.taken.add(text);
  }

  /** The stream holds a place of the trail's present life, so that whoever resumes need not go back to the one before. */
  get hasPlaceOfPrimary(): boolean {
    const history = historyText(siteNamed(this.world, this.world.primary));
    return this.#places.some((place) => place.history === history);
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
