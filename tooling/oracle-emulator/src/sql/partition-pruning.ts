/** Which span of a partitioned table's key a condition leaves: partitions outside it are not read. */
import { isTime, timestamp } from "../sql-types.ts";
import type { BoundTable } from "./bind-table.ts";
import { compileExpression } from "./compile-expression.ts";
import { findColumn } from "./compile-name.ts";
import type { Compiled, Frame, Scope } from "./compiled.ts";
import type { TimeBounds } from "./context.ts";
import { convertValue } from "./convert-value.ts";
import type { Comparison, Expression } from "./syntax.ts";

const MIRRORED: Partial<Record<string, Comparison>> = { ">": "<", ">=": "<=", "<": ">", "<=": ">=", "=": "=" };

interface Limit {
  readonly comparison: Comparison;
  readonly value: Compiled;
}

/** Only the bare column prunes: a function on it, or a conversion of it, hides it from the optimizer (Oracle notes §2.2). */
export function timeBoundsOf(
  conditions: readonly Expression[],
  depth: number,
  { partitionKey }: BoundTable,
  scope: Scope,
): (frame: Frame) => TimeBounds {
  const limits =
    partitionKey === undefined ? [] : conditions.flatMap((each) => limitOf(each, depth, partitionKey, scope));
  const { formats } = scope.context;
  return (frame) => {
    const bounds: { from?: string; to?: string } = {};
    for (const { comparison, value } of limits) {
      const evaluated = convertValue(value.evaluate(frame), value.type, timestamp, formats);
      if (evaluated === null) continue;
      const time = String(evaluated);
      if (comparison !== "<" && comparison !== "<=" && (bounds.from === undefined || bounds.from < time))
        bounds.from = time;
      // The end of bounds is open: what may be equal to it is let in by the next microsecond.
      const end = comparison === "<" ? time : `${time}~`;
      if (comparison !== ">" && comparison !== ">=" && (bounds.to === undefined || end < bounds.to)) bounds.to = end;
    }
    return bounds;
  };
}

function limitOf(condition: Expression, depth: number, key: string, scope: Scope): readonly Limit[] {
  if (condition.kind !== "operation" || !(condition.operator in MIRRORED)) return [];
  const { left, right, operator } = condition;
  const isKey = (side: Expression) => {
    if (side.kind !== "name") return false;
    const found = findColumn(side.path, scope);
    return found?.index === depth && found.column.name === key;
  };
  if (isKey(left)) return constant(right, operator as Comparison, scope);
  return isKey(right) ? constant(left, MIRRORED[operator] ?? "=", scope) : [];
}

function constant(side: Expression, comparison: Comparison, scope: Scope): readonly Limit[] {
  if (side.kind === "scalar") return [];
  const value = compileExpression(side, scope);
  const isPlain = !isTime(value.type) || value.type.name === "TIMESTAMP" || value.type.name === "DATE";
  return value.uses === 0 && isPlain ? [{ comparison, value }] : [];
}
