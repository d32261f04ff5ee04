import type { Clock } from "@das/core";
import type { AuditFileName } from "./audit-file-name.ts";
import { BatchQueue } from "./batch-queue.ts";
import type { Connection } from "./connection.ts";
import type { FilePosition } from "./cursor.ts";
import { FileTail } from "./file-tail.ts";
import { Hold } from "./hold.ts";
import type { ConnectedInstance } from "./instance.ts";
import type { SqlServerRow } from "./row.ts";
import { auditReadStatement } from "./statements.ts";

export interface FileBatch {
  readonly rows: readonly SqlServerRow[];
  /** The place just after the last row. */
  readonly position: FilePosition;
}

export interface FileReadResult {
  /** The read ran to the end of the file; false when it was cancelled, by the caller or because the queue was full. */
  readonly complete: boolean;
  /** Blocks that were not what the position said; their rows were given out again. */
  readonly anomalies: number;
  /** What the server said of records that it skipped because it could not read them: file and offset, no content. */
  readonly skipped: readonly string[];
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
 * @param whole reads from the first block: needed when the server does not accept the position's offset
 * @throws UnavailableError, RefusedError, ServerError; after what was read before it has been given out
 */
export async function* readFile(
  connection: Connection,
  instance: ConnectedInstance,
  file: AuditFileName,
  from: FilePosition,
  whole: boolean,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<FileBatch, FileReadResult> {
  const tail = new FileTail(from, instance.trail);
  const stop = new AbortController();
  const hold = new Hold(clock, HOLD_LIMIT, () => stop.abort());
  const statementIndex = instance.trail.columns.findIndex(({ name }) => name === "statement");
  const queue = new BatchQueue(
    () => tail.position(),
    statementIndex,
    () => hold.release(),
  );
  const add = (row: SqlServerRow): void => queue.add(row);
  const skipped: string[] = [];
  const path = from.directory + file.name;
  const offset = whole ? null : from.previousOffset;
  const running = connection
    .query(
      auditReadStatement(instance.columns),
      [
        { name: "pattern", type: "nvarchar", value: path },
        { name: "file", type: "nvarchar", value: offset === null ? null : path },
        { name: "offset", type: "bigint", value: offset === null ? null : String(offset) },
      ],
      {
        onRow: (values, flow) => {
          tail.accept(values, add);
          if (queue.isFull) hold.take(flow);
        },
        onInfo: ({ number, message }) => {
          if (SKIPPING_RECORDS.has(number)) skipped.push(message);
        },
      },
      AbortSignal.any([signal, stop.signal]),
    )
    .then(
      (complete) => {
        if (complete) tail.end(add);
        queue.end();
        return complete;
      },
      (error: unknown) => {
        queue.end(error);
        return false;
      },
    );
  try {
    for await (const { rows, mark } of queue.batches()) yield { rows, position: mark };
  } finally {
    stop.abort();
    hold.release();
    await running;
  }
  return { complete: await running, anomalies: tail.anomalies, skipped };
}
