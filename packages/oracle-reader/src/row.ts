import { type UtcTime, utcTime } from "@das/core";
import { TIME_COLUMN } from "./columns.ts";

/**
 * A value as SQL text gives it, exact: digits of a number (`.5` for 0.5), upper-case hex of a RAW, times as
 * `YYYY-MM-DD HH24:MI:SS.FF6`, a CLOB whole. null is NULL: Oracle has no empty strings.
 */
export type OracleValue = string | null;

/** A column of the trail as this release has it. */
export interface TrailColumn {
  /** As `UNIFIED_AUDIT_TRAIL` names it, upper case, whatever the branch that is read calls it. */
  readonly name: string;
  readonly kind: "text" | "number" | "raw" | "time";
}

/** What all rows of one connection share. */
export interface TrailDescription {
  /** In the order of the values. */
  readonly columns: readonly TrailColumn[];
}

/** One row of the unified audit trail, exact. */
export interface OracleRow {
  readonly trail: TrailDescription;
  readonly values: readonly OracleValue[];
  /** UTC, six fraction digits: when the row says that it happened. */
  readonly time: UtcTime;
  /** Among rows whose key columns are equal, from 0 (Oracle notes §1.4). */
  readonly ordinal: number;
}

const timeIndexes = new WeakMap<TrailDescription, number>();

/** The row of values in the order of the trail's columns. Its place among equal keys is for whoever sorts them. */
export function rowOf(trail: TrailDescription, values: readonly OracleValue[]): OracleRow {
  let index = timeIndexes.get(trail);
  if (index === undefined) {
    index = trail.columns.findIndex(({ name }) => name === TIME_COLUMN);
    timeIndexes.set(trail, index);
  }
  return { trail, values, time: utcTime(String(values[index])), ordinal: 0 };
}
