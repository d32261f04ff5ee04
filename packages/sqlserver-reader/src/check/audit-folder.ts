import type { CheckFinding } from "@das/core";
import { parseAuditFileName, splitPath } from "../audit-file-name.ts";
import { textOf } from "../instance.ts";
import { type Answer, type Inquiry, mapAnswer, notKnown } from "./answer.ts";
import { about, count, nameSome } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import type { ServerAudit } from "./server-audits.ts";
import { grantInMaster } from "./statement.ts";

/** What lies in a folder, not in its sub-folders. */
export interface FolderEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Bytes; undefined where the server does not tell (2016). */
  readonly size: number | undefined;
}

/** 2017 and later, undocumented; it walks the whole subtree, whatever is asked of it (SQL Server notes §4.3). */
const LISTING = `SELECT file_or_directory_name, is_directory, size_in_bytes
FROM sys.dm_os_enumerate_filesystem(@directory, N'*') WHERE level = 0`;
/** Columns subdirectory, depth, file; undocumented. */
const LISTING_2016 = "EXEC master.sys.xp_dirtree @directory, 1, 1";

const SQL_SERVER_2017 = 14;

export async function lookAtFolder(
  inquiry: Inquiry,
  { majorVersion }: InstanceFacts,
  directory: string,
): Promise<Answer<readonly FolderEntry[]>> {
  if (isRoot(directory)) return notKnown("not asked for: it would walk the whole drive");
  if (majorVersion >= SQL_SERVER_2017) {
    return mapAnswer(await inquiry.ask(LISTING, { directory }), (rows) =>
      rows.map(([name, isDirectory, size]) => ({
        name: textOf(name),
        isDirectory: Number(isDirectory) === 1,
        size: Number(size),
      })),
    );
  }
  return mapAnswer(await inquiry.ask(LISTING_2016, { directory }), (rows) =>
    rows.map(([name, , isFile]) => ({ name: textOf(name), isDirectory: Number(isFile) !== 1, size: undefined })),
  );
}

/** `D:\`, `/`, `\\server\share\`: a listing of it walks everything that is on it. */
export function isRoot(directory: string): boolean {
  return /^([a-z]:)?[\\/]*$/i.test(directory) || /^\\\\[^\\]+\\[^\\]+\\*$/.test(directory);
}

const LISTED =
  "The list of files tells which of them rolled over while the reader was away, and which were deleted unread";
const COST =
  "each rollover then costs a read of the whole set, which opens every file and may keep it from being deleted";

/** May the reader list the folder, and does the list show what is there? A list that is refused may just be empty. */
export function judgeFileListing(
  { name, directory }: ServerAudit,
  listing: Answer<readonly FolderEntry[]>,
  { majorVersion, login }: InstanceFacts,
  currentPaths: readonly string[],
): CheckFinding {
  const { ok, warning } = about(`file-listing.${name}`, LISTED);
  // Which right these take of a login that is no sysadmin is written nowhere (SQL Server notes §10).
  const right =
    majorVersion >= SQL_SERVER_2017 ? "SELECT ON sys.dm_os_enumerate_filesystem" : "EXECUTE ON sys.xp_dirtree";
  const repair = grantInMaster(right, login);
  if (!listing.known) {
    return warning(`${directory} cannot be listed (${listing.reason}): ${COST}`, listing.refused ? repair : undefined);
  }
  const listed = new Set(listing.value.map((entry) => entry.name.toLowerCase()));
  const unseen = currentPaths.map((path) => splitPath(path).name).filter((file) => !listed.has(file.toLowerCase()));
  if (unseen.length > 0) return warning(`a list of ${directory} does not show ${nameSome(unseen)}: ${COST}`, repair);
  return ok(`${directory} can be listed`);
}

const OWN =
  "Files of another instance would be read as this one's, and whatever else lies there is walked with every listing";

/**
 * Is the folder this instance's own?
 * @param owners the stream's audits that write to it
 * @param audits every audit of the server
 */
export function judgeFolder(
  owners: readonly ServerAudit[],
  audits: readonly ServerAudit[],
  listing: Answer<readonly FolderEntry[]>,
): readonly CheckFinding[] {
  const [first] = owners;
  if (!first || !listing.known) return [];
  const { ok, warning } = about(`folder.${first.name}`, OWN);
  const { directory } = first;
  const files = listing.value.flatMap(({ name, isDirectory }) => (isDirectory ? [] : (parseAuditFileName(name) ?? [])));
  const strangers = files.filter(({ auditGuid }) => !audits.some(({ guid }) => guid === auditGuid));
  if (strangers.length > 0) {
    const sets = [...new Set(strangers.map(({ audit, auditGuid }) => `${audit}_${auditGuid}`))];
    return [
      warning(
        `${directory} holds ${count(strangers.length, "file")} of no audit of this instance: ${nameSome(sets)}`,
        "Give each instance a folder of its own; move files of audits that are gone elsewhere",
      ),
    ];
  }
  const crowded = owners.filter(({ guid, maxRolloverFiles = Number.POSITIVE_INFINITY }) => {
    return files.filter(({ auditGuid }) => auditGuid === guid).length > maxRolloverFiles + 1;
  });
  if (crowded.length > 0) {
    return [
      warning(
        `${directory} holds more files of ${nameSome(crowded.map(({ name }) => name))} than MAX_ROLLOVER_FILES allows`,
        "Find who else writes there or holds files open (a reader with the pattern *, a virus scanner)",
      ),
    ];
  }
  const folders = listing.value.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  if (folders.length > 0) {
    return [
      warning(
        `${directory} has sub-folders, which every listing walks: ${nameSome(folders)}`,
        "Move them out, or give the audit an empty folder of its own",
      ),
    ];
  }
  return [ok(`${directory} holds audit files of this instance and no sub-folder`)];
}
