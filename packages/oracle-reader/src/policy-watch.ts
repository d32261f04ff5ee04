import type { Logger, StreamNotice, UtcTime } from "@das/core";
import type { AuditServer, PolicyState } from "./audit-server.ts";
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
const OWN_OBJECT = /^DAS_(STATE|SET_POLICY|RECORD|GUARD|IS_LOCKED|LOCK_TRG|ADVANCE|CANARY)$/;
const MANY_USES: ReadonlySet<string> = new Set(["INSERT", "UPDATE", "DELETE", "EXECUTE"]);

/** How many changes are remembered. */
const MOST_CHANGES = 200;

interface Change {
  readonly action: string;
  readonly object: string;
  readonly user: string;
  readonly time: UtcTime;
}

interface Drift {
  /** Milliseconds, monotonic. */
  readonly since: number;
  readonly noticedAt: UtcTime;
  /** undefined: not told yet. */
  readonly told: StreamNotice | undefined;
}

/** How it reads when somebody got around `das_set_policy`. */
const UNLOCKED_OTHERWISE = "table DAS_STATE no longer says locked, and das_set_policy was not executed";
const RECORDED_OTHERWISE = "table DAS_STATE holds another record, and das_set_policy was not executed";

/**
 * Notices within seconds that what was locked is not as it was recorded, and tells it on the stream, with the person and
 * the time that the trail names; and once more when it is as it was (architecture §§7, 8).
 */
export class PolicyWatch {
  readonly #sourceId: string;
  readonly #logger: Logger;
  readonly #drift = new Map<string, Drift>();
  #changes: readonly Change[] = [];
  #state: PolicyState | undefined;
  #tampering: string | undefined;
  #isDue = true;
  #lookedAt: number | undefined;
  #contentAt: number | undefined;

  constructor(sourceId: string, logger: Logger) {
    this.#sourceId = sourceId;
    this.#logger = logger;
  }

  /** Every row that was not seen before. */
  note(row: OracleRow): void {
    const action = textIn(row, "ACTION_NAME");
    if (!ACTIONS.has(action)) return;
    const object = textIn(row, "OBJECT_NAME");
    if (MANY_USES.has(action) && !OWN_OBJECT.test(object)) return;
    if (object === "DAS_CANARY" || object === "DAS_ADVANCE" || textIn(row, "RETURN_CODE") !== "0") return;
    const change = { action, object, user: textIn(row, "DBUSERNAME"), time: row.time };
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
      ...(this.#tampering === undefined ? [] : [this.#tampering]),
    ];
    return this.#settle(lines, now, time, withContent);
  }

  /** The lock and its record are changed by `das_set_policy` alone, whose execution leaves a row. */
  #noteLock(state: PolicyState | undefined): void {
    const before = this.#state;
    if (!before?.isLocked) {
      if (state?.isLocked) this.#accept();
    } else if (!state?.isLocked) this.#tampering = UNLOCKED_OTHERWISE;
    else if (state.recorded !== before.recorded) this.#tampering = RECORDED_OTHERWISE;
    // Its row may come later than what it did.
    if (this.#tampering !== undefined && this.#changes.some(isSetPolicy)) this.#accept();
  }

  #accept(): void {
    this.#tampering = undefined;
    this.#changes = this.#changes.filter((change) => !isSetPolicy(change));
  }

  #settle(lines: readonly string[], now: UtcTime, time: number, withContent: boolean): readonly StreamNotice[] {
    const notices: StreamNotice[] = [];
    for (const line of lines) {
      const known = this.#drift.get(line) ?? { since: time, noticedAt: now, told: undefined };
      const change = known.told ? undefined : this.#changes.findLast((each) => isAbout(each, line));
      const isTold = known.told !== undefined || (!change && time - known.since < PATIENCE);
      if (isTold) {
        this.#drift.set(line, known);
        continue;
      }
      const told: StreamNotice = {
        command: "POLICY DRIFT",
        cause: change ? `${line} (${change.action} by ${change.user})` : line,
        startTime: change?.time ?? known.noticedAt,
        endTime: null,
      };
      this.#drift.set(line, { ...known, told });
      this.#logger.error({ source: this.#sourceId, drift: line }, "the locked audit policy was changed");
      notices.push(told);
    }
    for (const [line, { told }] of this.#drift) {
      // A look without content does not see what only content shows.
      if (lines.includes(line) || (!withContent && this.#state?.isLocked && line.startsWith("content of "))) continue;
      this.#drift.delete(line);
      if (told) notices.push({ ...told, endTime: now });
    }
    return notices;
  }
}

function isSetPolicy({ object }: Change): boolean {
  return object === "DAS_SET_POLICY";
}

/** `audit policy APP was …` is about APP; a parameter has no object in the trail. */
function isAbout({ action, object }: Change, line: string): boolean {
  if (line.startsWith("parameter ")) return action === "ALTER SYSTEM";
  return object !== "" && ` ${line} `.includes(` ${object} `);
}

const COLUMNS = ["ACTION_NAME", "OBJECT_NAME", "RETURN_CODE", "DBUSERNAME"] as const;
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
