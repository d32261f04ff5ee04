/** How long a set of audit files lasts: pure, over what the folder and the audit say. */

/** One file of a set. */
export interface SetFile {
  /** FILETIME of its creation, from its name: 100 ns since 1601. */
  readonly fileTime: bigint;
  /** Bytes; undefined where the server does not tell, and for the current file before it was written. */
  readonly size: number | undefined;
}

export interface FileSet {
  /** Oldest first; the last one is written now. */
  readonly files: readonly SetFile[];
  /** FILETIME, by the server's clock. */
  readonly now: bigint;
  /** Bytes, MAXSIZE. */
  readonly maxSize: number;
  /** Besides the current one. */
  readonly maxRolloverFiles: number;
}

/** Minutes. */
export interface Retention {
  /** What the files look back on. */
  readonly observed: number;
  /** How long the publisher may be away at the pace of all that time; infinite when nothing was written. */
  readonly average: number;
  /** And at the pace of its busiest ten minutes. */
  readonly busiest: number;
}

const UNITS_PER_MINUTE = 600_000_000n;

/** Minutes: shorter than this, a pace is chance (one login storm, one restart), and so is less history. */
const LEAST_SPAN = 10;

/** undefined when the set is too young to tell a pace by. */
export function retentionOf(set: FileSet): Retention | undefined {
  const { files, now, maxSize, maxRolloverFiles } = set;
  const [oldest] = files;
  if (!oldest) return undefined;
  const observed = minutesBetween(oldest.fileTime, now);
  // A file is deleted when MAX_ROLLOVER_FILES more have been filled; the rest of the current one is not counted on.
  const room = maxSize * maxRolloverFiles;
  if (room === 0) return { observed, average: 0, busiest: 0 };
  if (observed < LEAST_SPAN) return undefined;
  // Where sizes are not told every closed file counts as full: rather too pessimistic than too hopeful.
  const sizes = files.map(({ size }, index) => size ?? (index < files.length - 1 ? maxSize : 0));
  const written = sizes.reduce((total, size) => total + size, 0);
  // Each restart and each STATE = OFF closes a file early, and it counts all the same: a full set shows what it holds.
  const shown = files.length > maxRolloverFiles ? observed : Number.POSITIVE_INFINITY;
  const average = Math.min(minutesUntil(room, written / observed), shown);
  return { observed, average, busiest: Math.min(minutesUntil(room, busiestPace(files, sizes, now)), average) };
}

function minutesUntil(room: number, pace: number): number {
  return pace === 0 ? Number.POSITIVE_INFINITY : room / pace;
}

/** Bytes a minute, the most over any run of whole files that spans ten minutes. */
function busiestPace(files: readonly SetFile[], sizes: readonly number[], now: bigint): number {
  const starts = [...files.map(({ fileTime }) => fileTime), now];
  let busiest = 0;
  let end = 0;
  let bytes = 0;
  for (const [index, start] of starts.slice(0, -1).entries()) {
    while (end < files.length && minutesBetween(start, starts[end] ?? now) < LEAST_SPAN) {
      bytes += sizes[end] ?? 0;
      end += 1;
    }
    const span = minutesBetween(start, starts[end] ?? now);
    if (span < LEAST_SPAN) break;
    busiest = Math.max(busiest, bytes / span);
    bytes -= sizes[index] ?? 0;
  }
  return busiest;
}

function minutesBetween(from: bigint, to: bigint): number {
  return Number(to - from) / Number(UNITS_PER_MINUTE);
}
