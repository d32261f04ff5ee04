import { epochMillisecondsOf, type StartPosition } from "@das/core";
import type { AuditFile } from "./audit-file-name.ts";
import type { AuditDefinition, AuditServer } from "./audit-server.ts";
import type { FilePosition } from "./cursor.ts";
import { FileTail } from "./file-tail.ts";
import { fileTimeOfMilliseconds } from "./file-time.ts";
import type { LossAccount } from "./loss-account.ts";
import { isWriting, startOf } from "./progress.ts";
import { eventTimeOf, type SqlServerRow } from "./row.ts";

/** Which file of an audit, in the order of their creation, reading begins in; undefined when there is none. */
export function firstFile(
  files: readonly AuditFile[],
  startAt: StartPosition,
  audit: AuditDefinition,
): AuditFile | undefined {
  if (startAt === "oldest") return files[0];
  if (startAt === "now") return files.find((file) => isWriting(audit, file)) ?? files.at(-1);
  // What a file was created after was written into the files before it.
  const moment = fileTimeOfMilliseconds(epochMillisecondsOf(startAt.time));
  return files.findLast(({ fileTime }) => fileTime <= moment) ?? files[0];
}

/**
 * The place in a file at which reading begins: before its first row of a moment or later, or at its end.
 * @param losses is shown what is passed over, because what comes after it is judged by it
 * @throws UnavailableError, RefusedError, ServerError
 */
export async function placeIn(
  server: AuditServer,
  file: AuditFile,
  startAt: Exclude<StartPosition, "oldest">,
  losses: LossAccount,
  signal: AbortSignal,
): Promise<FilePosition> {
  const tail = new FileTail(startOf(file, 0), server.instance.trail);
  const found = new AbortController();
  let place: FilePosition | undefined;
  const before = (row: SqlServerRow) => {
    if (place) return;
    if (startAt !== "now" && eventTimeOf(row) >= startAt.time) {
      place = tail.position();
      found.abort();
    } else if (!losses.passes(row)) losses.before(row);
  };
  const sink = { before, add: () => undefined };
  losses.beginRead();
  await server.readRows(
    file.directory + file.name,
    null,
    { onRow: (values) => tail.accept(values, sink) },
    AbortSignal.any([signal, found.signal]),
  );
  // What was missing before is not of interest.
  losses.take();
  return place ?? tail.position();
}
