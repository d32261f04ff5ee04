import { type AuditBatch, silentLogger } from "@das/core";
import {
  appendRows,
  auditNamed,
  filesOfAudit,
  rowCount,
  type SqlServerEmulator,
  startSqlServerEmulator,
  type TrailBehaviour,
} from "@das/sqlserver-emulator";
import { AUDIT_NAME, SqlServerReader, type SqlServerRow } from "@das/sqlserver-reader";
import { fillFile, MIX_SEED, MIX_VERSION, mixWorkload } from "../mix/event-mix.ts";
import type { CaseLine } from "../report/case-line.ts";
import { CountingProxy } from "../wire/counting-proxy.ts";
import type { Case } from "./case.ts";
import { fastClock } from "./fast-clock.ts";

const MEGABYTE = 1_000_000;
/** Megabytes. */
const SMALL_FILE = 1;
const LARGE_FILE = 50;
const NEW_ROWS = 10;

/** A poll of a large file over one of a small file: the same, but for what encoding may differ in. */
const BAR = 1.05;

/** Rows that end each file, the same ones, so that both files have the same last blocks. */
const TAIL_ROWS = 400;
const TAIL_SEED = MIX_SEED + 1;
const TAIL_BEGIN = Date.UTC(2026, 0, 6, 8);
/** More than the tail takes. */
const TAIL_BYTES = 0.6 * MEGABYTE;

const IDLE_POLLS = 10;
/** Polls before anything is counted: what a reader does only once after it has caught up is no poll's cost. */
const SETTLING_POLLS = 3;
/** The reader stretches its interval to a second when nothing comes. */
const CLOCK_FACTOR = 10;

/** What some polls took. */
interface Cost {
  readonly polls: number;
  readonly rows: number;
  readonly bytes: number;
  readonly statements: number;
  readonly roundTrips: number;
}

interface FileCost {
  readonly idle: Cost;
  readonly withNewRows: Cost;
  readonly fileBytes: number;
  readonly fileRows: number;
  readonly rowsInLastBlock: number;
}

/** Nobody knows yet which of them a real server follows (SQL Server notes §10). */
type Offset = TrailBehaviour["offset"];
const OFFSETS: readonly Offset[] = ["exclusive", "inclusive"];

/** What a poll takes, by how large the file is that it looks at. */
export const pollCost: Case = async () => {
  const lines: CaseLine[] = [];
  for (const offset of OFFSETS) {
    const small = await costsOf(SMALL_FILE, offset);
    const large = await costsOf(LARGE_FILE, offset);
    lines.push(lineOf(offset, SMALL_FILE, small), lineOf(offset, LARGE_FILE, large), ratioLine(offset, small, large));
  }
  return lines;
};

const MEASURES =
  "a reader that has caught up with an audit file, per poll: rows and statements that the server counted (of every " +
  "statement that the reader sends, rows of catalog views included), bytes of both directions and round trips at a " +
  `TCP proxy (TLS inside); an idle poll is the mean of ${IDLE_POLLS}; with new rows: all polls from when ` +
  `${NEW_ROWS} rows were appended until the reader had given them out; what the server itself reads from its file for ` +
  "that is not in it (whether a real one seeks to the offset is not known)";

function lineOf(offset: Offset, megabytes: number, cost: FileCost): CaseLine {
  const { idle, withNewRows, ...file } = cost;
  return {
    case: "poll-cost",
    measures: MEASURES,
    parameters: { ...parametersOf(offset), fileMegabytes: megabytes },
    figures: {
      ...file,
      idleRows: idle.rows / idle.polls,
      idleBytes: idle.bytes / idle.polls,
      idleStatements: idle.statements / idle.polls,
      idleRoundTrips: idle.roundTrips / idle.polls,
      pollsUntilNewRows: withNewRows.polls,
      newRowsRows: withNewRows.rows,
      newRowsBytes: withNewRows.bytes,
      newRowsStatements: withNewRows.statements,
      newRowsRoundTrips: withNewRows.roundTrips,
    },
  };
}

function ratioLine(offset: Offset, small: FileCost, large: FileCost): CaseLine {
  return {
    case: "poll-cost",
    measures: `${LARGE_FILE} MB : ${SMALL_FILE} MB, of the figures of the same name above`,
    parameters: parametersOf(offset),
    figures: {
      idleRowsRatio: large.idle.rows / large.idle.polls / (small.idle.rows / small.idle.polls),
      idleBytesRatio: large.idle.bytes / large.idle.polls / (small.idle.bytes / small.idle.polls),
      newRowsRowsRatio: large.withNewRows.rows / small.withNewRows.rows,
      newRowsBytesRatio: large.withNewRows.bytes / small.withNewRows.bytes,
    },
    bar: { idleRowsRatio: BAR, idleBytesRatio: BAR, newRowsRowsRatio: BAR, newRowsBytesRatio: BAR },
  };
}

function parametersOf(offset: Offset) {
  return { offset, newRows: NEW_ROWS, version: MIX_VERSION, seed: MIX_SEED, tls: true };
}

