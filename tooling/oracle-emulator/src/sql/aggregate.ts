/** Rows into groups, and what the aggregates make of each. */
import { number, type SqlValue } from "../sql-types.ts";
import { comparable, compareTyped } from "./compare.ts";
import { type Aggregate, type Compiled, emptyFrame, type Frame, type Grouping } from "./compiled.ts";
import { convertValue, type SessionFormats } from "./convert-value.ts";
import { add, divide, type ExactNumber } from "./exact-number.ts";

interface Accumulator {
  count: number;
  value: SqlValue;
  readonly seen: Set<SqlValue> | undefined;
}

interface Group {
  readonly keys: readonly SqlValue[];
  readonly accumulators: readonly Accumulator[];
}

/** A frame for each group; without GROUP BY there is one, also where there is no row. */
export function* groups(
  frames: Iterable<Frame>,
  keys: readonly Compiled[],
  { isExplicit, aggregates }: Grouping,
  formats: SessionFormats,
  outer: Frame | undefined,
): Generator<Frame> {
  const found = new Map<string, Group>();
  const begin = (values: readonly SqlValue[]): Group => ({
    keys: values,
    accumulators: aggregates.map(({ distinct }) => ({
      count: 0,
      value: null,
      seen: distinct ? new Set<SqlValue>() : undefined,
    })),
  });
  if (!isExplicit) found.set(nameOf([]), begin([]));
  for (const frame of frames) {
    const values = keys.map((key) => key.evaluate(frame));
    const name = nameOf(values);
    let group = found.get(name);
    if (!group) {
      group = begin(values);
      found.set(name, group);
    }
    for (const [index, aggregate] of aggregates.entries()) {
      const accumulator = group.accumulators[index];
      if (accumulator) accumulate(accumulator, aggregate, frame, formats);
    }
  }
  for (const group of found.values()) {
    const aggregated = group.accumulators.map((accumulator, index) => resultOf(accumulator, aggregates[index]));
    yield { ...emptyFrame(outer), keys: group.keys, aggregated };
  }
}

/** NULL adds nothing. */
function accumulate(
  accumulator: Accumulator,
  { kind, operand }: Aggregate,
  frame: Frame,
  formats: SessionFormats,
): void {
  if (!operand) {
    accumulator.count += 1;
    return;
  }
  const value = operand.evaluate(frame);
  if (value === null) return;
  if (accumulator.seen?.has(value)) return;
  accumulator.seen?.add(value);
  accumulator.count += 1;
  const before = accumulator.value;
  if (kind === "sum" || kind === "avg") {
    const asNumber = convertValue(value, operand.type, number, formats) as ExactNumber;
    accumulator.value = before === null ? asNumber : add(before as ExactNumber, asNumber);
  } else if (kind !== "count") {
    const order =
      before === null
        ? null
        : compareTyped(
            comparable(value, operand.type, operand.type, formats),
            comparable(before, operand.type, operand.type, formats),
            operand.type,
          );
    if (order === null || (kind === "min" ? order < 0 : order > 0)) accumulator.value = value;
  }
}

function resultOf({ count, value }: Accumulator, aggregate: Aggregate | undefined): SqlValue {
  if (aggregate?.kind === "count") return count;
  return aggregate?.kind === "avg" && value !== null ? divide(value as ExactNumber, count) : value;
}

/** Equal for equal keys: NULLs count as equal here. */
function nameOf(keys: readonly SqlValue[]): string {
  return JSON.stringify(keys, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
