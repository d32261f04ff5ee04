import { describe, expect, test } from "vitest";
import { type AuditFile, auditFilesAmong } from "./audit-file-name.ts";
import { type FileInReading, FileMemory } from "./file-memory.ts";

const GUID = "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40";
const OTHER = "11111111-2222-3333-4444-555555555555";

const nameOf = (time: number, guid = GUID) => `RDS_DAS_AUDIT_${guid}_0_${time}.sqlaudit`;

function files(...times: readonly (number | AuditFile)[]): readonly AuditFile[] {
  return times.map((time) => (typeof time === "number" ? fileAt(time) : time));
}

function fileAt(time: number, guid = GUID, directory = "D:\\das\\"): AuditFile {
  const [file] = auditFilesAmong([nameOf(time, guid)], directory, "RDS_DAS_AUDIT");
  return file as AuditFile;
}

const BOTH = ["D:\\das\\", "E:\\audit\\"];

function note(memory: FileMemory, listing: readonly AuditFile[], reading: FileInReading): void {
  memory.note(listing, BOTH, reading);
}

const at = (time: number, auditGuid: string | undefined = GUID) => ({ fileTime: BigInt(time), auditGuid });
const current = (time: number, auditGuid = GUID) => ({ auditGuid, currentFile: nameOf(time, auditGuid) });

describe("the next file", () => {
  test("is the next one by file time, not by name", () => {
    const memory = new FileMemory();
    note(memory, files(99, 100, 1_000), at(99));
    expect(memory.next(at(99), current(1_000))).toMatchObject({ file: { fileTime: 100n }, turned: false });
    memory.finish(fileAt(99));
    expect(memory.next(at(100), current(1_000))).toMatchObject({ file: { fileTime: 1_000n } });
  });

  test("is none while the audit writes to this one, and what is older is taken for read", () => {
    const memory = new FileMemory();
    note(memory, files(10, 20, 30), at(30));
    expect(memory.next(at(30), current(30))).toBeUndefined();
  });

  test("is the one that was not read when the clock was set back", () => {
    const memory = new FileMemory();
    note(memory, files(100, 200), at(100));
    memory.finish(fileAt(100));
    note(memory, files(100, 200, 50, 60), at(200));
    expect(memory.next(at(200), current(60))).toMatchObject({ file: { fileTime: 50n }, turned: true });
    memory.finish(fileAt(200));
    expect(memory.next(at(50), current(60))).toMatchObject({ file: { fileTime: 60n }, turned: false });
    memory.finish(fileAt(50));
    memory.finish(fileAt(60));
    note(memory, files(100, 200, 50, 60, 150), at(60));
    expect(memory.next(at(60), current(150))).toMatchObject({ file: { fileTime: 150n }, turned: false });
  });

  test("is the oldest when the clock was set back while nobody looked: what was read comes again", () => {
    const memory = new FileMemory();
    note(memory, files(50, 60, 100, 200), at(200));
    expect(memory.next(at(200), current(60))).toMatchObject({ file: { fileTime: 50n }, turned: true });
  });

  test("is the oldest when the clock was set back while nobody looked and a file opens that was not there then", () => {
    const memory = new FileMemory();
    note(memory, files(50, 60, 100, 200), at(200));
    note(memory, files(50, 60, 100, 200, 70), at(200));
    expect(memory.next(at(200), current(70))).toMatchObject({ file: { fileTime: 50n }, turned: true });
  });

  test("lies in another directory after FILEPATH was changed", () => {
    const memory = new FileMemory();
    const moved = fileAt(20, GUID, "E:\\audit\\");
    note(memory, files(10, moved), at(10));
    expect(memory.next(at(10), current(20))).toMatchObject({ file: { directory: "E:\\audit\\" }, turned: false });
  });

  test("is the first of the new set when the audit was created anew, after the old one was read", () => {
    const memory = new FileMemory();
    note(memory, files(10, 20, fileAt(15, OTHER), fileAt(25, OTHER)), at(10));
    const now = current(25, OTHER);
    expect(memory.next(at(10), now)).toMatchObject({ file: { fileTime: 20n }, otherSet: false });
    memory.finish(fileAt(10));
    expect(memory.next(at(20), now)).toMatchObject({ file: { fileTime: 15n }, turned: true, otherSet: true });
  });

  test("of a file that is gone since before anybody looked is looked for in the present set", () => {
    const memory = new FileMemory();
    note(memory, files(20, 30), { fileTime: 10n, auditGuid: undefined });
    expect(memory.next({ fileTime: 10n, auditGuid: undefined }, current(30))).toMatchObject({
      file: { fileTime: 20n },
    });
  });
});

describe("a file that vanished unread", () => {
  test("is noticed at the step over it, not before", () => {
    const memory = new FileMemory();
    note(memory, files(10, 20, 30, 40), at(10));
    note(memory, files(10, 20, 40), at(10));
    expect(memory.next(at(10), current(40))).toMatchObject({ file: { fileTime: 20n }, skipsVanished: false });
    memory.finish(fileAt(10));
    expect(memory.next(at(20), current(40))).toMatchObject({ file: { fileTime: 40n }, skipsVanished: true });
    expect(memory.takeVanished()).toBe(false);
  });

  test("is noticed at the end when nothing follows", () => {
    const memory = new FileMemory();
    note(memory, files(10, 20), at(10));
    note(memory, files(10), at(10));
    expect(memory.next(at(10), undefined)).toBeUndefined();
    expect([memory.takeVanished(), memory.takeVanished()]).toEqual([true, false]);
  });

  test("is none when its directory is not looked at any more", () => {
    const memory = new FileMemory();
    memory.note(files(10, 20), BOTH, at(10));
    memory.finish(fileAt(10));
    memory.note([], ["E:\\audit\\"], at(20));
    expect(memory.takeVanished()).toBe(false);
    memory.note(files(10, 20, 30), BOTH, at(20));
    expect(memory.next(at(20), current(30))).toMatchObject({ file: { fileTime: 30n } });
  });

  test("is none when it was read, or is the one being read", () => {
    const memory = new FileMemory();
    note(memory, files(5, 10, 20), at(10));
    memory.finish(fileAt(10));
    note(memory, files(), at(20));
    expect(memory.takeVanished()).toBe(false);
  });
});
