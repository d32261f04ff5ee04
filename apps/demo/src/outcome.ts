import type { Comparison } from "./tally.ts";

/** How it ended for one database, or for all of them. */
export interface Outcome extends Comparison {
  /** Events that came again, and that the consumer left out by their identity. */
  readonly duplicatesDropped: number;
  /** Spans in which activity may be missing, as publishers told on the stream: after a failover nobody can be sure. */
  readonly lossWindows: number;
  readonly failovers: number;
  /** Publishers that were killed with SIGKILL. */
  readonly kills: number;
  /**
   * Milliseconds from a failover to the arrival of the first event that the new primary audited after it; the longest.
   * null: there was no failover, or nothing came.
   */
  readonly takeoverMs: number | null;
}

export function sumOf(outcomes: readonly Outcome[]): Outcome {
  const sum = (member: Exclude<keyof Outcome, "takeoverMs">) =>
    outcomes.reduce((total, outcome) => total + outcome[member], 0);
  const takeovers = outcomes.flatMap(({ takeoverMs }) => takeoverMs ?? []);
  return {
    audited: sum("audited"),
    decoded: sum("decoded"),
    missing: sum("missing"),
    duplicates: sum("duplicates"),
    duplicatesDropped: sum("duplicatesDropped"),
    lossWindows: sum("lossWindows"),
    failovers: sum("failovers"),
    kills: sum("kills"),
    takeoverMs: takeovers.length > 0 ? Math.max(...takeovers) : null,
  };
}

/** Everything is there, and once. */
export function isComplete({ missing, duplicates, failovers, takeoverMs }: Outcome): boolean {
  return missing === 0 && duplicates === 0 && (failovers === 0 || takeoverMs !== null);
}
