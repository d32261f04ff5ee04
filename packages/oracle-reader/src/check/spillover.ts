import type { CheckFinding } from "@das/core";
import { FILES_OF_INSTANCE, TRAIL_FILES } from "../statements.ts";
import { type Answer, type Inquiry, mapAnswer, notKnown, textOf } from "./answer.ts";
import { about, count } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { type ClockFacts, sqlTime } from "./server-clock.ts";
import { block } from "./statement.ts";

/** What lies in this instance's spillover files. */
export interface SpilloverFacts {
  /** At most `MOST_COUNTED`. */
  readonly rows: number;
  /** UTC, of those that were counted; undefined without a row. */
  readonly oldest: string | undefined;
  /** Rows of the last hour that a process wrote which could have used the table. */
  readonly recent: number;
}

const FORMAT = "'YYYY-MM-DD HH24:MI:SS.FF6'";
const TIME = "CAST(t.event_timestamp AS TIMESTAMP WITH LOCAL TIME ZONE)";
/** Rows: files that were left behind may hold millions, and reading them all takes long (Oracle notes §3.1). */
const MOST_COUNTED = 1_000_000;
/** Action 102 is LOGOFF BY CLEANUP: PMON, which writes it, cannot write to the table of the best database. */
const FILES = `SELECT TO_CHAR(COUNT(*)), TO_CHAR(MIN(${TIME}), ${FORMAT}),
       TO_CHAR(SUM(CASE WHEN t.action <> 102 AND ${TIME} >= TO_TIMESTAMP(:recent, ${FORMAT}) THEN 1 ELSE 0 END))
FROM   ${TRAIL_FILES} t
WHERE  ${FILES_OF_INSTANCE} AND ROWNUM <= ${MOST_COUNTED}`;

const HOUR = 3_600_000;

/** Opens the files. */
export async function lookAtSpillover(inquiry: Inquiry, clock: Answer<ClockFacts>): Promise<Answer<SpilloverFacts>> {
  if (!clock.known) return notKnown(clock.reason);
  return mapAnswer(await inquiry.ask(FILES, { recent: sqlTime(clock.value.server - HOUR) }), ([row = []]) => {
    const [rows, oldest, recent] = row;
    return { rows: Number(textOf(rows)), oldest: oldest?.slice(0, 19), recent: Number(textOf(recent)) };
  });
}

/** Rows: of more, opening the files for each poll is felt. */
const MANY = 50_000;

/** They are published like the table's; many make each poll slow, and new ones on a primary say that the table is not written. */
export function judgeSpillover(spillover: Answer<SpilloverFacts>, { role }: InstanceFacts): CheckFinding {
  const { ok, warning } = about(
    "spillover",
    "What cannot be written to the table goes to files of this host, which nothing replicates and each poll opens",
  );
  if (!spillover.known) return warning(`the spillover files cannot be looked at (${spillover.reason})`);
  const { rows, oldest, recent } = spillover.value;
  if (rows === 0) return ok("no row is in spillover files");
  const what = `${rows === MOST_COUNTED ? "at least " : ""}${count(rows, "row")} in spillover files, the oldest of ${oldest} UTC`;
  if (role === "PRIMARY" && recent > 0) {
    return warning(
      `${what}, ${count(recent, "row")} of the last hour: the table was not written to`,
      [
        "-- a tablespace that is full, offline or read only? and see the alert log",
        "SELECT tablespace_name, status FROM dba_tablespaces;",
        "SELECT tablespace_name, used_percent FROM dba_tablespace_usage_metrics;",
      ].join("\n"),
    );
  }
  if (rows > MANY) {
    return warning(
      `${what}: each poll opens all of them`,
      [
        "-- on this host, when they are on the stream; never",
        "-- LOAD_UNIFIED_AUDIT_FILES, which puts old rows into the table",
        block(
          "DBMS_AUDIT_MGMT.CLEAN_AUDIT_TRAIL(",
          "  DBMS_AUDIT_MGMT.AUDIT_TRAIL_UNIFIED, use_last_arch_timestamp => TRUE);",
        ),
      ].join("\n"),
    );
  }
  const usual = role === "PRIMARY" ? ", as they come from PMON on every primary" : ", as a standby writes them";
  return ok(`${what}${usual}: they are read as a source of their own`);
}
