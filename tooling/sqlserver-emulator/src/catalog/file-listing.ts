/** How a client sees which audit files there are: a function since 2017, an extended procedure before (both undocumented). */
import { comparablePath, pathOf } from "../model/audit-file.ts";
import { isLike } from "../sql/compare.ts";
import type { CatalogTable, Procedure, SqlContext } from "../sql/context.ts";
import { permissionError } from "../sql/server-error.ts";
import { bigint, bit, datetime2, int, nvarchar, type SqlValue } from "../sql-types.ts";
import { timeText } from "../time-text.ts";
import { view } from "./table.ts";

interface ListedEntry {
  readonly path: string;
  readonly directory: string;
  readonly name: string;
  /** How many directories it lies below the one that was asked for. */
  readonly level: number;
  readonly isDirectory: boolean;
  readonly createdAt: number;
  readonly size: number;
}

/** Of what is in a directory: the audits' files, and what else a test placed there. */
type Placed = Pick<ListedEntry, "directory" | "name" | "isDirectory" | "createdAt" | "size">;

function* placedEntries({ engine }: SqlContext): Generator<Placed> {
  const { files, otherEntries } = engine.trail;
  for (const { directory, name, createdAt, size } of files)
    yield { directory, name, isDirectory: false, createdAt, size };
  const { startedAt } = engine.instance;
  for (const entry of otherEntries) yield { ...entry, createdAt: startedAt, size: 0 };
}

/** Everything below the directory, sub-directories and what is in them too. */
function entriesBelow(context: SqlContext, directory: string): readonly ListedEntry[] {
  if (!mayList(context)) return [];
  const base = comparablePath(directory).replace(/\\*$/, "\\");
  const entries: ListedEntry[] = [];
  const seen = new Set<string>();
  for (const placed of placedEntries(context)) {
    if (!comparablePath(placed.directory).startsWith(base)) continue;
    const separator = placed.directory.includes("/") ? "/" : "\\";
    const below = placed.directory.slice(base.length).split(separator).filter(Boolean);
    for (const [level, name] of below.entries()) {
      const path = placed.directory.slice(0, base.length) + below.slice(0, level + 1).join(separator);
      const { createdAt } = placed;
      add({ path, directory, name, level, isDirectory: true, createdAt, size: 0 });
    }
    add({ ...placed, path: pathOf(placed), level: below.length });
  }
  return entries;

  function add(entry: ListedEntry): void {
    const key = comparablePath(entry.path);
    if (!seen.has(key)) entries.push(entry);
    seen.add(key);
  }
}

/** What somebody who is no sysadmin gets is not known: each possibility can be played. @throws ServerError 229, 297, 300 */
function mayList({ engine, session }: SqlContext): boolean {
  const { listing, refusal } = engine.instance;
  if (session.login.isSysadmin || listing === "granted") return true;
  if (listing === "refused") throw permissionError(refusal, "VIEW SERVER STATE", "dm_os_enumerate_filesystem");
  return false;
}

/** The shell's wildcards: `*` and `?`. */
function fitsWildcards(name: string, pattern: string): boolean {
  const escaped = pattern.replaceAll(/[[%_]/g, "[$&]");
  return isLike(name, escaped.replaceAll("*", "%").replaceAll("?", "_"));
}

export const ENUMERATE_FILESYSTEM: CatalogTable<ListedEntry> = view<ListedEntry>(
  [
    ["full_filesystem_path", nvarchar(512), ({ path }) => path],
    ["parent_directory", nvarchar(512), ({ directory }) => directory],
    ["file_or_directory_name", nvarchar(512), ({ name }) => name],
    ["level", int, ({ level }) => level],
    ["is_directory", bit, ({ isDirectory }) => isDirectory],
    ["creation_time", datetime2, ({ createdAt }) => timeText(createdAt)],
    ["last_write_time", datetime2, ({ createdAt }) => timeText(createdAt)],
    ["size_in_bytes", bigint, ({ size }) => size],
  ],
  (context, [directory = null, pattern = null]) =>
    entriesBelow(context, String(directory ?? "")).filter(({ name }) => fitsWildcards(name, String(pattern ?? "*"))),
);

/** xp_dirtree directory, depth (0: no limit), with files. */
export const LIST_DIRECTORY_TREE: Procedure = (args, context) => {
  const [directory, depth, withFiles] = args.map(({ value }) => value);
  const deepest = Number(depth ?? 0) === 0 ? Number.POSITIVE_INFINITY : Number(depth);
  const rows: SqlValue[][] = entriesBelow(context, String(directory ?? ""))
    .filter((entry) => entry.level < deepest && (entry.isDirectory || Number(withFiles ?? 0) === 1))
    .map((entry) => [
      entry.name,
      entry.level + 1,
      ...(Number(withFiles ?? 0) === 1 ? [entry.isDirectory ? 0 : 1] : []),
    ]);
  const columns = [
    { name: "subdirectory", type: nvarchar(512), nullable: true },
    { name: "depth", type: int, nullable: true },
    ...(Number(withFiles ?? 0) === 1 ? [{ name: "file", type: int, nullable: true }] : []),
  ];
  return { status: 0, columns, rows };
};

/** xp_fileexist path: is it a file, is it a directory, is its parent one? */
export const FILE_EXISTS: Procedure = ([path], context) => {
  const { engine } = context;
  const wanted = comparablePath(String(path?.value ?? "")).replace(/\\*$/, "\\");
  const isMissing = engine.instance.missingFolders.some((folder) => comparablePath(folder) === wanted);
  const isFile = engine.trail.files.some((file) => `${comparablePath(pathOf(file))}\\` === wanted);
  const isFolder = mayList(context) && !isFile && !isMissing;
  const column = (name: string) => ({ name, type: int, nullable: true });
  return {
    status: 0,
    columns: ["File Exists", "File is a Directory", "Parent Directory Exists"].map(column),
    rows: [[Number(isFile), Number(isFolder), 1]],
  };
};
