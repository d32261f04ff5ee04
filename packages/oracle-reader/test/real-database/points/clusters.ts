/** Oracle notes §10.6, §10.7 and §10.12: what takes several instances or several databases. */
import { beyondReach, either, resultText, type UnverifiedPoint } from "./unverified-point.ts";

export const CLUSTER_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 6,
    question: "the filter by INST_ID keeps out the files of other instances of a cluster",
    cannot: ({ description }) => (description.isCluster ? undefined : "needs a cluster of several instances"),
    settle: async ({ administrator }) => {
      const [row = {}] = await administrator.run(
        `SELECT TO_CHAR(COUNT(DISTINCT t.inst_id)) AS instances, SYS_CONTEXT('USERENV','INSTANCE') AS own
FROM sys.gv_$unified_audit_trail t WHERE t.inst_id = TO_NUMBER(SYS_CONTEXT('USERENV','INSTANCE'))`,
      );
      return { says: `${row.INSTANCES} instances, here ${row.OWN}`, copes: Number(row.INSTANCES) <= 1 };
    },
  },
  beyondReach(7, "SESSIONID of a standby's sessions is unique", "needs a standby and its primary"),
  beyondReach(7, "spillover files are loaded by themselves after a role change", "needs a standby and its primary"),
  beyondReach(7, "CLEAN_AUDIT_TRAIL works on a read-only standby", "needs a standby, and would purge its files"),
  {
    section: 12,
    question: "STANDBY_DB_PRESERVE_STATES is",
    settle: async ({ administrator }) => {
      const { rows, error } = await administrator.attempt(
        "SELECT p.value AS value FROM sys.v_$parameter p WHERE p.name = 'standby_db_preserve_states'",
      );
      return either(error === undefined ? String(rows[0]?.VALUE ?? "not a parameter") : resultText(error));
    },
  },
  beyondReach(12, "the errors that a poll sees at a switchover", "needs a standby and its primary"),
];
