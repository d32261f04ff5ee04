import { readdirSync, readFileSync } from "node:fs";
import type { AuditRow, ColumnValue } from "../model/audit-row.ts";
import { isSqlServerVersion, type SqlServerVersion } from "../version-profiles.ts";

/** A row that a real server wrote, or that a vendor documents. */
export interface RealRow {
  /** Where it was found: repository and path, or document. */
  readonly source: string;
  readonly version: SqlServerVersion;
  /** Complete in the sense of the model: what is left out is what the engine shows where a column does not apply. */
  readonly row: AuditRow;
}

const FIXTURES = new URL("../../fixtures/", import.meta.url);

/** In the order of their files. */
export function realRows(): readonly RealRow[] {
  const folder = new URL("real-rows/", FIXTURES);
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => (JSON.parse(readFileSync(new URL(name, folder), "utf8")) as unknown[]).map(realRowOf));
}

/** The failed login of AWS's documentation, as a row of 2019. */
export function documentedFailedLogin(): RealRow {
  return realRowOf(JSON.parse(readFileSync(new URL("documented-login-failed.json", FIXTURES), "utf8")));
}

interface Found {
  readonly source: string;
  readonly version: string;
  readonly row: Readonly<Record<string, ColumnValue>>;
}

function realRowOf(found: unknown): RealRow {
  const { source, version, row } = found as Found;
  const { event_time: time, action_id: actionId, sequence_group_id: group } = row;
  if (!isSqlServerVersion(version) || typeof time !== "string" || typeof actionId !== "string") {
    throw new Error(`sqlserver-emulator: a fixture row of ${source} is not complete`);
  }
  return {
    source,
    version,
    row: {
      ...row,
      event_time: time.padEnd("yyyy-mm-dd hh:mm:ss.nnnnnnn".length, "0"),
      action_id: actionId.padEnd(4),
      ...(typeof group === "string" && { sequence_group_id: swappedBytes(group) }),
    },
  };
}

/** GUID text → the bytes that the function shows: the first three groups the other way round. */
function swappedBytes(guid: string): string {
  if (guid.startsWith("0x")) return guid;
  const [first = "", second = "", third = "", ...rest] = guid.toLowerCase().split("-");
  const reversed = (group: string) => (group.match(/../g) ?? []).reverse().join("");
  return `0x${reversed(first)}${reversed(second)}${reversed(third)}${rest.join("")}`;
}