async function costsOf(megabytes: number, offset: Offset): Promise<FileCost> {
  await using emulator = await startSqlServerEmulator({
    version: MIX_VERSION,
    tls: "required",
    audits: { queueDelay: 0 },
    behaviour: { offset },
  });
  fillFile(emulator, megabytes * MEGABYTE - TAIL_BYTES);
  const tail = mixWorkload(emulator, TAIL_SEED);
  appendTail(emulator, tail, TAIL_ROWS);
  const files = filesOfAudit(emulator.trail, auditNamed(emulator.trail, AUDIT_NAME));
  const [file] = files;
  if (!file || files.length > 1) throw new Error(`${files.length} files instead of one of ${megabytes} MB`);
  const fileRows = rowCount(file);

  await using proxy = await CountingProxy.open(emulator.port);
  await using reader = new SqlServerReader({
    resourceId: "db-BENCH",
    connection: {
      instanceId: "a",
      host: "127.0.0.1",
      port: proxy.port,
      user: emulator.user,
      password: emulator.password,
      certificateAuthority: emulator.ca ?? "",
      certificateName: "localhost",
    },
    clock: fastClock(CLOCK_FACTOR),
    logger: silentLogger,
  });
  const reading = new AbortController();
  for await (const [source] of reader.sources(reading.signal)) {
    if (!source) throw new Error(`the reader has no source ${AUDIT_NAME}`);
    const polls = new Polls(
      source.read(async () => undefined, reading.signal),
      emulator,
      proxy,
    );
    await polls.rows(fileRows);
    await polls.idle(SETTLING_POLLS);
    const idle = await polls.cost(() => polls.idle(IDLE_POLLS));
    const withNewRows = await polls.cost(async () => {
      appendTail(emulator, tail, NEW_ROWS);
      await polls.rows(NEW_ROWS);
    });
    reading.abort();
    await polls.end();
    return {
      idle,
      withNewRows,
      fileBytes: file.size,
      fileRows,
      rowsInLastBlock: file.blocks.at(-1)?.rows.length ?? 0,
    };
  }
  throw new Error("the reader has no sources");
}

/** Exactly so many rows, in one write of the audit. */
function appendTail(emulator: SqlServerEmulator, workload: ReturnType<typeof mixWorkload>, count: number): void {
  const rows = workload
    .generate(2 * count, TAIL_BEGIN, TAIL_BEGIN + count)
    .filter(({ audit }) => audit === "stream")
    .map(({ row }) => row)
    .slice(0, count);
  emulator.change((trail, now) => appendRows(trail, AUDIT_NAME, rows, now));
}

/** A reader that is pulled poll by poll: between two pulls nothing is under way, so what it took can be counted. */
class Polls {
  readonly #batches: AsyncIterator<AuditBatch<SqlServerRow>>;
  readonly #emulator: SqlServerEmulator;
  readonly #proxy: CountingProxy;

  constructor(batches: AsyncIterable<AuditBatch<SqlServerRow>>, emulator: SqlServerEmulator, proxy: CountingProxy) {
    this.#batches = batches[Symbol.asyncIterator]();
    this.#emulator = emulator;
    this.#proxy = proxy;
  }

  /** Until so many rows were given out, and then the poll's end. @throws Error when more come */
  async rows(count: number): Promise<void> {
    let left = count;
    for (;;) {
      const { length } = await this.#next();
      left -= length;
      if (left <= 0 && length === 0) break;
    }
    if (left < 0) throw new Error(`the reader gave out ${count - left} rows of ${count}`);
  }

  async idle(polls: number): Promise<void> {
    const before = this.#audits();
    while (this.#audits() - before < polls) {
      const { length } = await this.#next();
      if (length > 0) throw new Error(`${length} rows came although nothing was appended`);
    }
  }

  async cost(run: () => Promise<void>): Promise<Cost> {
    const before = this.#counts();
    await run();
    const after = this.#counts();
    return {
      polls: after.polls - before.polls,
      rows: after.rows - before.rows,
      bytes: after.bytes - before.bytes,
      statements: after.statements - before.statements,
      roundTrips: after.roundTrips - before.roundTrips,
    };
  }

  async end(): Promise<void> {
    await this.#batches.return?.();
  }

  async #next(): Promise<readonly SqlServerRow[]> {
    const { value, done } = await this.#batches.next();
    if (done) throw new Error("the reader ended by itself");
    return value.rows;
  }

  #counts(): Cost {
    const { statements, rowsSent } = this.#emulator.statements.totals;
    const { bytesUp, bytesDown, roundTrips } = this.#proxy.counts();
    return { polls: this.#audits(), rows: rowsSent, bytes: bytesUp + bytesDown, statements, roundTrips };
  }

  /** Reads of the audit's files: one a poll. */
  #audits(): number {
    return this.#emulator.statements.matching(/FROM sys\.fn_get_audit_file\(@/).length;
  }
}
