/** FROM, its joins and WHERE: which rows there are, and which of them have to be looked at. */
import type { SqlValue } from "../sql-types.ts";
import { type BoundTable, bindTable } from "./bind-table.ts";
import { comparable, comparisonType } from "./compare.ts";
import { compileAsCondition, compileExpression } from "./compile-expression.ts";
import { ALL_TABLES, type Compiled, emptyFrame, type Frame, type Scope } from "./compiled.ts";
import type { TimeBounds } from "./context.ts";
import { oracleError } from "./messages.ts";
import { timeBoundsOf } from "./partition-pruning.ts";
import type { Expression, Join, Select } from "./syntax.ts";

export interface CompiledFrom {
  readonly scope: Scope;
  /** The same frame again and again, with other rows in it. */
  frames(outer?: Frame): Iterable<Frame>;
}

interface Source {
  readonly bound: BoundTable;
  readonly kind: Join["kind"];
  /** Conditions of the join itself: what they refuse, an outer join answers with NULLs. */
  readonly on: readonly Expression[];
}

interface Step {
  readonly bound: BoundTable;
  readonly kind: Join["kind"];
  readonly on: readonly Compiled[];
  /** Parts of WHERE that are known as soon as this table's row is. */
  readonly filters: readonly Compiled[];
  /** An equality by which the rows of this table are found without looking at all of them. */
  readonly lookup: Lookup | undefined;
  bounds(frame: Frame): TimeBounds;
}

interface Lookup {
  inner(frame: Frame): SqlValue;
  outer(frame: Frame): SqlValue;
}

export function compileFrom(select: Select, around: Scope): CompiledFrom {
  const where = conjuncts(select.where);
  const sources = sourcesOf(select, where, around);
  const scope: Scope = {
    ...around,
    tables: sources.map(({ bound, kind }, index) => ({
      ...bound.visible,
      isOptional:
        kind === "left" ||
        kind === "full" ||
        sources.slice(index + 1).some((later) => later.kind === "right" || later.kind === "full"),
    })),
  };
  const plain = where.filter((conjunct) => !mentionsOuterMark(conjunct));
  const compiledWhere = plain.map((expression) => ({ expression, compiled: compileAsCondition(expression, scope) }));
  const steps = sources.map((source, depth) => stepOf(source, depth, sources.length, compiledWhere, scope));
  const constant = sources.length === 0 ? compiledWhere.map(({ compiled }) => compiled) : [];

  function* frames(outer?: Frame): Generator<Frame> {
    const frame = emptyFrame(outer);
    if (steps.length === 0) {
      if (constant.every((condition) => condition.evaluate(frame) === true)) yield frame;
      return;
    }
    // What depends on no row is asked once: `WHERE 1=0` reads nothing.
    const never = compiledWhere.some(({ compiled }) => compiled.uses === 0 && compiled.evaluate(frame) !== true);
    if (never) return;
    for (const found of descend(steps, steps.length - 1, frame)) {
      yield found;
      found.rowNumber += 1;
    }
  }
  return { scope, frames };
}

/** Tables in the order in which they are joined: those that `(+)` marks come after what they are joined to. */
function sourcesOf(select: Select, where: readonly Expression[], around: Scope): readonly Source[] {
  if (!select.from) return [];
  const references = [{ table: select.from, kind: "cross" as Join["kind"], on: undefined }, ...select.joins];
  const listed = references.map(({ table, kind, on }) => ({
    bound: bindTable(table, around),
    kind,
    on: conjuncts(on),
  }));
  const marked = where.filter(mentionsOuterMark);
  if (marked.length === 0) return listed;
  if (listed.some(({ kind }) => kind !== "cross")) throw oracleError(25156);
  const scope: Scope = { ...around, tables: listed.map(({ bound }) => ({ ...bound.visible, isOptional: false })) };
  const isMarked = listed.map(({ bound }) =>
    marked.filter((conjunct) => marksTable(conjunct, bound.visible.alias, scope)),
  );
  const order = listed.map((source, index) => ({ source, on: isMarked[index] ?? [] }));
  const first = order.filter(({ on }) => on.length === 0).map(({ source }) => source);
  const later = order
    .filter(({ on }) => on.length > 0)
    .map(({ source, on }): Source => ({ ...source, kind: "left", on: on.map(withoutMark) }));
  if (first.length === 0) throw oracleError(1416);
  return [...first, ...later];
}

function conjuncts(condition: Expression | undefined): readonly Expression[] {
  if (!condition) return [];
  if (condition.kind === "operation" && condition.operator === "and")
    return [...conjuncts(condition.left), ...conjuncts(condition.right)];
  return [condition];
}

function someName(expression: unknown, test: (name: Extract<Expression, { kind: "name" }>) => boolean): boolean {
  if (typeof expression !== "object" || expression === null) return false;
  if ("kind" in expression && expression.kind === "name" && "path" in expression)
    return test(expression as Extract<Expression, { kind: "name" }>);
  return Object.values(expression).some((part) => someName(part, test));
}

function mentionsOuterMark(expression: Expression): boolean {
  return someName(expression, ({ isOuter }) => isOuter === true);
}

function marksTable(expression: Expression, alias: string, scope: Scope): boolean {
  return someName(expression, ({ isOuter, path }) => {
    if (!isOuter) return false;
    if (path.length > 1) return path.at(-2) === alias;
    return scope.tables.some((table) => table.alias === alias && table.columns.some(({ name }) => name === path[0]));
  });
}

function withoutMark(expression: Expression): Expression {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== "isOuter")
        .map(([key, inner]) => [key, strip(inner)]),
    );
  };
  return strip(expression) as Expression;
}

