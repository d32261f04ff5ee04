import { type AuditFile, sameFileName } from "./audit-file-name.ts";
import type { AuditDefinition } from "./audit-server.ts";
import type { Bookmark, FilePosition, UnverifiedFrom } from "./cursor.ts";
import { FileMemory } from "./file-memory.ts";
import { utcTimeOfFileTime } from "./file-time.ts";
import { LOSS_CAUSES, LossAccount, type LossCause } from "./loss-account.ts";

/** Of one step from file to file. */
export interface Step {
  readonly file: AuditFile;
  /** File times went backwards. */
  readonly turned: boolean;
}

/** What a source knows about its place and its audit. Pure; it outlives connections, not the process. */
export class Progress {
  readonly losses: LossAccount;
  /** The trail was empty when reading began, so its first file is all new. */
  beganEmpty = false;
  readonly #files = new FileMemory();
  #position: FilePosition | undefined;
  #reading: FilePosition | undefined;
  #unverified: UnverifiedFrom | undefined;
  #file: AuditFile | undefined;
  #auditGuid: string | undefined;

  constructor(bookmark: Bookmark | undefined) {
    this.losses = new LossAccount(bookmark?.losses);
    if (bookmark) this.moveTo(bookmark.position, bookmark.unverified);
  }

  /** The place after the last row that was given out; undefined until the first file is known. */
  get position(): FilePosition | undefined {
    return this.#position;
  }

  /** Where the next read begins: at the position, or at the beginning of a later file that has not given a row yet. */
  get reading(): FilePosition | undefined {
    return this.#reading;
  }

  /** Where it was not looked yet, up to the position, whether records were skipped. */
  get unverified(): UnverifiedFrom | undefined {
    return this.#unverified;
  }

  /** The file of `reading`; undefined until it was found in a listing. */
  get file(): AuditFile | undefined {
    return this.#file;
  }

  moveTo(position: FilePosition, unverified?: UnverifiedFrom): void {
    this.#position = position;
    this.#reading = position;
    this.#unverified = unverified;
    this.losses.beginAt(position.fileTime, utcTimeOfFileTime(position.lastEvent ?? position.fileTime));
  }

  /** Reading begins with this file. */
  begin(file: AuditFile): void {
    this.#enter(file);
    this.moveTo(startOf(file, 0));
  }

  /** The read ran to the file's end, or broke off. */
  verify(unverified: UnverifiedFrom | undefined): void {
    this.#unverified = unverified;
  }

  /** What the file still holds, or what was skipped in it unseen, will not be known any more. */
  giveUp(cause: LossCause): void {
    this.losses.open(cause, this.#unverified);
    this.#unverified = undefined;
  }

  /** What the directories hold that the audit's files may be in. */
  noteListing(listing: readonly AuditFile[], directories: readonly string[]): void {
    const reading = this.#reading;
    const found = reading && listing.find((file) => file.fileTime === reading.fileTime && this.#isOfSet(file));
    if (found) this.#enter(found);
    this.#files.note(listing, directories, reading && { fileTime: reading.fileTime, auditGuid: this.#auditGuid });
  }

  /** The file was read to its end, or is gone: goes to the one after it, if there is one. */
  step(audit: AuditDefinition | undefined, isGone: boolean): Step | undefined {
    const reading = this.#reading;
    if (!reading) return undefined;
    if (isGone) this.giveUp(LOSS_CAUSES.fileDeleted);
    const next = this.#files.next({ fileTime: reading.fileTime, auditGuid: this.#auditGuid }, audit);
    if (!next) return undefined;
    if (this.#file && !isGone) this.#files.finish(this.#file);
    if (reading.lastOffset === null && !isGone) this.losses.leaveEmptyFile();
    if (next.skipsVanished) this.losses.open(LOSS_CAUSES.fileDeleted);
    if (next.otherSet) this.losses.open(LOSS_CAUSES.recreated);
    // The rollover deletes by file time: what was written after the clock was set back may be gone before the older.
    else if (next.turned) this.losses.open(LOSS_CAUSES.timesWentBack);
    this.#reading = startOf(next.file, next.turned ? reading.turn + 1 : reading.turn);
    this.#enter(next.file);
    return { file: next.file, turned: next.turned && !next.otherSet };
  }

  /** Nothing is left to read: what the state of the audit says about what comes, or does not. */
  reachEnd(audit: AuditDefinition | undefined): void {
    const { losses } = this;
    if (this.#files.takeVanished()) losses.open(LOSS_CAUSES.fileDeleted);
    if (!audit) losses.open(LOSS_CAUSES.missing);
    else if (audit.status !== "STARTED" && !losses.isOpen(LOSS_CAUSES.stopped, LOSS_CAUSES.failed)) {
      losses.open(audit.status.includes("FAIL") ? LOSS_CAUSES.failed : LOSS_CAUSES.stopped);
    }
  }

  #enter(file: AuditFile): void {
    this.#file = file;
    this.#auditGuid = file.auditGuid;
    this.losses.concerns(file.audit);
  }

  #isOfSet({ auditGuid }: AuditFile): boolean {
    return this.#auditGuid === undefined || this.#auditGuid === auditGuid;
  }
}

/** Whether the audit writes to this file now. Paths differ in case and separators, so names are compared. */
export function isWriting(audit: AuditDefinition | undefined, file: AuditFile | undefined): boolean {
  return audit?.currentFile !== undefined && file !== undefined && sameFileName(audit.currentFile, file.name);
}

/** Before the first row of a file. */
export function startOf(file: AuditFile, turn: number): FilePosition {
  return {
    turn,
    directory: file.directory,
    fileTime: file.fileTime,
    previousOffset: null,
    lastOffset: null,
    rowsInLast: 0,
    digest: "",
    lastEvent: null,
  };
}
