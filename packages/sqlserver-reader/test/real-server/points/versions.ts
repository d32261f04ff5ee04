/** SQL Server notes §10.7: what this version has that no list of ours does. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { sqlServerEventSchema } from "@das/core";
import { AUDIT_COLUMNS } from "@das/sqlserver-emulator";
import { readUntil } from "../../read-until.ts";
import type { RealServer } from "../real-server.ts";
import { either, type UnverifiedPoint } from "./unverified-point.ts";

const YEARS: Readonly<Record<number, number>> = { 13: 2016, 14: 2017, 15: 2019, 16: 2022, 17: 2025 };

/** Of the version, or of the newest that is listed. */
function listedColumns({ description }: RealServer): readonly string[] {
  const year = YEARS[description.majorVersion] ?? Number.POSITIVE_INFINITY;
  return AUDIT_COLUMNS.filter(({ since }) => since <= year).map(({ name }) => name);
}

/** First column of one of the published code tables that the emulator serves. */
function listedCodes(table: string): ReadonlySet<string> {
  const emulator = pathToFileURL(createRequire(import.meta.url).resolve("@das/sqlserver-emulator"));
  const text = readFileSync(new URL(`../fixtures/code-tables/${table}.csv`, emulator), "utf8");
  return new Set(text.split(/\r?\n/).map((line) => line.split(",")[0] ?? ""));
}

export const VERSION_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 7,
    question: "the columns of sys.fn_get_audit_file",
    settle: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(1);
      const names = Object.keys((await audit.select("*"))[0] ?? {});
      const listed = listedColumns(server);
      const unlisted = names.filter((name) => !listed.includes(name));
      const absent = listed.filter((name) => !names.includes(name));
      const { rows, batches } = await readUntil(audit, undefined, audit.expectedMarkers().length);
      await using reader = audit.openReader();
      const events = rows.map((row) =>
        reader.toEvent(row, {
          ...(batches[0]?.instance ?? { serverHost: "", serverVersion: "", serviceName: "", databaseName: null }),
          nativeAuditFields: "include",
        }),
      );
      const native = events.at(-1)?.engineNativeAuditFields ?? {};
      return {
        says: `${names.length}${unlisted.length > 0 ? `, not listed: ${unlisted.join(", ")}` : ""}${absent.length > 0 ? `, missing: ${absent.join(", ")}` : ""}`,
        copes:
          events.length > 0 &&
          events.every((event) => sqlServerEventSchema.safeParse(event).success) &&
          unlisted.every((name) => Object.hasOwn(native, name)),
      };
    },
  },
  {
    section: 7,
    question: "sys.fn_get_audit_file_v2 exists",
    settle: async ({ administrator }) => {
      const rows = await administrator.run("SELECT name FROM sys.all_objects WHERE name = N'fn_get_audit_file_v2'");
      return either(rows.length > 0 ? "yes" : "no");
    },
  },
  {
    section: 7,
    question: "action ids that no list has",
    settle: async ({ administrator }) => {
      const listed = listedCodes("actions");
      const rows = await administrator.run(
        "SELECT DISTINCT RTRIM(action_id) AS id, name FROM sys.dm_audit_actions WHERE action_id IS NOT NULL",
      );
      const unlisted = rows.filter(({ id }) => !listed.has(String(id))).map(({ id, name }) => `${id} ${name}`);
      // The live view gives the name, and an id without one travels as itself.
      return either(unlisted.join(", ") || "none");
    },
  },
  {
    section: 7,
    question: "class types that no list has, and the securables that were not known",
    settle: async ({ administrator }) => {
      const listed = listedCodes("class-types");
      const rows = await administrator.run(
        "SELECT RTRIM(class_type) AS id, class_type_desc AS name, securable_class_desc AS securable FROM sys.dm_audit_class_type_map",
      );
      const unlisted = rows.filter(({ id }) => !listed.has(String(id))).map(({ id, name }) => `${id} ${name}`);
      const asked = ["DR", "DS", "EC", "EL", "ER", "EX", "LA", "PL", "PU", "XL", "XU"];
      const securables = rows.filter(({ id }) => asked.includes(String(id))).map((row) => `${row.id} ${row.securable}`);
      return either(`${unlisted.join(", ") || "none"}; ${securables.join(", ") || "none of the eleven"}`);
    },
  },
];
