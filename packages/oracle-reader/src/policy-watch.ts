import type { Logger, StreamNotice, UtcTime } from "@das/core";
import type { AuditServer, PolicyState } from "./audit-server.ts";
import type { ToldDrift } from "./cursor.ts";
import { type Micros, microsOf, SECOND } from "./micros.ts";
import { HEALING, PolicyHealing } from "./policy-healing.ts";
import type { DriftLine } from "./provision/policy-record.ts";
import type { OracleRow, TrailDescription } from "./row.ts";

/** Milliseconds between looks, and where no stream was started through `das start`. */
const INTERVAL = 5_000;
const ABSENT_INTERVAL = 60_000;
/** What each policy records is asked when the trail shows a change, and so often: that may take long (Oracle notes §5.1). */
const CONTENT_INTERVAL = 3_600_000;
/** What gets to appear in the trail, so that drift is told with who did it. */
const PATIENCE = 5_000;

/** Changes of what is protected leave one of these, whatever is enabled or because DAS_LOCK is. */
const ACTIONS: ReadonlySet<string> = new Set([
  "CREATE AUDIT POLICY",
  "ALTER AUDIT POLICY",
  "DROP AUDIT POLICY",
  "AUDIT",
  "NOAUDIT",
  "CREATE TRIGGER",
  "ALTER TRIGGER",
  "DROP TRIGGER",
  "ALTER SYSTEM",
  "INSERT",
  "UPDATE",
  "DELETE",
  "EXECUTE",
  "CREATE FUNCTION",
  "CREATE PROCEDURE",
  "DROP FUNCTION",
  "DROP PROCEDURE",
]);
/** Of the last ones, these are about the audit. */
const OWN_OBJECT = /^DAS_(STATE|SET_POLICY|RECORD|GUARD|IS_LOCKED|IS_RECORDED|LOCK_TRG|ADVANCE|CANARY)$/;
/** Of all that is done with DBMS_AUDIT_MGMT, which mostly purges. */
const INTERVAL_CALL = /ALTER_PARTITION_INTERVAL/i;
const MANY_USES: ReadonlySet<string> = new Set(["INSERT", "UPDATE", "DELETE", "EXECUTE"]);

/** How long after its row is stamped a change of the lock may show. */
const SHOWN_WITHIN: Micros = 60 * SECOND;

/** How many changes are remembered. */
const MOST_CHANGES = 200;

interface Change {
  readonly action: string;
  readonly object: string;
  readonly user: string;
  readonly time: UtcTime;
}

/** Drift that is not told yet. */
interface NoticedDrift {
  /** Milliseconds, monotonic. */
  readonly since: number;
  readonly at: UtcTime;
}

/** How it reads when somebody got around `das_set_policy`. */
const UNLOCKED_OTHERWISE = "table DAS_STATE no longer says locked, and das_set_policy was not executed";
const RECORDED_OTHERWISE = "table DAS_STATE holds another record, and das_set_policy was not executed";

/**
 * Notices within seconds that what was locked is not as it was recorded, and tells it on the stream, with the person and
 * the time that the trail names; and once more when it is as it was (architecture §§7, 8). What the installed procedure
 * can put back it puts back, after it was told.
 */
export class PolicyWatch {
  readonly #sourceId: string;
  readonly #logger: Logger;
  /** By line; it travels in cursors, so that whoever resumes tells the same event. */
  readonly #told: Map<string, ToldDrift>;
  readonly #noticed = new Map<string, NoticedDrift>();
  readonly #healing: PolicyHealing;
  #changes: readonly Change[] = [];
  #state: PolicyState | undefined;
  #tampering: string | undefined;
  /** An execution of `das_set_policy` until then has shown what it did, even when its row comes later. */
  #acceptedAt = "";
  #isDue = true;
  #lookedAt: number | undefined;
  #contentAt: number | undefined;

  constructor(sourceId: string, told: Map<string, ToldDrift>, logger: Logger) {
    this.#sourceId = sourceId;
    this.#told = told;
    this.#logger = logger;
    this.#tampering = [UNLOCKED_OTHERWISE, RECORDED_OTHERWISE].find((line) => told.has(line));
    this.#healing = new PolicyHealing(sourceId, told, logger);
  }

