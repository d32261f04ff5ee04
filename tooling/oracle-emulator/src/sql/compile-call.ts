/** Calls of functions: built in, aggregates, members of packages. */
import { number, type SqlType, type SqlValue, untyped, varchar2 } from "../sql-types.ts";
import { callRoutine, findRoutine } from "./call-routine.ts";
import { type Aggregate, ALL_TABLES, type Compiled, type Frame, type Scope } from "./compiled.ts";
import { findVariable, type ScalarFunction } from "./context.ts";
import { convertValue, familyOf, isConvertible } from "./convert-value.ts";
import { oracleError } from "./messages.ts";
import type { Expression } from "./syntax.ts";

type Call = Extract<Expression, { kind: "call" }>;
/** Given, so that no two files need each other. */
type CompileExpression = (expression: Expression, scope: Scope) => Compiled;

const AGGREGATES: Readonly<Record<string, Aggregate["kind"]>> = {
  COUNT: "count",
  SUM: "sum",
  MIN: "min",
  MAX: "max",
  AVG: "avg",
};

function aggregateKind(path: readonly string[]): Aggregate["kind"] | undefined {
  const [name = ""] = path;
  return path.length === 1 && Object.hasOwn(AGGREGATES, name) ? AGGREGATES[name] : undefined;
}

/** Is there an aggregate in it, not counting those of subqueries? */
export function hasAggregate(expression: unknown): boolean {
  if (typeof expression !== "object" || expression === null) return false;
  if (Array.isArray(expression)) return expression.some(hasAggregate);
  if ("kind" in expression) {
    if (expression.kind === "query") return false;
    if (expression.kind === "countAll") return true;
    if (expression.kind === "call" && aggregateKind((expression as Call).path)) return true;
  }
  return Object.values(expression).some(hasAggregate);
}

export function compileCall(call: Call, scope: Scope, compile: CompileExpression): Compiled {
  const kind = aggregateKind(call.path);
  if (kind) {
    const [operand, ...more] = call.arguments;
    if (!operand || more.length > 0) throw oracleError(operand ? 939 : 938, [], call.at);
    return compileAggregate(kind, compile(operand.value, withoutGrouping(scope)), call.distinct, scope);
  }
  const item = compileItem(call, scope, compile);
  if (item) return item;
  const called = call.path.length === 1 ? scope.context.catalog.functions.get(call.path[0] ?? "") : undefined;
  return called ? compileBuiltIn(called, call, scope, compile) : compileRoutine(call, scope, compile);
}

/** `t(i)` of a collection, and ORA_SQL_TXT(t), which fills one and gives the count of its items. */
function compileItem(call: Call, scope: Scope, compile: CompileExpression): Compiled | undefined {
  const { variables } = scope.context;
  const [argument, ...more] = call.arguments;
  if (!variables || call.path.length !== 1 || !argument || more.length > 0) return undefined;
  const [name = ""] = call.path;
  if (name === "ORA_SQL_TXT" && argument.value.kind === "name") {
    const pieces = findVariable("ORA_SQL_TXT", variables);
    const into = findVariable(argument.value.path[0] ?? "", variables);
    if (!pieces || into?.type.name !== "RECORD") return undefined;
    const evaluate = () => {
      into.fields = pieces.fields ?? new Map();
      return into.fields.size;
    };
    return { type: number, nullable: false, uses: ALL_TABLES, evaluate };
  }
  const collection = findVariable(name, variables);
  if (collection?.type.name !== "RECORD") return undefined;
  const index = compile(argument.value, scope);
  const evaluate = (frame: Frame) => {
    const found = collection.fields?.get(String(index.evaluate(frame)));
    if (!found) throw oracleError(1403);
    return found.value;
  };
  return { type: varchar2(32_767), nullable: true, uses: ALL_TABLES, evaluate };
}

function withoutGrouping({ grouping: _, ...scope }: Scope): Scope {
  return scope;
}

export function compileAggregate(
  kind: Aggregate["kind"],
  operand: Compiled | undefined,
  distinct: boolean,
  { grouping }: Scope,
): Compiled {
  if (!grouping) throw oracleError(934);
  if (operand?.type.name === "CLOB") throw oracleError(932, ["-", "CLOB"]);
  if (operand && (kind === "sum" || kind === "avg") && !["number", "text"].includes(familyOf(operand.type)))
    throw oracleError(932, ["NUMBER", operand.type.name]);
  const index = grouping.aggregates.push({ kind, distinct, ...(operand && { operand }) }) - 1;
  const type = kind === "min" || kind === "max" ? (operand?.type ?? number) : number;
  return { type, nullable: kind !== "count", uses: 0, evaluate: ({ aggregated }: Frame) => aggregated[index] ?? null };
}

function compileBuiltIn(called: ScalarFunction, call: Call, scope: Scope, compile: CompileExpression): Compiled {
  if (call.arguments.length < called.least) throw oracleError(938, [], call.at);
  if (call.arguments.length > called.most) throw oracleError(939, [], call.at);
  const { context } = scope;
  const args = call.arguments.map(({ value }, index) => {
    const argument = compile(value, scope);
    const wanted = called.takes?.[Math.min(index, called.takes.length - 1)];
    return wanted ? brought(argument, wanted, scope) : argument;
  });
  const types = args.map(({ type }) => type);
  return {
    type: called.type(types),
    nullable: true,
    uses: args.reduce((all, { uses }) => all | uses, 0),
    evaluate: (frame) => called.evaluate(valuesOf(args, frame, called.stopsAtFirst === true), context, types),
  };
}

function valuesOf(args: readonly Compiled[], frame: Frame, stopsAtFirst: boolean): readonly SqlValue[] {
  const values: SqlValue[] = [];
  for (const argument of args) {
    const value = argument.evaluate(frame);
    values.push(value);
    if (stopsAtFirst && value !== null) break;
  }
  return values;
}

/** Texts of any kind are as good as each other, and so are times. */
function brought(argument: Compiled, wanted: SqlType, { context: { formats } }: Scope): Compiled {
  const { type } = argument;
  if (type === untyped || familyOf(type) === familyOf(wanted)) return argument;
  if (!isConvertible(type, wanted)) throw oracleError(932, [wanted.name, type.name]);
  return {
    ...argument,
    type: wanted,
    evaluate: (frame) => convertValue(argument.evaluate(frame), type, wanted, formats),
  };
}

/** A function of a package, or one that somebody created. */
function compileRoutine(call: Call, scope: Scope, compile: CompileExpression): Compiled {
  const { context } = scope;
  const routine = findRoutine(call.path, context);
  const written = call.path.map((part) => `"${part}"`).join(".");
  if (!routine?.result) throw oracleError(904, [written], call.at);
  const args = call.arguments.map(({ name, value }) => ({ name, compiled: compile(value, scope) }));
  const { result } = routine;
  return {
    type: result,
    nullable: true,
    uses: args.reduce((all, { compiled }) => all | compiled.uses, args.length === 0 ? 0 : ALL_TABLES),
    evaluate: (frame): SqlValue =>
      callRoutine(
        routine,
        args.map(({ name, compiled }) => ({
          value: compiled.evaluate(frame),
          type: compiled.type,
          ...(name !== undefined && { name }),
        })),
        context,
      ),
  };
}
