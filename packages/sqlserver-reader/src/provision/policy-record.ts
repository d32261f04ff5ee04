import { type Answer, type Inquiry, mapAnswer } from "../check/answer.ts";
import { quoteText } from "../check/statement.ts";
import { textOf } from "../instance.ts";
import type { PolicyItem, PolicyRecord } from "./fingerprint.ts";
import { KEPT_DATABASES_TABLE, RECORD_TABLE, STATE_TABLE } from "./names.ts";
import type { Step } from "./step.ts";

const TABLES = `SELECT OBJECT_ID(N'master.${STATE_TABLE}') AS state_id, OBJECT_ID(N'master.${RECORD_TABLE}') AS record_id`;
const POLICY = `SELECT policy FROM master.${STATE_TABLE} WHERE id = 1`;
const ITEMS = `SELECT item, is_users, value FROM master.${RECORD_TABLE}`;

/** undefined: they are not there. A question for each table; none that is not there is asked. */
export async function lookAtRecord(inquiry: Inquiry): Promise<Answer<PolicyRecord | undefined>> {
  const tables = await inquiry.ask(TABLES);
  if (!tables.known) return tables;
  const [stateId, recordId] = tables.value[0] ?? [];
  if (stateId === null || recordId === null) return { known: true, value: undefined };
  const policy = await inquiry.ask(POLICY);
  if (!policy.known) return policy;
  const word = textOf(policy.value[0]?.[0]);
  return mapAnswer(await inquiry.ask(ITEMS), (rows) => ({
    policy: word === "locked" || word === "unlocked" ? word : undefined,
    items: rows.map(([item, isUsers, value]) => ({
      item: textOf(item),
      isUsers: Number(isUsers) === 1,
      value: textOf(value),
    })),
  }));
}

/** INSERT takes this many rows (SQL Server, table value constructor). */
const MOST_ROWS = 1000;

/** Replaces what was recorded, and locks, in one transaction: there is no moment with a lock and without a record. */
export function lockPolicy(items: readonly PolicyItem[]): Step {
  const kept = new Set(
    items.flatMap(({ database, value }) => (database !== undefined && value === "ON" ? [database] : [])),
  );
  const insert = (table: string, columns: string, rows: readonly string[]) =>
    chunks(rows).map((chunk) => `INSERT INTO ${table} (${columns}) VALUES\n  ${chunk.join(",\n  ")};`);
  return {
    what: "record the audit policy and lock it",
    sql: [
      "SET XACT_ABORT ON;",
      "BEGIN TRANSACTION;",
      `DELETE FROM ${RECORD_TABLE};`,
      ...insert(
        RECORD_TABLE,
        "item, is_users, value",
        items.map(({ item, isUsers, value }) => `(${quoteText(item)}, ${isUsers ? 1 : 0}, ${quoteText(value)})`),
      ),
      `DELETE FROM ${KEPT_DATABASES_TABLE};`,
      ...insert(
        KEPT_DATABASES_TABLE,
        "database_name",
        [...kept].map((name) => `(${quoteText(name)})`),
      ),
      `DELETE FROM ${STATE_TABLE};`,
      `INSERT INTO ${STATE_TABLE} (id, policy, changed_utc) VALUES (1, 'locked', SYSUTCDATETIME());`,
      "COMMIT TRANSACTION;",
    ].join("\n"),
  };
}

export function unlockPolicy(): Step {
  return {
    what: "unlock the audit policy",
    sql: `UPDATE ${STATE_TABLE} SET policy = 'unlocked', changed_utc = SYSUTCDATETIME() WHERE id = 1;`,
  };
}

function chunks(rows: readonly string[]): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  for (let at = 0; at < rows.length; at += MOST_ROWS) found.push(rows.slice(at, at + MOST_ROWS));
  return found;
}
