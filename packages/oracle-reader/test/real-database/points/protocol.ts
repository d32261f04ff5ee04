/** Oracle notes §10.13: where an emulator may be more lenient than a server, the driver's calls are made to the server. */

import { systemClock } from "@das/core";
import { Connection } from "../../../src/connection.ts";
import { beyondReach, type UnverifiedPoint } from "./unverified-point.ts";

/** Queries and what they give, as exact text. */
const EXACT: readonly (readonly [query: string, value: string | null])[] = [
  ["SELECT 99999999999999999999999999999999999999 FROM dual", "9".repeat(38)],
  ["SELECT -0.5 FROM dual", "-.5"],
  ["SELECT TO_NUMBER(NULL) FROM dual", null],
  ["SELECT RAWTOHEX(HEXTORAW('00FF')) FROM dual", "00FF"],
  ["SELECT 'Ω😀' FROM dual", "Ω😀"],
  ["SELECT TO_CLOB(RPAD('x', 4000, 'x')) FROM dual", "x".repeat(4_000)],
  [
    "SELECT TO_CHAR(CAST(TIMESTAMP '2026-01-02 03:04:05.678901 +02:00' AS TIMESTAMP WITH LOCAL TIME ZONE),'YYYY-MM-DD HH24:MI:SS.FF6') FROM dual",
    "2026-01-02 01:04:05.678901",
  ],
];

export const PROTOCOL_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 13,
    question: "values come exactly, run for run",
    settle: async (database) => {
      const { connection } = await database.reader();
      await using opened = await Connection.open(connection, systemClock);
      const wrong: string[] = [];
      for (let run = 0; run < 2; run += 1) {
        for (const [query, value] of EXACT) {
          const [row] = await opened.select(query);
          if ((row?.[0] ?? null) !== value) wrong.push(`${query}: ${row?.[0]}`);
        }
      }
      return { says: wrong.length === 0 ? "yes" : wrong.join("; "), copes: wrong.length === 0 };
    },
  },
  {
    section: 13,
    question: "a result that is broken off leaves the session usable",
    settle: async (database) => {
      const { connection } = await database.reader();
      await using opened = await Connection.open(connection, systemClock);
      const controller = new AbortController();
      const isComplete = await opened.query(
        "SELECT a.name, b.name FROM sys.all_unified_audit_actions a CROSS JOIN sys.all_unified_audit_actions b",
        {},
        () => controller.abort(),
        controller.signal,
      );
      const [row] = await opened.select("SELECT 'still here' FROM dual");
      return { says: String(row?.[0]), copes: !isComplete && row?.[0] === "still here" };
    },
  },
  {
    section: 13,
    question: "over TCPS the session's NETWORK_PROTOCOL is",
    cannot: ({ isEncrypted }) => (isEncrypted ? undefined : "DAS_TEST_ORACLE_WALLET is not set"),
    settle: async ({ administrator }) => {
      const [row = {}] = await administrator.run(
        "SELECT SYS_CONTEXT('USERENV','NETWORK_PROTOCOL') AS protocol FROM dual",
      );
      return { says: String(row.PROTOCOL), copes: row.PROTOCOL === "tcps" };
    },
  },
  beyondReach(
    13,
    "a listener that redirects, or asks for the connect data again",
    "needs a listener that is set up so",
  ),
];
