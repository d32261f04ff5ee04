import type { InstanceDescription } from "@das/core";
import { ServerError } from "./classify-error.ts";
import type { Connection, QueryParameter } from "./connection.ts";
import type { SqlValue, TrailColumn, TrailDescription } from "./row.ts";
import {
  ACTION_NAMES_QUERY,
  auditReadStatement,
  CLASS_NAMES_QUERY,
  COLUMNS_OF_PROCEDURE,
  DESCRIBE_TRAIL,
  type DeclaredColumn,
  FILES_BY_PROCEDURE,
  FILES_WITH_ROWS,
  INSTANCE_PROBE,
  READ_BY_PROCEDURE,
  READING_RIGHTS,
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
  readonly reading: TrailReading;
}

/** How audit files are read: by the reader itself, or by the procedure that a certificate signs (SQL Server notes §6.1). */
interface TrailReading {
  /** Takes @pattern, @file and @offset. */
  readonly statement: string;
  /** The same, for the names of files that have rows. */
  readonly filesStatement: string;
  /** Which values of a row are the trail's columns; undefined: all of them. */
  readonly kept: readonly number[] | undefined;
  /** The reader itself holds CONTROL SERVER, which reading does not take where the procedure is installed. */
  readonly isPowerful: boolean;
}

/** The first version with a right to read audits, and nothing else. */
const SQL_SERVER_2022 = 16;

/** @param serverHost the configured address of the instance, when the server's own report is not wanted */
export async function describeInstance(
  connection: Connection,
  serverHost: string | undefined,
  signal?: AbortSignal,
): Promise<ConnectedInstance> {
  const [probe = []] = await connection.select(INSTANCE_PROBE, [], signal);
  const [serverName, version, edition, engineEdition, address, oldName] = probe;
  const majorVersion = Number.parseInt(textOf(version), 10);
  const { columns, ...reading } = await describeReading(connection, majorVersion, signal);
  return {
    description: {
      serverHost: serverHost ?? (textOf(address) || textOf(serverName)),
      serverVersion: wireVersion(textOf(version)),
      serviceName: serviceNameOf(textOf(edition), Number(engineEdition)),
      databaseName: null,
    },
    serverName: textOf(serverName),
    oldServerName: textOf(oldName),
    majorVersion,
    reading,
    trail: {
      columns: columns.map(({ name, kind }) => ({ name, kind })),
      actionNames: await readNames(connection, ACTION_NAMES_QUERY, signal),
      classNames: await readNames(connection, CLASS_NAMES_QUERY, signal),
    },
  };
}

interface DescribedReading extends TrailReading {
  readonly columns: readonly TrailColumn[];
}

async function describeReading(
  connection: Connection,
  majorVersion: number,
  signal?: AbortSignal,
): Promise<DescribedReading> {
  const [rights] = majorVersion >= SQL_SERVER_2022 ? [] : await connection.select(READING_RIGHTS, [], signal);
  const [isPowerful = false, mayExecute = false] = (rights ?? []).map((right) => Number(right) === 1);
  if (mayExecute && !isPowerful) return describeProcedure(connection, signal);
  const columns = selectColumns(await declaredColumns(connection, signal));
  const statement = auditReadStatement(columns);
  return { statement, filesStatement: FILES_WITH_ROWS, columns, kept: undefined, isPowerful };
}

/** It gives the time as text besides, and the file's path with each row: what the reader's own statement leaves out. */
async function describeProcedure(connection: Connection, signal?: AbortSignal): Promise<DescribedReading> {
  const given = await columnsOf(connection, COLUMNS_OF_PROCEDURE, [], signal);
  const kept = given.flatMap(({ name }, index) => (name === "event_time" || name === "file_name" ? [] : [index]));
  const columns = selectColumns(kept.flatMap((index) => given[index] ?? []));
  return {
    statement: READ_BY_PROCEDURE,
    filesStatement: FILES_BY_PROCEDURE,
    columns,
    kept,
    isPowerful: false,
  };
}

/** The columns that this version of the function has; how it is best asked is not known of every version. */
async function declaredColumns(connection: Connection, signal?: AbortSignal): Promise<readonly DeclaredColumn[]> {
  const described = (await describedColumns(connection, signal)).filter(([name]) => textOf(name) !== "");
  if (described.length > 0 || signal?.aborted) {
    return described.map(([name, type]) => ({ name: textOf(name), type: textOf(type) }));
  }
  return columnsOf(
    connection,
    TRAIL_WITHOUT_ROWS,
    [{ name: "pattern", type: "nvarchar", value: "*.sqlaudit" }],
    signal,
  );
}

async function columnsOf(
  connection: Connection,
  statement: string,
  parameters: readonly QueryParameter[],
  signal?: AbortSignal,
): Promise<readonly DeclaredColumn[]> {
  let declared: readonly DeclaredColumn[] = [];
  const onColumns = (columns: readonly DeclaredColumn[]) => {
    declared = columns;
  };
  await connection.query(statement, parameters, { onColumns, onRow: () => undefined }, signal);
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
