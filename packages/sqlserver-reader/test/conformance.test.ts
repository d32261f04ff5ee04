/**
 * The reader contract on every version that is supported and on every way an engine may behave where nobody has looked
 * yet (SQL Server notes §9.4, §10): the suite that all readers share, and one life with everything that befalls files.
 */
import { coverPairs, describeReaderConformance } from "@das/reader-conformance";
import {
  auditNamed,
  deleteFile,
  filesOfAudit,
  openEmptyFile,
  pathOf,
  rollOver,
  type SqlServerEmulatorOptions,
  type SqlServerVersion,
  VERSION_PROFILES,
} from "@das/sqlserver-emulator";
import { describe, expect, test } from "vitest";
import { AUDIT_NAME } from "../src/index.ts";
import { type EmulatedTrail, openEmulatedTrail, type ReadingOptions } from "./emulated-trail.ts";
import { readUntil } from "./read-until.ts";

/** 2012 and 2014 are data of the emulator, not supported versions. */
const SUPPORTED = (Object.keys(VERSION_PROFILES) as SqlServerVersion[]).filter(
  (version) => VERSION_PROFILES[version].year >= 2016,
);

interface Behaviour {
  readonly offset: "exclusive" | "inclusive";
  readonly lastBlock: "growing" | "sealed";
  readonly missingFile: 33224 | 33225 | 25718 | 25722;
  readonly invalidOffset: 33225 | 25722;
  readonly emptyFile: "no rows" | 33224 | 33225;
  readonly fileWithoutOffset: "accepted" | "refused";
  readonly readErrors: "before columns" | "after columns";
  readonly pathSpelling: "as written" | "other case" | "other separators" | "null";
  readonly openHandleBlocksDelete: boolean;
  /** The function of 2017 and later, or the procedure of 2016. */
  readonly listing: "dm_os_enumerate_filesystem" | "xp_dirtree";
  /** May the reader's login list files? A procedure may also show nothing instead of refusing. */
  readonly listingRight: "granted" | "refused" | "empty";
  /** Does sys.dm_exec_describe_first_result_set know the function's columns? */
  readonly describesAuditFiles: boolean;
  /** Until 2019 through a signed procedure, unless somebody gave the reader CONTROL SERVER. */
  readonly reads: "itself" | "by procedure";
  /** Windows, or Linux with its separators. */
  readonly directory: "D:\\das\\" | "/var/opt/mssql/das/";
}

const COMBINATIONS = coverPairs<Behaviour>({
  offset: ["exclusive", "inclusive"],
  lastBlock: ["growing", "sealed"],
  missingFile: [33224, 33225, 25718, 25722],
  invalidOffset: [33225, 25722],
  emptyFile: ["no rows", 33224, 33225],
  fileWithoutOffset: ["accepted", "refused"],
  readErrors: ["before columns", "after columns"],
  pathSpelling: ["as written", "other case", "other separators", "null"],
  openHandleBlocksDelete: [true, false],
  listing: ["dm_os_enumerate_filesystem", "xp_dirtree"],
  listingRight: ["granted", "refused", "empty"],
  describesAuditFiles: [true, false],
  reads: ["itself", "by procedure"],
  directory: ["D:\\das\\", "/var/opt/mssql/das/"],
});

function emulatorOf(behaviour: Behaviour): SqlServerEmulatorOptions {
  const { readErrors, pathSpelling, listing, listingRight, describesAuditFiles, reads, directory, ...trail } =
    behaviour;
  return {
    version: listing === "xp_dirtree" ? "2016" : reads === "by procedure" ? "2019" : "2022",
    // With and without TLS is another test's business.
    tls: "off",
    behaviour: trail,
    audits: { queueDelay: 0, directory },
    instance: {
      readErrors,
      pathSpelling,
      listing: listingRight,
      describesAuditFiles,
      platform: directory.startsWith("/") ? "Linux" : "Windows",
    },
  };
}

const change = (trail: EmulatedTrail, transition: typeof rollOver) =>
  trail.emulator.change((audits, now) => transition(audits, AUDIT_NAME, now));

const filesOf = ({ emulator }: EmulatedTrail) => filesOfAudit(emulator.trail, auditNamed(emulator.trail, AUDIT_NAME));

/** Restarts, missed rollovers, an empty file, and a file that is deleted before it was read. */
async function liveThroughFiles(options: SqlServerEmulatorOptions, reading: ReadingOptions): Promise<void> {
  await using trail = await openEmulatedTrail(options, reading);
  await trail.append(5);
  const first = await readUntil(trail, undefined, trail.expectedMarkers().length);
  expect(first.markers).toEqual(trail.expectedMarkers());

  // The next reader finds three rollovers behind it, one of them into a file without a row.
  await trail.append(5);
  change(trail, rollOver);
  await trail.append(5);
  change(trail, openEmptyFile);
  change(trail, rollOver);
  await trail.append(5);
  const second = await readUntil(trail, first.cursor, 15);
  expect([...first.markers, ...second.markers]).toEqual(trail.expectedMarkers());
  expect(second.lossWindows).toEqual([]);

  // The next one does not find the file any more that its cursor is in, nor the five rows that nobody read.
  await trail.append(5);
  change(trail, rollOver);
  await trail.append(5);
  const [unread] = filesOf(trail).slice(-2);
  trail.emulator.change((audits) => deleteFile(audits, pathOf(unread as NonNullable<typeof unread>)));
  const newest = String(filesOf(trail).at(-1)?.fileTime);
  const third = await readUntil(trail, second.cursor, 5);
  expect(third.markers).toEqual(trail.expectedMarkers().filter((marker) => marker.startsWith(`${newest}:`)));
  const ended = third.lossWindows.at(-1);
  expect(new Set(third.lossWindows.map(({ cause, startTime }) => `${cause} ${startTime}`)).size).toBe(1);
  expect(ended?.endTime?.localeCompare(ended.startTime)).toBe(1);
}

// Most of a case is waiting for the next poll, so several run at a time.
describe.concurrent("on every version", () => {
  for (const version of SUPPORTED) {
    const byProcedure = VERSION_PROFILES[version].year < 2022;
    describeReaderConformance(`the SQL Server reader, on an emulated ${version},`, () =>
      openEmulatedTrail({ version }, { byProcedure }),
    );
    test(`${version}: files come and go`, () => liveThroughFiles({ version }, { byProcedure }));
  }
});

describe.concurrent("whatever the engine does", () => {
  for (const behaviour of COMBINATIONS) {
    const name = Object.entries(behaviour)
      .map(([what, value]) => `${what} ${value}`)
      .join(", ");
    const byProcedure = behaviour.reads === "by procedure";
    describeReaderConformance(`the SQL Server reader, with ${name},`, () =>
      openEmulatedTrail(emulatorOf(behaviour), { byProcedure }),
    );
    test(`files come and go with ${name}`, () => liveThroughFiles(emulatorOf(behaviour), { byProcedure }));
  }
});
