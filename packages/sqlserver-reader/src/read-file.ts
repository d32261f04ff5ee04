import type { Clock, LossWindow } from "@das/core";
import type { AuditFileName } from "./audit-file-name.ts";
import type { AuditServer } from "./audit-server.ts";
import { BatchQueue } from "./batch-queue.ts";
import type { Bookmark, FilePosition, UnverifiedFrom } from "./cursor.ts";
import { FileTail, type TailSink } from "./file-tail.ts";
import { Hold } from "./hold.ts";
import type { LossAccount } from "./loss-account.ts";
import type { SqlServerRow } from "./row.ts";

export interface FileBatch {
  readonly rows: readonly SqlServerRow[];
  /** They stand before the first row. */
  readonly lossWindows: readonly LossWindow[];
  /** Just after the last row. */
  readonly bookmark: Bookmark;
}

export interface FileReadResult {
  /** The read ran to the end of the file; false when it was cancelled, by the caller or because the queue was full. */
  readonly complete: boolean;
  /** Blocks that were not what the position said; their rows were given out again. */
  readonly anomalies: number;
  /** What the server said of records that it skipped because it could not read them: file and offset, no content. */
  readonly skipped: readonly string[];
  /** Where it has to be looked for skipped records still; undefined when there is nothing to look at. */
  readonly unverified: UnverifiedFrom | undefined;
}

export interface FileReadOptions {
  /** Reads from the first block: needed when the server does not accept the position's offset. */
  readonly whole: boolean;
  /** Left by earlier reads that broke off, and whether this one is to look at it: then it begins there. */
  readonly unverified: UnverifiedFrom | undefined;
  readonly verify: boolean;
  readonly losses: LossAccount;
  readonly clock: Clock;
}

/** "The fn_get_audit_file function is skipping records from …", and its Extended Events twin: severity 10, so no errors. */
const SKIPPING_RECORDS = new Set([33226, 25720]);

/**
 * Milliseconds that a request is held back at the most for a caller who is slower than the server. While it is, the
 * server holds the file open, and a file that it cannot delete at its rollover it does not delete later (SQL Server
 * notes §3): so a caller who takes longer costs a cancelled request and another one from the last position.
 */
const HOLD_LIMIT = 1_000;

/**
 * Reads one file from a position on, as fast as the driver hands over rows, and gives out what is new in batches.
 * @throws UnavailableError, RefusedError, ServerError; after what was read before it has been given out
 */
export async function* readFile(
  server: AuditServer,
  file: AuditFileName,
  from: FilePosition,
  { whole, unverified, verify, losses, clock }: FileReadOptions,
  signal: AbortSignal,
): AsyncGenerator<FileBatch, FileReadResult> {
  const { trail } = server.instance;
  const tail = new FileTail(from, trail);
  const since = verify || whole ? unverified : undefined;
  const stop = new AbortController();
  using hold = new Hold(clock, HOLD_LIMIT, () => stop.abort());
  const statementIndex = trail.columns.findIndex(({ name }) => name === "statement");
  let isComplete = false;
  const leftUnverified = (isAllTold: boolean) => {
    if (isComplete && isAllTold) return since ? undefined : unverified;
    return unverified ?? (tail.lastOffset === from.lastOffset ? undefined : losses.readFrom(from));
  };
  const queue = new BatchQueue(
    (): Bookmark => ({
      position: tail.position(),
      losses: losses.state(),
      unverified: leftUnverified(!losses.hasUntoldEnd),
    }),
    statementIndex,
    () => hold.release(),
  );
  const sink: TailSink = {
    before: (row) => {
      if (losses.passes(row)) return;
      // What was read before it has to be given out with what was known before it.
      queue.cut();
      queue.addLossWindows(losses.before(row));
    },
    add: (row) => queue.add(row),
  };
  const skipped: string[] = [];
  losses.beginRead();
  const running = server
    .readRows(
      from.directory + file.name,
      whole ? null : (since ?? from).previousOffset,
      {
        onRow: (values, flow) => {
          tail.accept(values, sink);
          if (queue.isFull) hold.take(flow);
        },
        onInfo: ({ number, message }) => {
          if (!SKIPPING_RECORDS.has(number)) return;
          skipped.push(message);
          losses.skipped(message, from, since);
        },
      },
      AbortSignal.any([signal, stop.signal]),
    )
    .then(
      (complete) => {
        if (complete) tail.end(sink);
        isComplete = complete;
        queue.end();
        return complete;
      },
      (error: unknown) => {
        queue.end(error);
        return false;
      },
    );
  try {
    for await (const { rows, lossWindows, mark } of queue.batches()) yield { rows, lossWindows, bookmark: mark };
  } finally {
    stop.abort();
    hold.release();
    await running;
  }
  return { complete: await running, anomalies: tail.anomalies, skipped, unverified: leftUnverified(true) };
}
