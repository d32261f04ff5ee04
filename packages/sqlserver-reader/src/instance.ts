import type { InstanceDescription } from "@das/core";
import { ServerError } from "./classify-error.ts";
import type { Connection } from "./connection.ts";
import type { SqlValue, TrailDescription } from "./row.ts";
import {
  ACTION_NAMES_QUERY,
  CLASS_NAMES_QUERY,
  DESCRIBE_TRAIL,
  type DeclaredColumn,
  INSTANCE_PROBE,
  type SelectedColumn,
  selectColumns,
  TRAIL_WITHOUT_ROWS,
} from "./statements.ts";

/** What is asked once per connection: who the server is, and how its audit trail is written. */
export interface ConnectedInstance {
  readonly description: InstanceDescription;
  readonly serverName: string;
  /** `@@SERVERNAME`: keeps the name from before a rename until somebody changes it. */
  readonly oldServerName: string;
  /** 13 = 2016, 14 = 2017, 15 = 2019, 16 = 2022, 17 = 2025. */
  readonly majorVersion: number;
  readonly trail: TrailDescription;
  readonly columns: readonly SelectedColumn[];
}

/** @param serverHost the configured address of the instance, when the server's own report is not wanted */
export async function describeInstance(
  connection: Connection,
  serverHost: string | undefined,
  signal?: AbortSignal,
): Promise<ConnectedInstance> {
  const [probe = []] = await connection.select(INSTANCE_PROBE, [], signal);
  const [serverName, version, edition, engineEdition, address, oldName] = probe;
  const columns = selectColumns(await declaredColumns(connection, signal));
  return {
    description: {
      serverHost: serverHost ?? (textOf(address) || textOf(serverName)),
      serverVersion: wireVersion(textOf(version)),
      serviceName: serviceNameOf(textOf(edition), Number(engineEdition)),
      databaseName: null,
    },
    serverName: textOf(serverName),
    oldServerName: textOf(oldName),
    majorVersion: Number.parseInt(textOf(version), 10),
    columns,
    trail: {
      columns: columns.map(({ name, kind }) => ({ name, kind })),
      actionNames: await readNames(connection, ACTION_NAMES_QUERY, signal),
      classNames: await readNames(connection, CLASS_NAMES_QUERY, signal),
    },
  };
}

/** The columns that this version of the function has; how it is best asked is not known of every version. */
async function declaredColumns(connection: Connection, signal?: AbortSignal): Promise<readonly DeclaredColumn[]> {
  const described = (await describedColumns(connection, signal)).filter(([name]) => textOf(name) !== "");
  if (described.length > 0 || signal?.aborted) {
    return described.map(([name, type]) => ({ name: textOf(name), type: textOf(type) }));
  }
  let declared: readonly DeclaredColumn[] = [];
  const nowhere = { name: "pattern", type: "nvarchar", value: "*.sqlaudit" } as const;
  const onColumns = (columns: readonly DeclaredColumn[]) => {
    declared = columns;
  };
  await connection.query(TRAIL_WITHOUT_ROWS, [nowhere], { onColumns, onRow: () => undefined }, signal);
  return declared;
}

async function describedColumns(connection: Connection, signal?: AbortSignal): Promise<readonly SqlValue[][]> {
  try {
    return await connection.select(DESCRIBE_TRAIL, [], signal);
  } catch (error) {
    if (error instanceof ServerError) return [];
    throw error;
  }
}

async function readNames(connection: Connection, query: string, signal?: AbortSignal): Promise<Map<string, string>> {
  const rows = await connection.select(query, [], signal);
  return new Map(rows.map(([id, name]) => [textOf(id).replace(/ +$/, ""), textOf(name)]));
}

/** `16.0.4105.2` → `16.00.4105.2.v1.R1`, as RDS writes versions (wire format §13.18). */
export function wireVersion(productVersion: string): string {
  const [major = "", minor = "", ...rest] = productVersion.split(".");
  return `${[major.padStart(2, "0"), minor.padStart(2, "0"), ...rest].join(".")}.v1.R1`;
}

/** Enterprise, Developer and Evaluation are one engine; Web shares its number with Standard (wire format §13.18). */
export function serviceNameOf(edition: string, engineEdition: number): string {
  if (edition.startsWith("Web")) return "sqlserver-web";
  if (engineEdition === 4) return "sqlserver-ex";
  return engineEdition === 2 ? "sqlserver-se" : "sqlserver-ee";
}

export function textOf(value: SqlValue | undefined): string {
  return value === null || value === undefined ? "" : String(value);
}
