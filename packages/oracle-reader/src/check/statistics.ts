import type { CheckFinding } from "@das/core";
import type { Answer } from "./answer.ts";
import { about } from "./finding.ts";
import type { Pace, Partition } from "./partitions.ts";
import { block } from "./statement.ts";

/** Rows: of less any plan is good. */
const FEW = 10_000;

/** Does the optimizer know how large the table is? */
export function judgeStatistics(partitions: Answer<readonly Partition[]>, pace: Answer<Pace>): readonly CheckFinding[] {
  if (!partitions.known) return [];
  const { ok, warning } = about(
    "statistics",
    "Without statistics of the table and of the fixed objects a poll may be planned as if the trail were empty",
  );
  const latest = partitions.value
    .flatMap(({ analyzed }) => analyzed ?? [])
    .sort()
    .at(-1);
  if (latest !== undefined) return [ok(`statistics of AUDSYS.AUD$UNIFIED were gathered at ${latest} (server time)`)];
  const rows = pace.known ? pace.value.rows : FEW;
  if (rows < FEW) return [ok("AUDSYS.AUD$UNIFIED has no statistics, and so few rows that it needs none")];
  return [
    warning(
      "statistics of AUDSYS.AUD$UNIFIED were never gathered",
      block("DBMS_STATS.GATHER_TABLE_STATS('AUDSYS', 'AUD$UNIFIED');", "DBMS_STATS.GATHER_FIXED_OBJECTS_STATS;"),
    ),
  ];
}
