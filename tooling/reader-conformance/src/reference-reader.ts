import {
  type AuditBatch,
  type AuditReader,
  type AuditSource,
  type CheckReport,
  type Clock,
  type Cursor,
  CursorError,
  eventIdentity,
  type InstanceContext,
  type InstanceDescription,
  PublishedRows,
  type Resume,
  type SqlServerEvent,
  systemClock,
  utcTimeOf,
} from "@das/core";
import type { ReferenceRow, ReferenceTrail } from "./reference-trail.ts";

/** What every test of the publisher may rely on: a reader in memory that keeps the contract, and nothing else. */
export interface ReferenceReaderOptions {
  readonly instanceId?: string;
  readonly clock?: Clock;
  /** Milliseconds. */
  readonly pollInterval?: number;
  readonly batchRows?: number;
}

const INSTANCE: InstanceDescription = {
  serverHost: "10.0.1.30",
  serverVersion: "16.00.4105.2.v1.R1",
  serviceName: "sqlserver-ee",
  databaseName: null,
};

export class ReferenceSource implements AuditSource<ReferenceRow> {
  readonly id: string;
  readonly history = "";
  readonly acknowledgements: Cursor[] = [];
  readonly #trail: ReferenceTrail;
  readonly #options: Required<ReferenceReaderOptions>;

  constructor(trail: ReferenceTrail, options: Required<ReferenceReaderOptions>) {
    this.#trail = trail;
    this.#options = options;
    this.id = `reference:${options.instanceId}:trail`;
  }

  compare(a: Cursor, b: Cursor): number {
    return positionOf(a) - positionOf(b);
  }

  marker(row: ReferenceRow): string {
    return String(row.position);
  }

  acknowledged(watermark: Cursor): void {
    this.acknowledgements.push(watermark);
  }

  async *read(resume: Resume, signal: AbortSignal): AsyncGenerator<AuditBatch<ReferenceRow>> {
    const { clock, pollInterval, batchRows } = this.#options;
    const session = {};
    let place: Place | undefined;
    try {
      while (!signal.aborted) {
        if (!this.#trail.takeLock(this.id, session)) {
          place = undefined;
          await clock.sleep(pollInterval, signal);
          continue;
        }
        if (!place) {
          const point = await resume(signal);
          if (signal.aborted) return;
          place = {
            position: point ? positionOf(point.cursor) : 0,
            published: new PublishedRows(point?.published),
          };
          if (!point) yield { rows: [], cursor: cursorOf(0), lossWindows: [], instance: INSTANCE };
          continue;
        }
        const { position } = place;
        yield this.#next(place, batchRows);
        if (place.position === position) await clock.sleep(pollInterval, signal);
      }
    } finally {
      this.#trail.releaseLock(this.id, session);
    }
  }

  #next(place: Place, count: number): AuditBatch<ReferenceRow> {
    const { purged } = this.#trail;
    const { position, published } = place;
    const lossWindows =
      position < purged
        ? [{ cause: "purged before it was read", startTime: timeOf(position), endTime: timeOf(purged) }]
        : [];
    const rows = this.#trail.slice(position, count);
    place.position = Math.max(position, purged) + rows.length;
    const fresh = rows.filter((row) => !published.meet(eventIdentity(this.id, this.marker(row), toEvent(row))));
    if (place.position === this.#trail.length) published.release();
    return {
      rows: fresh,
      cursor: cursorOf(place.position),
      lossWindows,
      instance: INSTANCE,
      ...(published.isNeeded && { resuming: true }),
    };
  }
}

interface Place {
  position: number;
  readonly published: PublishedRows;
}

export class ReferenceReader implements AuditReader<ReferenceRow> {
  readonly engine = "sqlserver";
  readonly source: ReferenceSource;

  constructor(trail: ReferenceTrail, options: ReferenceReaderOptions = {}) {
    const { instanceId = "a", clock = systemClock, pollInterval = 5, batchRows = 1_000 } = options;
    this.source = new ReferenceSource(trail, { instanceId, clock, pollInterval, batchRows });
  }

  check(): Promise<CheckReport> {
    return Promise.resolve({ findings: [] });
  }

  async *sources(signal: AbortSignal): AsyncGenerator<readonly ReferenceSource[]> {
    yield [this.source];
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }

  toEvent(row: ReferenceRow, context: InstanceContext): SqlServerEvent {
    return { ...toEvent(row), ...(context.nativeAuditFields === "include" && { engineNativeAuditFields: {} }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return;
  }
}

function cursorOf(position: number): Cursor {
  return `r${position}` as Cursor;
}

function positionOf(cursor: Cursor): number {
  const match = /^r(\d+)$/.exec(cursor);
  if (match) return Number(match[1]);
  throw new CursorError({
    who: "reference-reader",
    what: `the cursor "${cursor}" was not written by this reader`,
    remedy: "Give a cursor of its own",
    code: "cursor-unknown",
  });
}

function timeOf(position: number): string {
  return utcTimeOf(Date.UTC(2026, 0, 1) + position, 7);
}

function toEvent(row: ReferenceRow): SqlServerEvent {
  return {
    class: "TABLE",
    clientApplication: "reference",
    command: "SELECT",
    commandText: row.statement,
    databaseName: "sales",
    dbProtocol: "SQLSERVER",
    dbUserName: "app",
    endTime: null,
    errorMessage: null,
    exitCode: 1,
    logTime: timeOf(row.position),
    netProtocol: null,
    objectName: "orders",
    objectType: "TABLE",
    paramList: null,
    pid: null,
    remoteHost: "10.0.5.17",
    remotePort: null,
    rowCount: 0,
    serverHost: INSTANCE.serverHost,
    serverType: "SQLSERVER",
    serverVersion: INSTANCE.serverVersion,
    serviceName: INSTANCE.serviceName,
    sessionId: row.sessionId,
    startTime: null,
    statementId: `0x${row.position.toString(16).padStart(32, "0")}`,
    substatementId: 1,
    transactionId: "0",
    type: "record",
  };
}
