import { type AuditFileName, parseAuditFileName, splitPath } from "./audit-file-name.ts";
import type { Connection } from "./connection.ts";
import { textOf } from "./instance.ts";
import { AUDIT_DEFINITION, AUDIT_STATUS, FILE_LISTING, FILE_LISTING_2016 } from "./statements.ts";

/** What `sys.dm_server_audit_status` says about one audit. */
export interface AuditStatus {
  /** STARTED, RUNTIME_FAIL, …; undefined when the audit does not exist. Numbers differ between versions: not used. */
  readonly status: string | undefined;
  /** UTC, as the server gives it. */
  readonly statusTime: string;
  /** Name of the file being written; undefined when the audit is stopped. */
  readonly currentFile: string | undefined;
}

export async function readStatus(connection: Connection, audit: string, signal: AbortSignal): Promise<AuditStatus> {
  const [row] = await connection.select(AUDIT_STATUS, [{ name: "audit", type: "nvarchar", value: audit }], signal);
  const path = textOf(row?.[2]);
  return {
    status: row && textOf(row[0]),
    statusTime: textOf(row?.[1]),
    currentFile: path === "" ? undefined : splitPath(path).name,
  };
}

export interface AuditDefinition {
  /** Upper case. */
  readonly auditGuid: string;
  readonly enabled: boolean;
  /** FILEPATH with its trailing separator. */
  readonly directory: string;
}

/** undefined when there is no audit of this name that writes to files. */
export async function readDefinition(
  connection: Connection,
  audit: string,
  signal: AbortSignal,
): Promise<AuditDefinition | undefined> {
  const [row] = await connection.select(AUDIT_DEFINITION, [{ name: "audit", type: "nvarchar", value: audit }], signal);
  if (!row) return undefined;
  return { auditGuid: textOf(row[0]).toUpperCase(), enabled: Boolean(row[1]), directory: textOf(row[2]) };
}

/** The files of one audit's set in a directory, oldest first. */
export async function listFiles(
  connection: Connection,
  majorVersion: number,
  directory: string,
  auditGuid: string,
  signal: AbortSignal,
): Promise<readonly AuditFileName[]> {
  const names =
    majorVersion >= 14
      ? (
          await connection.select(
            FILE_LISTING,
            [
              { name: "directory", type: "nvarchar", value: directory },
              { name: "pattern", type: "nvarchar", value: "*.sqlaudit" },
            ],
            signal,
          )
        ).map(([name]) => textOf(name))
      : (
          await connection.select(
            FILE_LISTING_2016,
            [{ name: "directory", type: "nvarchar", value: directory }],
            signal,
          )
        )
          .filter(([, , isFile]) => Number(isFile) === 1)
          .map(([name]) => textOf(name));
  return names
    .map(parseAuditFileName)
    .filter((file) => file !== undefined)
    .filter((file) => file.auditGuid === auditGuid)
    .sort((a, b) => (a.fileTime < b.fileTime ? -1 : 1));
}