  /**
   * Every row that was not seen before.
   * @param ownSession what the rows of the reader's connection bear as SESSIONID: what it puts back is no change
   */
  note(row: OracleRow, ownSession: string): void {
    if (textIn(row, "SESSIONID") === ownSession) return;
    const action = textIn(row, "ACTION_NAME");
    if (!ACTIONS.has(action)) return;
    const object = textIn(row, "OBJECT_NAME");
    if (MANY_USES.has(action) && !OWN_OBJECT.test(object) && !INTERVAL_CALL.test(textIn(row, "SQL_TEXT"))) return;
    if (object === "DAS_CANARY" || object === "DAS_ADVANCE" || textIn(row, "RETURN_CODE") !== "0") return;
    const change = { action, object, user: textIn(row, "DBUSERNAME"), time: row.time };
    // What is read again after a restart was before what it would explain.
    if (isSetPolicy(change) && (change.time <= this.#tamperedAt || change.time <= this.#acceptedAt)) return;
    this.#changes = [...this.#changes, change].slice(-MOST_CHANGES);
    this.#isDue = true;
  }

  /**
   * @param now by the database's clock
   * @param time milliseconds, monotonic
   */
  async look(server: AuditServer, now: UtcTime, time: number, signal: AbortSignal): Promise<readonly StreamNotice[]> {
    const interval = this.#state ? INTERVAL : ABSENT_INTERVAL;
    if (!this.#isDue && this.#lookedAt !== undefined && time - this.#lookedAt < interval) return [];
    const withContent = this.#isDue || this.#contentAt === undefined || time - this.#contentAt >= CONTENT_INTERVAL;
    this.#isDue = false;
    this.#lookedAt = time;
    const state = await server.observePolicy(withContent, signal);
    if (signal.aborted) return [];
    if (withContent) this.#contentAt = time;
    this.#noteLock(state);
    this.#state = state;
    const lines = [
      ...(state?.isLocked ? state.drift : []),
      ...(this.#tampering === undefined ? [] : [{ text: this.#tampering }]),
    ];
    const notices = this.#settle(lines, now, time, withContent);
    // What another record says is nothing to go by.
    if (!state?.isLocked || this.#tampering !== undefined) return notices;
    const { hasTried, givenUp } = await this.#healing.look(server, state, time, signal);
    // Did it help?
    if (hasTried) this.#isDue = true;
    return [...notices, ...givenUp];
  }

  /** The lock and its record are changed by `das_set_policy` alone, whose execution leaves a row. */
  #noteLock(state: PolicyState | undefined): void {
    const before = this.#state;
    if (!before?.isLocked) {
      // At the first look nobody knows what the record was before.
      const isRemembered = !before && this.#tampering === RECORDED_OTHERWISE;
      if (state?.isLocked && !isRemembered) this.#accept(state);
    } else if (!state?.isLocked) this.#tampering = UNLOCKED_OTHERWISE;
    else if (state.recorded !== before.recorded) this.#tampering = RECORDED_OTHERWISE;
    // Its row may come later than what it did.
    if (this.#tampering !== undefined && this.#changes.some(isSetPolicy)) this.#accept(state);
    // One that changed nothing does not excuse whoever changes something later.
    const outdated = state ? microsOf(state.at) - SHOWN_WITHIN : Number.NEGATIVE_INFINITY;
    this.#changes = this.#changes.filter((change) => !isSetPolicy(change) || microsOf(change.time) > outdated);
  }

  get #tamperedAt(): string {
    return (this.#tampering !== undefined && this.#told.get(this.#tampering)?.startTime) || "";
  }

  #accept(state: PolicyState | undefined): void {
    this.#tampering = undefined;
    if (state) this.#acceptedAt = state.at;
    this.#changes = this.#changes.filter((change) => !isSetPolicy(change));
  }

  #settle(lines: readonly DriftLine[], now: UtcTime, time: number, withContent: boolean): readonly StreamNotice[] {
    const notices: StreamNotice[] = [];
    for (const { text } of lines) {
      if (this.#told.has(text)) continue;
      const noticed = this.#noticed.get(text) ?? { since: time, at: now };
      const change = this.#changes.findLast((each) => isAbout(each, text));
      this.#noticed.set(text, noticed);
      if (!change && time - noticed.since < PATIENCE) continue;
      const cause = change ? `${text} (${change.action} by ${change.user})` : text;
      const startTime = change?.time ?? noticed.at;
      this.#told.set(text, { line: text, cause, startTime, attempts: 0, isHealed: false });
      this.#logger.error({ source: this.#sourceId, drift: text }, "the locked audit policy was changed");
      notices.push({ command: "POLICY DRIFT", cause, startTime, endTime: null });
    }
    const isOver = (line: string) =>
      !lines.some(({ text }) => text === line) &&
      // A look without content does not see what only content shows.
      (withContent || !this.#state?.isLocked || !CONTENT_LINE.test(line));
    for (const line of this.#noticed.keys()) if (isOver(line)) this.#noticed.delete(line);
    for (const [line, { cause, startTime, isHealed }] of this.#told) {
      if (!isOver(line)) continue;
      this.#told.delete(line);
      notices.push({ command: "POLICY DRIFT", cause, startTime, endTime: now });
      // Unlocked, nothing is compared.
      if (!isHealed || !this.#state?.isLocked) continue;
      const restored = `restored by ${HEALING}: ${cause}`;
      this.#logger.warn({ source: this.#sourceId, drift: line }, "the locked audit policy was put back");
      notices.push({ command: "POLICY DRIFT", cause: restored, startTime, endTime: now });
    }
    return notices;
  }
}

function isSetPolicy({ object }: Change): boolean {
  return object === "DAS_SET_POLICY";
}

/** Only a look at content and at Database Vault shows it. */
const CONTENT_LINE = /^(content of|Database Vault) /;

/** `audit policy APP was …` is about APP; a parameter has no object in the trail. */
function isAbout({ action, object }: Change, line: string): boolean {
  if (line.startsWith("parameter PARTITION")) return object === "DBMS_AUDIT_MGMT";
  if (line.startsWith("parameter ")) return action === "ALTER SYSTEM";
  return object !== "" && ` ${line} `.includes(` ${object} `);
}

const COLUMNS = ["ACTION_NAME", "OBJECT_NAME", "RETURN_CODE", "DBUSERNAME", "SESSIONID", "SQL_TEXT"] as const;
type Column = (typeof COLUMNS)[number];

const columnIndexes = new WeakMap<TrailDescription, ReadonlyMap<Column, number>>();

function textIn({ trail, values }: OracleRow, name: Column): string {
  let indexes = columnIndexes.get(trail);
  if (!indexes) {
    indexes = new Map(COLUMNS.map((each) => [each, trail.columns.findIndex((column) => column.name === each)]));
    columnIndexes.set(trail, indexes);
  }
  return values[indexes.get(name) ?? -1] ?? "";
}
