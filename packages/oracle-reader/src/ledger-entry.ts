import type { LedgerEntry } from "./ledger.ts";
import { microsOf } from "./micros.ts";
import type { OracleRow, TrailDescription } from "./row.ts";

/** What a row adds to the ledger, and the session whose entries are watched. */
export interface RowEntry extends LedgerEntry {
  /** undefined when the row has no session or no number in it. */
  readonly session: string | undefined;
  readonly object: string | undefined;
}

interface LedgerColumns {
  readonly entry: number;
  readonly session: number;
  readonly object: number;
}

const ledgerColumns = new WeakMap<TrailDescription, LedgerColumns>();

/** As the summary query computes it: `MOD(sessionid, 1000003)`, and seconds with their fraction as one number. */
const SESSION_MODULUS = 1_000_003n;
const SECONDS = "YYYY-MM-DD HH:MM:".length;

/** The numbers of one row as `SUM` would add them (Oracle notes §2.4-3). */
export function ledgerEntryOf(row: OracleRow): RowEntry {
  let columns = ledgerColumns.get(row.trail);
  if (!columns) {
    const indexOf = (name: string) => row.trail.columns.findIndex((column) => column.name === name);
    columns = { entry: indexOf("ENTRY_ID"), session: indexOf("SESSIONID"), object: indexOf("OBJECT_NAME") };
    ledgerColumns.set(row.trail, columns);
  }
  const entry = row.values[columns.entry] ?? undefined;
  const session = row.values[columns.session] ?? undefined;
  const isNumbered = entry !== undefined && session !== undefined && session !== "0";
  return {
    time: microsOf(row.time),
    entries: entry === undefined ? 0n : BigInt(entry),
    sessions: session === undefined ? 0n : BigInt(session) % SESSION_MODULUS,
    // 'SSFF6' of `…:05.123456` is 5123456.
    times: BigInt(row.time.slice(SECONDS, SECONDS + 2)) * 1_000_000n + BigInt(row.time.slice(SECONDS + 3, SECONDS + 9)),
    session: isNumbered ? session : undefined,
    object: row.values[columns.object] ?? undefined,
  };
}
