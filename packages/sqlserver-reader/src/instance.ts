import type { InstanceDescription } from "@das/core";
import type { Connection } from "./connection.ts";
import type { SqlValue, TrailDescription } from "./row.ts";
import {
  ACTION_NAMES_QUERY,
  CLASS_NAMES_QUERY,
  DESCRIBE_TRAIL,
  INSTANCE_PROBE,
  type SelectedColumn,
  selectColumns,
} from "./statements.ts";

/** What is asked once per connection: who the server is, and how its audit trail is written. */
export interface ConnectedInstance {
  readonly description: InstanceDescription;
  readonly serverName: string;
  /** 13 = 2016, 14 = 2017, 15 = 2019, 16 = 2022, 17 = 2025. */
  readonly majorVersion: number;
  readonly trail: TrailDescription;
  readonly columns: readonly SelectedColumn[];
}

/** @param serverHost the configured address of the instance, when the server's own report is not wanted */
export async function describeInstance(
  connection: Connection,
  serverHost: string | undefined,
  signal: AbortSignal,
): Promise<ConnectedInstance> {
  const [probe = []] = await connection.select(INSTANCE_PROBE, [], signal);
  const [serverName, version, edition, engineEdition, address] = probe;
  const declared = await connection.select(DESCRIBE_TRAIL, [], signal);
  const columns = selectColumns(declared.map(([name, type]) => ({ name: textOf(name), type: textOf(type) })));
  return {
    description: {
      serverHost: serverHost ?? (textOf(address) || textOf(serverName)),
      serverVersion: wireVersion(textOf(version)),
      serviceName: serviceNameOf(textOf(edition), Number(engineEdition)),
      databaseName: null,
    },
    serverName: textOf(serverName),
    majorVersion: Number.parseInt(textOf(version), 10),
    columns,
    trail: {
      columns: columns.map(({ name, kind }) => ({ name, kind })),
      actionNames: await readNames(connection, ACTION_NAMES_QUERY, signal),
      classNames: await readNames(connection, CLASS_NAMES_QUERY, signal),
    },
  };
}

async function readNames(connection: Connection, query: string, signal: AbortSignal): Promise<Map<string, string>> {
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
