import { RefusedError } from "@das/core";
import type { Branch, ConnectedInstance } from "./audit-server.ts";
import { placeOf } from "./classify-error.ts";
import { isSelected, TIME_COLUMN } from "./columns.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { TrailColumn } from "./row.ts";
import {
  absentColumns,
  type BranchAccess,
  CONTAINER,
  type DescribedColumn,
  describeStatement,
  EDITION,
  FILES_OF_INSTANCE,
  INSTANCE_PROBE,
  TRAIL_FILES,
  TRAIL_TABLE,
  TRAIL_VIEW,
  trailColumns,
  VIEW_BY_SOURCE,
  VIEW_BY_UNIQUE_NAME,
} from "./statements.ts";

/** What is asked once per connection: who the database is, and how its trail is read. */
export interface DescribedInstance extends ConnectedInstance {
  /** Of the container; that of the CDB where there is none: decimal. */
  readonly containerDbid: string;
  /** How each branch that can be read is read (Oracle notes §3.3). In another role it may be another way. */
  readonly access: ReadonlyMap<Branch, BranchAccess>;
  /** Columns of the view that a branch has under no known name; they are read as NULL. */
  readonly absentColumns: ReadonlyMap<Branch, readonly string[]>;
}

const NO_GUID = "0".repeat(32);

/** CON_ID of CDB$ROOT; 0 where there are no containers, more in a PDB. */
const ROOT = 1;

/**
 * @param serverHost the configured address of the instance, when the server's own report is not wanted
 * @param nativeAuditFields whether events carry native fields: then columns are read that no other field needs
 */
export async function describeInstance(
  connection: Connection,
  options: ConnectionOptions,
  { serverHost, nativeAuditFields }: { readonly serverHost: string | undefined; readonly nativeAuditFields: boolean },
  signal?: AbortSignal,
): Promise<DescribedInstance> {
  const [dbid, databaseName, role, containerId, host, auditSessionId] = await onlyRow(
    connection,
    INSTANCE_PROBE,
    signal,
  );
  const [guid, containerDbid, containerName] = await onlyRow(connection, CONTAINER, signal);
  const [banner] = await onlyRow(connection, EDITION, signal);
  const edition = editionOf(banner);

  const view = await connection.describe(describeStatement(TRAIL_VIEW), signal);
  const table = await describedOrNothing(connection, TRAIL_TABLE, signal);
  const files = await describedOrNothing(connection, TRAIL_FILES, signal);
  // What was cancelled looks like an empty answer.
  signal?.throwIfAborted();
  const access = accessOf({ view, table, files, role }, options);
  const wanted = trailColumns(view, (name) => isSelected(name, nativeAuditFields));
  const absent = new Map([...access].map(([branch, how]) => [branch, absentColumns(how, wanted)]));
  const isSomewhere = ({ name }: TrailColumn) => [...absent.values()].some((names) => !names.includes(name));
  return {
    description: {
      serverHost: serverHost ?? host,
      serverVersion: `${connection.serverVersion}.${edition}`,
      serviceName: `oracle-${edition.toLowerCase()}`,
      databaseName: Number(containerId) > ROOT ? containerName : databaseName,
    },
    dbid,
    containerDbid: containerDbid || dbid,
    containerGuid: guid || NO_GUID,
    containerName: containerName || databaseName,
    release: Number.parseInt(connection.serverVersion, 10),
    auditSessionId,
    trail: { columns: wanted.filter(isSomewhere) },
    branches: [...access.keys()],
    access,
    absentColumns: absent,
  };
}

/** undefined: this user may not read it itself. */
async function describedOrNothing(
  connection: Connection,
  object: string,
  signal?: AbortSignal,
): Promise<readonly DescribedColumn[] | undefined> {
  try {
    return await connection.describe(describeStatement(object), signal);
  } catch (error) {
    if (error instanceof RefusedError && error.code === "right-missing") return undefined;
    throw error;
  }
}

export interface ReadableObjects {
  readonly view: readonly DescribedColumn[];
  /** undefined: may not be read itself; so for the files. */
  readonly table: readonly DescribedColumn[] | undefined;
  readonly files: readonly DescribedColumn[] | undefined;
  readonly role: string;
}

/**
 * How each branch is read: itself where that is allowed, else through the view, as far as the release's view can tell
 * them apart (Oracle notes §3.3). A primary whose view cannot is read as one source, files included.
 * @throws RefusedError where there is no way that loses nothing
 */
export function accessOf(
  { view, table, files, role }: ReadableObjects,
  options: ConnectionOptions,
): ReadonlyMap<Branch, BranchAccess> {
  const direct = {
    table: table && ({ object: TRAIL_TABLE, described: table, condition: undefined } satisfies BranchAccess),
    files: files && ({ object: TRAIL_FILES, described: files, condition: FILES_OF_INSTANCE } satisfies BranchAccess),
  };
  const through = (condition: string | undefined): BranchAccess => ({ object: TRAIL_VIEW, described: view, condition });
  const has = (column: string) => view.some(({ name }) => name === column);
  const both = (tableAccess: BranchAccess, filesAccess: BranchAccess) =>
    new Map<Branch, BranchAccess>([
      ["table", tableAccess],
      ["files", filesAccess],
    ]);

  if (direct.table && direct.files) return both(direct.table, direct.files);
  if (!has(TIME_COLUMN)) {
    throw new RefusedError({
      who: "oracle-reader",
      what: `${placeOf(options)}: the view of this release gives no time in UTC, and user "${options.user}" may not read what is below it`,
      remedy: `Grant READ on ${TRAIL_TABLE.toUpperCase()} and on ${TRAIL_FILES.toUpperCase()} to ${options.user}`,
      code: "right-missing",
    });
  }
  if (has("SOURCE")) {
    return both(direct.table ?? through(VIEW_BY_SOURCE.table), direct.files ?? through(VIEW_BY_SOURCE.files));
  }
  if (role === "PRIMARY") return new Map([["table", through(undefined)]]);
  // A standby's table is the primary's to publish; its own files are the rows that were not replicated.
  const ownFiles = direct.files ?? (has("DB_UNIQUE_NAME") ? through(VIEW_BY_UNIQUE_NAME) : undefined);
  return new Map(ownFiles && [["files", ownFiles]]);
}

/** As the wire format writes editions (wire format §13.18). Of a cloud's own editions the letters are in the banner. */
export function editionOf(banner: string): "EE" | "SE2" | "XE" | "FREE" {
  if (/\bFree\b/.test(banner)) return "FREE";
  if (/\bExpress\b/.test(banner)) return "XE";
  return /\bStandard\b|\bSE2?\b/.test(banner) ? "SE2" : "EE";
}

/** The first row as texts, of which there are always as many as anybody asks for: NULL is "". */
async function onlyRow(connection: Connection, text: string, signal?: AbortSignal): Promise<FirstRow> {
  const [row = []] = await connection.select(text, {}, signal);
  return Array.from({ length: 6 }, (_, index) => row[index] ?? "") as unknown as FirstRow;
}

type FirstRow = readonly [string, string, string, string, string, string];
