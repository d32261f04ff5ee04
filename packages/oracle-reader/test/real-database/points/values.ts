/** Oracle notes §10.11: how values are written. */
import { parseAuthenticationType } from "../../../src/parse-authentication-type.ts";
import { parseSqlBinds } from "../../../src/parse-sql-binds.ts";
import { beyondReach, either, type UnverifiedPoint } from "./unverified-point.ts";

export const VALUE_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 11,
    question: "the names of audit types",
    settle: async ({ administrator }) => {
      const rows = await administrator.run("SELECT DISTINCT a.component AS name FROM sys.all_unified_audit_actions a");
      return either(
        rows
          .map(({ NAME }) => NAME)
          .toSorted()
          .join(", "),
      );
    },
  },
  {
    section: 11,
    question: "AUTHENTICATION_TYPE of a session that logged on with a password",
    settle: async (database) => {
      await using trail = await database.createTrail();
      await trail.append(1);
      const [row = {}] = await trail.select("t.authentication_type AS text");
      const address = parseAuthenticationType(row.TEXT ?? null);
      return {
        // Where the client is nobody needs to know.
        says: (row.TEXT ?? "NULL").replaceAll(/(HOST|PORT)=[^)]*/g, "$1=…"),
        copes: address.protocol !== null && address.host !== null && address.port !== null,
      };
    },
  },
  {
    section: 11,
    question: "values of TYPE in AUTHENTICATION_TYPE, and groups beside it",
    settle: async ({ administrator }) => {
      const rows = await administrator.run(
        "SELECT DISTINCT t.authentication_type AS text FROM audsys.unified_audit_trail t WHERE t.authentication_type IS NOT NULL",
      );
      const found = new Set(
        rows.flatMap(({ TEXT }) => (TEXT ?? "").match(/TYPE=\([^)]*\)|LOGON_INFO|VERIFIER=[^)]*/g) ?? []),
      );
      return either([...found].join(", ") || "none");
    },
  },
  ...[
    ["umlauts", "äöü"],
    ["what lies beyond the basic plane", "a😀b"],
    ["what looks like the next value", "x #2(3):abc"],
  ].map(
    ([what, value = ""]): UnverifiedPoint => ({
      section: 11,
      question: `SQL_BINDS of a value of ${what}`,
      settle: async (database) => {
        await using trail = await database.createTrail();
        await trail.write([value]);
        const [row = {}] = await trail.select("t.sql_binds AS text");
        const parsed = parseSqlBinds(row.TEXT ?? null);
        return {
          says: `${row.TEXT?.split(":")[0]} (${[...value].length} characters, ${Buffer.byteLength(value)} bytes)`,
          copes: parsed.length === 1 && parsed[0] === value,
        };
      },
    }),
  ),
  beyondReach(11, "AUDIT_TYPE of a row of SQL Firewall", "needs SQL Firewall to be switched on for everybody"),
  beyondReach(11, "the entry id in a SYSLOG record", "needs the log of the database's host"),
];