/** The number of the last table that an expression reads; −1 when it reads none. */
function lastTable(uses: number, count: number): number {
  if (uses === ALL_TABLES) return count - 1;
  return 31 - Math.clz32(uses);
}

interface CompiledConjunct {
  readonly expression: Expression;
  readonly compiled: Compiled;
}

function stepOf(
  { bound, kind, on }: Source,
  depth: number,
  count: number,
  where: readonly CompiledConjunct[],
  scope: Scope,
): Step {
  // A join's condition may speak of the tables up to its own.
  const visible: Scope = { ...scope, tables: scope.tables.slice(0, depth + 1) };
  const conditions = on.map((expression) => ({ expression, compiled: compileAsCondition(expression, visible) }));
  const filters = where.filter(({ compiled }) => compiled.uses !== 0 && lastTable(compiled.uses, count) === depth);
  const isInner = kind === "inner" || kind === "cross";
  const usable = isInner ? [...conditions, ...filters] : conditions;
  const bounds = timeBoundsOf(
    (isInner ? [...conditions, ...where] : conditions).map(({ expression }) => expression),
    depth,
    bound,
    visible,
  );
  return {
    bound,
    kind,
    on: conditions.map(({ compiled }) => compiled),
    filters: filters.map(({ compiled }) => compiled),
    lookup: depth === 0 ? undefined : lookupOf(usable, depth, visible),
    bounds,
  };
}

function lookupOf(conditions: readonly CompiledConjunct[], depth: number, scope: Scope): Lookup | undefined {
  const own = 1 << depth;
  for (const { expression } of conditions) {
    if (expression.kind !== "operation" || expression.operator !== "=") continue;
    const sides = [expression.left, expression.right].map((side) => compileExpression(side, scope));
    const inner = sides.find(({ uses }) => uses === own);
    const outer = sides.find(({ uses }) => uses !== ALL_TABLES && (uses & own) === 0);
    if (!inner || !outer) continue;
    const type = comparisonType(inner.type, outer.type);
    const keyOf = (side: Compiled) => (frame: Frame) =>
      comparable(side.evaluate(frame), side.type, type, scope.context.formats);
    return { inner: keyOf(inner), outer: keyOf(outer) };
  }
  return undefined;
}

function* descend(steps: readonly Step[], depth: number, frame: Frame): Generator<Frame> {
  const step = steps[depth];
  if (!step) {
    yield frame;
    return;
  }
  const joined =
    step.kind === "right" || step.kind === "full"
      ? joinOutward(steps, depth, step, frame)
      : joinInward(steps, depth, step, frame);
  for (const found of joined) if (passes(step.filters, found)) yield found;
}

function passes(conditions: readonly Compiled[], frame: Frame): boolean {
  for (const condition of conditions) if (condition.evaluate(frame) !== true) return false;
  return true;
}

/** Inner, cross and left joins. */
function* joinInward(steps: readonly Step[], depth: number, step: Step, frame: Frame): Generator<Frame> {
  if (depth === 0) {
    for (const row of step.bound.rows(step.bounds(frame), frame)) {
      frame.rows[0] = row;
      yield frame;
    }
    return;
  }
  const rowsFor = rowsOf(step, depth, frame);
  for (const found of descend(steps, depth - 1, frame)) {
    let isMatched = false;
    for (const row of rowsFor(found)) {
      found.rows[depth] = row;
      if (!passes(step.on, found)) continue;
      isMatched = true;
      yield found;
    }
    if (isMatched || step.kind !== "left") continue;
    found.rows[depth] = undefined;
    yield found;
  }
}

/** The rows of a joined table that may match: all of them, or those that an equality finds. Read once. */
function rowsOf(step: Step, depth: number, frame: Frame): (frame: Frame) => readonly unknown[] {
  let all: readonly unknown[] | undefined;
  let index: Map<SqlValue, unknown[]> | undefined;
  const load = () => {
    all ??= Array.from(step.bound.rows(step.bounds(frame), frame));
    return all;
  };
  const { lookup } = step;
  if (!lookup) return load;
  return (found) => {
    index ??= indexOf(load(), lookup, depth, frame);
    const wanted = lookup.outer(found);
    return wanted === null ? [] : (index.get(wanted) ?? []);
  };
}

function indexOf(rows: readonly unknown[], lookup: Lookup, depth: number, { outer }: Frame): Map<SqlValue, unknown[]> {
  const index = new Map<SqlValue, unknown[]>();
  const frame = emptyFrame(outer);
  for (const row of rows) {
    frame.rows[depth] = row;
    const key = lookup.inner(frame);
    if (key === null) continue;
    const same = index.get(key);
    if (same) same.push(row);
    else index.set(key, [row]);
  }
  return index;
}

/** Right and full joins: what is on the left is read once and looked at for each row on the right. */
function* joinOutward(steps: readonly Step[], depth: number, step: Step, frame: Frame): Generator<Frame> {
  const left = Array.from(descend(steps, depth - 1, frame), ({ rows }) => rows.slice(0, depth));
  const matched = new Set<number>();
  const put = (rows: readonly unknown[], own: unknown) => {
    for (let at = 0; at < depth; at += 1) frame.rows[at] = rows[at];
    frame.rows[depth] = own;
  };
  for (const row of step.bound.rows(step.bounds(frame), frame)) {
    let isMatched = false;
    for (const [at, rows] of left.entries()) {
      put(rows, row);
      if (!passes(step.on, frame)) continue;
      isMatched = true;
      matched.add(at);
      yield frame;
    }
    if (isMatched) continue;
    put([], row);
    yield frame;
  }
  if (step.kind !== "full") return;
  for (const [at, rows] of left.entries()) {
    if (matched.has(at)) continue;
    put(rows, undefined);
    yield frame;
  }
}
