import { type AuditFile, byFileTime, directoryKey, fileKey, sameFileName } from "./audit-file-name.ts";

/** The step from a file that was read to its end, or is gone, to the one to read after it. */
export interface NextFile {
  readonly file: AuditFile;
  /** It is not the next one by file time, so places in it begin a new turn. */
  readonly turned: boolean;
  /** The old set was read to its end, and the audit now writes another one. */
  readonly otherSet: boolean;
  /** Files that belonged before it are gone without having been read. */
  readonly skipsVanished: boolean;
}

/** Where reading is: a file, of which only its time is known when it is gone since before this process began. */
export interface FileInReading {
  readonly fileTime: bigint;
  readonly auditGuid: string | undefined;
}

/** The audit as it is now; undefined when there is none. */
export interface CurrentSet {
  readonly auditGuid: string;
  readonly currentFile: string | undefined;
}

/**
 * What is known about the files of one audit besides the place in one of them: which are read, and which were there.
 * Pure bookkeeping (SQL Server notes §4.3); it outlives connections, not the process.
 *
 * File times order a set, unless the server's clock was set back: then the next file is whichever was not read. After
 * a restart of this process nobody knows which those are; should it turn out that the clock went back, the set is
 * read again from its oldest file, because what is published twice can be removed and what is skipped cannot.
 */
export class FileMemory {
  /** Read to their end, after they had a successor. */
  #finished: ReadonlySet<string> = new Set();
  /** Older than the place that was resumed from, so taken for read. */
  #assumed: ReadonlySet<string> = new Set();
  #listed: ReadonlyMap<string, AuditFile> | undefined;
  #vanished: readonly AuditFile[] = [];

  /** What some directories hold now. Of a directory that is not among them nothing new is known. */
  note(listing: readonly AuditFile[], directories: readonly string[], reading: FileInReading | undefined): void {
    const listedDirectories = new Set(directories.map(directoryKey));
    const now = new Map(listing.map((file) => [fileKey(file), file]));
    for (const [key, file] of this.#listed ?? []) {
      if (!listedDirectories.has(directoryKey(file.directory))) now.set(key, file);
    }
    if (this.#listed === undefined && reading) {
      const older = listing.filter((file) => isOfSet(file, reading) && file.fileTime < reading.fileTime);
      this.#assumed = new Set(older.map(fileKey));
    }
    const gone = [...(this.#listed ?? [])].filter(([key, file]) => {
      const isBeingRead = reading && isOfSet(file, reading) && file.fileTime === reading.fileTime;
      return !now.has(key) && !this.#isRead(key) && !isBeingRead;
    });
    this.#vanished = [...this.#vanished, ...gone.map(([, file]) => file)];
    this.#listed = now;
    this.#finished = new Set([...this.#finished].filter((key) => now.has(key)));
    this.#assumed = new Set([...this.#assumed].filter((key) => now.has(key)));
  }

  /** The file was read to its end and has a successor. */
  finish(file: AuditFile): void {
    this.#finished = new Set([...this.#finished, fileKey(file)]);
  }

  /** undefined when nothing follows yet. */
  next(after: FileInReading, current: CurrentSet | undefined): NextFile | undefined {
    const set = after.auditGuid ?? current?.auditGuid;
    const unread = this.#unread(set).filter(({ fileTime }) => fileTime !== after.fileTime);
    const later = unread.find(({ fileTime }) => fileTime > after.fileTime);
    if (later) return this.#step(later, false, false);
    const [earlier] = unread;
    const wentBack = earlier !== undefined || (current?.auditGuid === set && this.#writesToAssumed(current));
    if (wentBack && this.#assumed.size > 0) {
      this.#assumed = new Set();
      return this.next(after, current);
    }
    if (earlier) return this.#step(earlier, true, false);
    const [first] = current && current.auditGuid !== set ? this.#unread(current.auditGuid) : [];
    return first && this.#step(first, true, true);
  }

  /** Whether files are gone unread that no step came to; they are forgotten. */
  takeVanished(): boolean {
    const any = this.#vanished.length > 0;
    this.#vanished = [];
    return any;
  }

  #writesToAssumed(current: CurrentSet | undefined): boolean {
    const currentFile = current?.currentFile;
    if (currentFile === undefined) return false;
    return [...(this.#listed ?? [])].some(
      ([key, { name }]) => sameFileName(name, currentFile) && this.#assumed.has(key),
    );
  }

  #step(file: AuditFile, turned: boolean, otherSet: boolean): NextFile {
    const isBefore = (gone: AuditFile) => turned || gone.auditGuid !== file.auditGuid || gone.fileTime < file.fileTime;
    const skipsVanished = this.#vanished.some(isBefore);
    this.#vanished = this.#vanished.filter((gone) => !isBefore(gone));
    return { file, turned, otherSet, skipsVanished };
  }

  #unread(auditGuid: string | undefined): readonly AuditFile[] {
    return [...(this.#listed ?? [])]
      .filter(([key, file]) => file.auditGuid === auditGuid && !this.#isRead(key))
      .map(([, file]) => file)
      .sort(byFileTime);
  }

  #isRead(key: string): boolean {
    return this.#finished.has(key) || this.#assumed.has(key);
  }
}

function isOfSet(file: AuditFile, { auditGuid }: FileInReading): boolean {
  return auditGuid === undefined || file.auditGuid === auditGuid;
}
