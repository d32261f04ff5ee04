import type { AuditBatch, Cursor, Logger } from "@das/core";
import { silentLogger } from "@das/core";
import { expect, test } from "vitest";
import type { ConnectedInstance } from "./instance.ts";
import type { SqlServerRow, TrailDescription } from "./row.ts";
import { RowOrigin } from "./row-origin.ts";

const trail: TrailDescription = {
  columns: [{ name: "server_instance_name", kind: "text" }],
  actionNames: new Map(),
  classNames: new Map(),
};

function batchOf(...names: readonly (string | null)[]): AuditBatch<SqlServerRow> {
  const rows = names.map((name) => ({ trail, values: [name], fileTime: 1n, offset: "5632", ordinal: 0 }));
  return { rows, cursor: "" as Cursor, lossWindows: [], instance: INSTANCE.description };
}

const INSTANCE: ConnectedInstance = {
  description: { serverHost: "", serverVersion: "", serviceName: "", databaseName: null },
  serverName: "NEW\\PROD",
  oldServerName: "OLD\\PROD",
  majorVersion: 16,
  trail,
  reading: { statement: "", filesStatement: "", kept: undefined, isPowerful: false },
};

function originOf(sharedWith: readonly string[]) {
  const warnings: unknown[] = [];
  const logger: Logger = { ...silentLogger, warn: (fields) => void warnings.push(fields) };
  const origin = new RowOrigin("sqlserver:a:RDS_DAS_AUDIT", sharedWith, logger);
  origin.connected(INSTANCE);
  return { origin, warnings };
}

const namesOf = ({ rows }: AuditBatch<SqlServerRow>) => rows.map(({ values }) => values[0]);

test("no row is left out for the name that it bears, and a foreign name is told once", () => {
  const { origin, warnings } = originOf([]);
  const names = ["NEW\\PROD", "old\\prod", "", null, "db-mysql", "db-mysql", "New\\Prod", "db-mysql"];
  expect(namesOf(origin.withoutOthers(batchOf(...names)))).toEqual(names);
  expect(warnings).toEqual([{ source: "sqlserver:a:RDS_DAS_AUDIT", serverInstanceName: "db-mysql" }]);
});

test("the rows of an instance that shares the folder are left to its own publisher", () => {
  const { origin, warnings } = originOf(["Other\\Prod", "OLD\\PROD"]);
  const first = origin.withoutOthers(batchOf("NEW\\PROD", "OTHER\\PROD", "OTHER\\PROD", "OLD\\PROD", "elsewhere"));
  // The own names come first: a mistake in the configuration must not silence the instance.
  expect(namesOf(first)).toEqual(["NEW\\PROD", "OLD\\PROD", "elsewhere"]);
  expect(namesOf(origin.withoutOthers(batchOf("OTHER\\PROD")))).toEqual([]);
  expect(warnings).toHaveLength(2);
});
