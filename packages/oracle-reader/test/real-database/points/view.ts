/** Oracle notes §10.1, §10.2 and §10.15: what the view is made of, and how a read of the table is pruned. */
import { oracleEventSchema } from "@das/core";
import { auditColumns } from "@das/oracle-emulator";
import { isUnlisted } from "../../../src/columns.ts";
import { readUntil } from "../../read-until.ts";
import { literal } from "../administrator.ts";
import type { RealDatabase } from "../real-database.ts";
import { either, resultText, type UnverifiedPoint } from "./unverified-point.ts";

/** Releases whose columns are listed; of another one the next older counts. */
const LISTED_RELEASES = [12, 18, 19, 21, 23, 26];

function listedColumns({ description }: RealDatabase): readonly string[] {
  const release = LISTED_RELEASES.findLast((listed) => listed <= description.release) ?? 12;
  return auditColumns(release).map(({ name }) => name);
}

export const VIEW_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 1,
    question: "the columns of the view",
    settle: async (database) => {
      const names = [...database.description.columns];
      const listed = listedColumns(database);
      const unlisted = names.filter((name) => !listed.includes(name));
      const absent = listed.filter((name) => !names.includes(name));
      await using trail = await database.createTrail();
      await trail.append(1);
      const { rows, batches } = await readUntil(trail, undefined, 1);
      await using reader = trail.openReader();
      const [batch] = batches;
      const events = rows.map((row) =>
        reader.toEvent(row, {
          ...(batch?.instance ?? { serverHost: "", serverVersion: "", serviceName: "", databaseName: null }),
          nativeAuditFields: "include",
        }),
      );
      const native = events.at(-1)?.engineNativeAuditFields ?? {};
      return {
        says: `${names.length}${unlisted.length > 0 ? `, not listed: ${unlisted.join(", ")}` : ""}${absent.length > 0 ? `, missing: ${absent.join(", ")}` : ""}`,
        copes:
          events.length === 1 &&
          events.every((event) => oracleEventSchema.safeParse(event).success) &&
          unlisted.filter(isUnlisted).every((name) => Object.hasOwn(native, name)),
      };
    },
  },
  {
    section: 1,
    question: "SOURCE of the view says",
    cannot: ({ description }) => (description.columns.has("SOURCE") ? undefined : "this release's view has no SOURCE"),
    settle: async (database) => {
      await using trail = await database.createTrail();
      await trail.append(1);
      const [ofTable = {}] = await trail.select("t.source AS source");
      const all = await database.administrator.run(
        "SELECT t.source AS source, TO_CHAR(COUNT(*)) AS n FROM audsys.unified_audit_trail t GROUP BY t.source",
      );
      return {
        says: `${ofTable.SOURCE} of a row in the table; of all rows ${all.map(({ SOURCE, N }) => `${SOURCE} ${N}`).join(", ")}`,
        // Without the right to read the table itself the reader goes by this.
        copes: !/^FILE/i.test(ofTable.SOURCE ?? ""),
      };
    },
  },
  {
    section: 2,
    question: "the view joins its table of actions",
    settle: async ({ administrator }) => {
      const [row = {}] = await administrator.run(
        "SELECT DBMS_METADATA.GET_DDL('VIEW','UNIFIED_AUDIT_TRAIL','AUDSYS') AS text FROM dual",
      );
      const conditions = (row.TEXT ?? "").match(/[^\n]*\bact\.(?:action|type)\b[^\n]*/gi) ?? [];
      return either(conditions.map((line) => line.trim()).join(" | ") || "not by the columns that are known");
    },
  },
  {
    section: 2,
    question: "a read of the table by time prunes its partitions:",
    settle: async (database) => {
      const { administrator } = database;
      const plan = database.name();
      const time = "TO_TIMESTAMP(:lo,'YYYY-MM-DD HH24:MI:SS.FF6')";
      await administrator.run(
        `EXPLAIN PLAN SET STATEMENT_ID = ${literal(plan)} FOR SELECT t.entry_id FROM audsys.aud$unified t WHERE t.event_timestamp >= ${time}`,
        { lo: "2000-01-01 00:00:00.000000" },
      );
      const steps = await administrator.run(
        `SELECT p.operation AS operation, p.options AS options, p.partition_start AS first FROM plan_table p
WHERE p.statement_id = :plan AND p.operation LIKE 'PARTITION%'`,
        { plan },
      );
      await administrator.run(`DELETE FROM plan_table WHERE statement_id = ${literal(plan)}`);
      const says = steps.map(({ OPERATION, OPTIONS, FIRST }) => `${OPERATION} ${OPTIONS} from ${FIRST}`).join(", ");
      return { says, copes: steps.some(({ OPTIONS }) => OPTIONS !== "ALL") };
    },
  },
  {
    section: 15,
    question: "columns of the view that the table, or the files, have under no known name",
    settle: async (database) => {
      await using server = await database.connectAs(await database.reader());
      const absent = [...server.instance.absentColumns].map(
        ([branch, names]) => `${branch}: ${names.join(", ") || "none"}`,
      );
      // They are read as NULL, and none of them may be part of a row's identity.
      const needed = ["ENTRY_ID", "SESSIONID", "OBJECT_NAME", "ACTION_NAME", "SQL_TEXT", "SQL_BINDS"];
      const missing = [...server.instance.absentColumns.values()].flat().filter((name) => needed.includes(name));
      return { says: absent.join("; "), copes: missing.length === 0 };
    },
  },
  {
    section: 15,
    question: "ORA_ROWSCN of the table bounds a scan for rows that were loaded",
    settle: async (database) => {
      const { administrator } = database;
      const [before = {}] = await administrator.run("SELECT TO_CHAR(d.current_scn) AS scn FROM sys.v_$database d");
      await using trail = await database.createTrail();
      await trail.append(3);
      const { rows, error } = await administrator.attempt(
        `SELECT TO_CHAR(COUNT(*)) AS n FROM audsys.aud$unified t WHERE t.ora_rowscn > TO_NUMBER(:scn) AND t.obj_owner = :owner`,
        { scn: before.SCN ?? "0", owner: trail.owner.name },
      );
      return either(
        error === undefined ? `${rows[0]?.N === "3" ? "yes" : `no, ${rows[0]?.N} of 3`}` : resultText(error),
      );
    },
  },
];
