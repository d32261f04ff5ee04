import { systemClock } from "@das/core";
import { type ConformanceTrail, WaitingLog } from "@das/reader-conformance";
import { OracleReader, type OracleRow } from "../../src/index.ts";
import { Administrator, identifier, type Row } from "./administrator.ts";
import { ReaderOfSchema } from "./reader-of-schema.ts";
import type { RealDatabase, TestUser } from "./real-database.ts";

/** Looks at the trail before rows that do not come are an error, and milliseconds between them. */
const LOOKS = 600;
const BETWEEN_LOOKS = 100;

const TIME_FORMAT = "'YYYY-MM-DD HH24:MI:SS.FF6'";

/** A procedure that does nothing, a policy that audits its execution, and the user whose session executes it. */
export class ThrowawayTrail implements ConformanceTrail<OracleRow> {
  readonly overlaps = true;
  readonly owner: TestUser;
  readonly #database: RealDatabase;
  readonly #policy: string;
  readonly #reader: TestUser;
  readonly #waiting = new WaitingLog();
  /** Another's work is left out before this moment. */
  readonly #since: string;
  #session: Administrator | undefined;
  #markers: readonly string[] = [];
  #written = 0;
  #isDropped = false;

  private constructor(database: RealDatabase, owner: TestUser, policy: string, reader: TestUser, since: string) {
    this.#database = database;
    this.owner = owner;
    this.#policy = policy;
    this.#reader = reader;
    this.#since = since;
  }

  static async create(database: RealDatabase): Promise<ThrowawayTrail> {
    const { administrator } = database;
    const reader = await database.reader();
    const owner = await database.createUser("none");
    const procedure = `${identifier(owner.name)}.das_row`;
    await administrator.run(`CREATE OR REPLACE PROCEDURE ${procedure}(p IN VARCHAR2 DEFAULT NULL) AS BEGIN NULL; END;`);
    const policy = database.name();
    await administrator.run(`CREATE AUDIT POLICY ${identifier(policy)} ACTIONS EXECUTE ON ${procedure}`);
    await administrator.run(`AUDIT POLICY ${identifier(policy)}`);
    const [clock = {}] = await administrator.run(
      `SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), ${TIME_FORMAT}) AS now FROM dual`,
    );
    return new ThrowawayTrail(database, owner, policy, reader, String(clock.NOW));
  }

  /** The statement that leaves a row when the owner sends it; its one bind is `p`. */
  get statement(): string {
    return `BEGIN ${identifier(this.owner.name)}.das_row(:p); END;`;
  }

  openReader(): ReaderOfSchema {
    return this.openReaderAs(this.#reader);
  }

  openReaderAs({ connection }: TestUser): ReaderOfSchema {
    // What the database held before is nobody's concern here.
    const startAt = { time: `${this.#since}+00` };
    const { logger } = this.#waiting;
    const reader = new OracleReader({ connection, resourceId: "das-test", startAt, logger });
    return new ReaderOfSchema(reader, this.owner.name);
  }

  /** Another session of the reader's user has the lock meanwhile. */
  async lend(): Promise<AsyncDisposable> {
    const noticed = this.#waiting.next();
    for (let attempt = 0; attempt < LOOKS; attempt += 1) {
      await this.#database.killSessions(this.#reader);
      const server = await this.#database.connectAs(this.#reader);
      const { dbid, containerGuid } = server.instance;
      if (await server.takeLock(`oracle:${dbid}:${containerGuid}`, AbortSignal.timeout(60_000))) {
        return {
          [Symbol.asyncDispose]: async () => {
            await noticed;
            await server[Symbol.asyncDispose]();
          },
        };
      }
      await server[Symbol.asyncDispose]();
    }
    throw new Error("the reader's lock cannot be had");
  }

  async append(count: number): Promise<void> {
    await this.write(Array.from({ length: count }, (_, n) => String(this.#written + n)));
  }

  /** A row for each value, which is its bind variable; resolves when they are in the trail. */
  async write(values: readonly (string | null)[]): Promise<void> {
    this.#session ??= await Administrator.connect(this.owner.address);
    for (const p of values) await this.#session.run(this.statement, { p });
    await this.expect(values.length);
  }

  /** Resolves when so many rows more are in the trail. */
  async expect(count: number): Promise<void> {
    this.#written += count;
    for (let looks = 0; (await this.look()).length < this.#written; looks += 1) {
      if (looks >= LOOKS) throw new Error("what was audited does not appear in the trail");
      await systemClock.sleep(BETWEEN_LOOKS);
    }
  }

  /** The session is ended, and the next row is another one's. */
  async endSession(): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]();
    this.#session = undefined;
  }

  expectedMarkers(): readonly string[] {
    return this.#markers;
  }

  /** Rows as an administrator sees them through the view, in trail order. */
  async look(): Promise<readonly Row[]> {
    const rows = await this.select(
      "TO_CHAR(t.instance_id) AS instance, TO_CHAR(t.entry_id) AS entry, t.os_process AS process, t.fga_policy_name AS policy, TO_CHAR(t.sessionid) AS session_id",
    );
    this.#markers = rows.map(markerOf);
    return rows;
  }

  /** Columns of all rows, in trail order; `TIME` is there besides. */
  async select(columns: string): Promise<readonly Row[]> {
    const time = this.#database.description.columns.has("EVENT_TIMESTAMP_UTC")
      ? "t.event_timestamp_utc"
      : "t.event_timestamp";
    return this.#database.administrator.run(
      `SELECT TO_CHAR(${time}, ${TIME_FORMAT}) AS time, ${columns} FROM audsys.unified_audit_trail t
WHERE t.object_schema = :owner AND ${time} >= TO_TIMESTAMP(:since, ${TIME_FORMAT})
ORDER BY ${time}, t.sessionid, t.entry_id, t.statement_id`,
      { owner: this.owner.name, since: this.#since },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDropped) return;
    this.#isDropped = true;
    await this.endSession();
    const { administrator } = this.#database;
    await administrator.attempt(`NOAUDIT POLICY ${identifier(this.#policy)}`);
    await administrator.run(`DROP AUDIT POLICY ${identifier(this.#policy)}`);
  }
}

/** As the reader makes it, computed here once more (`src/key.ts`): for rows of one session, which numbers its entries. */
function markerOf({ INSTANCE: instance, ENTRY: entry, PROCESS: process, POLICY: policy }: Row): string {
  const isNumber = process !== null && /^(0|[1-9]\d{0,8})$/.test(process ?? "");
  const hexadecimal = (unit: string) => `%${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return [instance, entry, isNumber ? null : process, policy]
    .map((part) => (part ?? "").replace(/[^\w$.-]/g, hexadecimal))
    .join(":")
    .replace(/:+$/, "");
}
