import { type UtcTime, utcTime } from "@das/core";

/** A value as the driver gives it: bigint as text, varbinary as bytes, everything else as itself. */
export type SqlValue = string | number | boolean | Uint8Array | null;

/**
 * One row of `sys.fn_get_audit_file`, exact. Values stand in the order of `trail.columns`; the last three members are
 * the row's place: block and ordinal within it.
 */
export interface SqlServerRow {
  readonly trail: TrailDescription;
  readonly values: readonly SqlValue[];
  readonly fileTime: bigint;
  /** Offset of the block, decimal. */
  readonly offset: string;
  /** Position within the block, from 0. */
  readonly ordinal: number;
}

/** A column of the trail as this version declares it; `bigint` values come as decimal text. */
export interface TrailColumn {
  readonly name: string;
  readonly kind: "text" | "bigint" | "other";
}

/** What all rows of one connection share: the columns that this version has, and its names for codes. */
export interface TrailDescription {
  /** In the order of the values. */
  readonly columns: readonly TrailColumn[];
  /** Right-trimmed action id → name, by the live catalog. */
  readonly actionNames: ReadonlyMap<string, string>;
  /** Right-trimmed class type → name, by the live catalog. */
  readonly classNames: ReadonlyMap<string, string>;
}

/** The name under which the reader selects event_time as text: exact to 100 ns, never a Date. */
export const EVENT_TIME_COLUMN = "das_event_time";

const eventTimeIndexes = new WeakMap<TrailDescription, number>();

/** When the row says that it happened. */
export function eventTimeOf({ trail, values }: SqlServerRow): UtcTime {
  let index = eventTimeIndexes.get(trail);
  if (index === undefined) {
    index = trail.columns.findIndex(({ name }) => name === EVENT_TIME_COLUMN);
    eventTimeIndexes.set(trail, index);
  }
  return utcTime(String(values[index]));
}

/** Tells the row from all others of its trail: `fileTime:offset:ordinal`. */
export function markerOf(row: SqlServerRow): string {
  return `${row.fileTime}:${row.offset}:${row.ordinal}`;
}
