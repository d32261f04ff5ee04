/** PL/SQL: a block is compiled as a whole before any of it runs. */
import { OracleError } from "../oracle-error.ts";
import { number, record, type SqlType, type SqlValue, varchar2 } from "../sql-types.ts";
import { callRoutine, findRoutine, matchArguments } from "./call-routine.ts";
import { compilationError, placeOf } from "./compilation-error.ts";
import { compileAsCondition, compileExpression, converted } from "./compile-expression.ts";
import { compileQuery } from "./compile-query.ts";
import { type Compiled, emptyFrame, type Scope } from "./compiled.ts";
import { findVariable, type SqlContext, type Variable } from "./context.ts";
import { convertValue, isConvertible } from "./convert-value.ts";
import { type MessageNumber, oracleError } from "./messages.ts";
import type { Argument, Block, BlockStatement, Expression, Query } from "./syntax.ts";

/** How a statement ended: undefined goes on with the next one. */
type Ending = { readonly kind: "exit" } | { readonly kind: "return"; readonly value: SqlValue } | undefined;
type Step = () => Ending;

/** What a block does besides computing: given by the engine, which runs SQL. */
export interface BlockHost {
  runText(sql: string, context: SqlContext): void;
}

/** @throws OracleError 6550; what is returned runs the block, once */
export function compileBlock(block: Block, context: SqlContext, host: BlockHost): () => Ending {
  const own = new Map<string, Variable>();
  const inner: SqlContext = { ...context, variables: { own, outer: context.variables } };
  const initial: Step[] = [];
  for (const { name, type, value } of block.declarations) {
    const variable: Variable = { type, value: null };
    const compiled = value && compileValue(value, type, inner);
    own.set(name, variable);
    if (compiled) initial.push(() => assign(variable, compiled.evaluate(emptyFrame())));
  }
  const steps = sequence(block.statements, inner, host);
  const handlers = block.handlers.map(({ exceptions, body: statements }) => {
    const caught = new Map<string, Variable>([
      ["SQLCODE", { type: number, value: 0 }],
      ["SQLERRM", { type: varchar2(4000), value: null }],
    ]);
    const body = sequence(statements, { ...inner, variables: { own: caught, outer: inner.variables } }, host);
    return { exceptions, caught, body };
  });
  return () => {
    try {
      for (const step of initial) step();
      return steps();
    } catch (error) {
      if (!(error instanceof OracleError)) throw error;
      const handler = handlers.find(({ exceptions }) => exceptions.some((name) => isCaught(name, error)));
      if (!handler) throw error;
      handled(handler.caught, error);
      try {
        return handler.body();
      } catch (again) {
        throw again instanceof Reraised ? error : again;
      }
    }
  };
}

/** RAISE without a name. */
class Reraised extends Error {}

function handled(caught: ReadonlyMap<string, Variable>, error: OracleError): void {
  const [code, text] = [caught.get("SQLCODE"), caught.get("SQLERRM")];
  if (code) code.value = error.number === 1403 ? 100 : -error.number;
  if (text) text.value = error.message;
}

const NAMED_EXCEPTIONS: Readonly<Record<string, MessageNumber>> = {
  NO_DATA_FOUND: 1403,
  TOO_MANY_ROWS: 1422,
  VALUE_ERROR: 6502,
  ZERO_DIVIDE: 1476,
  INVALID_NUMBER: 1722,
};

function isCaught(name: string, { number: code }: OracleError): boolean {
  return name === "OTHERS" || NAMED_EXCEPTIONS[name] === code;
}

function sequence(statements: readonly BlockStatement[], context: SqlContext, host: BlockHost): Step {
  const steps = statements.map((statement) => compileStatement(statement, context, host));
  return () => {
    for (const step of steps) {
      const ending = step();
      if (ending) return ending;
    }
    return undefined;
  };
}

function scopeOf(context: SqlContext): Scope {
  return {
    context,
    tables: [],
    outer: undefined,
    compileSubquery: (query, around) => compileQuery(query, context, around),
  };
}

/** What SQL calls an error of a name or a type is one of the compiler here. */
function compiling<Result>(context: SqlContext, compile: () => Result): Result {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof OracleError) || error.number === 6550) throw error;
    const place = placeOf(context.source ?? "", error.position);
    const name = /^ORA-00904: (\S+):/.exec(error.message)?.[1]?.replaceAll('"', "");
    const message =
      name === undefined ? `PL/SQL: ${error.message}` : `PLS-00201: identifier '${name}' must be declared`;
    throw compilationError(message, place);
  }
}

function compileValue(expression: Expression, type: SqlType, context: SqlContext): Compiled {
  return compiling(context, () => {
    const scope = scopeOf(context);
    const compiled = compileExpression(expression, scope);
    if (!isConvertible(compiled.type, type) && compiled.type.length !== 1)
      throw compilationError("PLS-00382: expression is of wrong type", placeOf(context.source ?? "", 0));
    if (compiled.type.name === type.name || !isConvertible(compiled.type, type)) return compiled;
    return converted(compiled, type, scope);
  });
}

/** Of a parameter's default. */
export function evaluateNow(expression: Expression, type: SqlType, context: SqlContext): SqlValue {
  return compileValue(expression, type, context).evaluate(emptyFrame());
}

function conditionOf(expression: Expression, context: SqlContext): () => boolean {
  const compiled = compiling(context, () => compileAsCondition(expression, scopeOf(context)));
  return () => compiled.evaluate(emptyFrame()) === true;
}

/** The error as it leaves a line of the program: with the line in the stack. */
function atLine(line: number, context: SqlContext, step: Step): Step {
  return () => {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof OracleError) || error.message.endsWith(stackLine(line, context))) throw error;
      throw withLine(error, line, context);
    }
  };
}

function stackLine(line: number, { program }: SqlContext): string {
  return program === undefined ? `ORA-06512: at line ${line}` : `ORA-06512: at "${program}", line ${line}`;
}

function withLine(error: OracleError, line: number, context: SqlContext): OracleError {
  const text = error.message.replace(/^ORA-\d+: /, "");
  return new OracleError(error.number, `${text}\n${stackLine(line, context)}`, error.position);
}

/** @throws OracleError 6502 */
function assign(variable: Variable, value: SqlValue): undefined {
  const { type } = variable;
  if (typeof value === "string" && type.name === "VARCHAR2" && Buffer.byteLength(value) > (type.length ?? 32_767))
    throw oracleError(6502, [": character string buffer too small"]);
  variable.value = value;
  return undefined;
}

function compileStatement(statement: BlockStatement, context: SqlContext, host: BlockHost): Step {
  switch (statement.kind) {
    case "null":
      return () => undefined;
    case "assign":
      return compileAssignment(statement, context);
    case "call":
      return atLine(statement.line, context, compileCall(statement, context));
    case "if": {
      const branches = statement.branches.map(({ condition, body }) => ({
        holds: conditionOf(condition, context),
        run: sequence(body, context, host),
      }));
      const otherwise = sequence(statement.otherwise, context, host);
      return () => (branches.find(({ holds }) => holds())?.run ?? otherwise)();
    }
    case "countLoop":
      return compileCountLoop(statement, context, host);
    case "queryLoop":
      return compileQueryLoop(statement, context, host);
    case "loop": {
      const goesOn = statement.condition ? conditionOf(statement.condition, context) : () => true;
      const body = sequence(statement.body, context, host);
      return () => repeat(goesOn, body);
    }
    case "exit": {
      const holds = statement.condition ? conditionOf(statement.condition, context) : () => true;
      return () => (holds() ? { kind: "exit" } : undefined);
    }
    case "return": {
      const value =
        statement.value && compiling(context, () => compileExpression(statement.value as Expression, scopeOf(context)));
      return () => ({ kind: "return", value: value?.evaluate(emptyFrame()) ?? null });
    }
    case "raise":
      return compileRaise(statement, context);
    case "executeImmediate": {
      const text = compileValue(statement.text, varchar2(32_767), context);
      return atLine(statement.line, context, () => {
        host.runText(String(text.evaluate(emptyFrame()) ?? ""), context);
        return undefined;
      });
    }
    case "select":
      return atLine(statement.line, context, compileSelectInto(statement.query, context));
    case "sql":
      return atLine(statement.line, context, () => {
        host.runText(statement.text, context);
        return undefined;
      });
    case "block":
      return compileBlock(statement.block, context, host);
  }
}

function compileAssignment(
  { variable: name, value, line }: Extract<BlockStatement, { kind: "assign" }>,
  context: SqlContext,
): Step {
  const variable = findVariable(name, context.variables);
  if (!variable) throw compilationError(`PLS-00201: identifier '${name}' must be declared`, { line, column: 3 });
  const compiled = compileValue(value, variable.type, context);
  return atLine(line, context, () => assign(variable, compiled.evaluate(emptyFrame())));
}

function compileCall(call: Extract<BlockStatement, { kind: "call" }>, context: SqlContext): Step {
  const { path, arguments: args, line, column } = call;
  const name = path.join(".");
  if (name === "RAISE_APPLICATION_ERROR") return compileRaiseApplicationError(args, context);
  const routine = findRoutine(path, context);
  if (!routine) {
    // Of a package that may not be executed, the package is what is not there.
    const missing = path.length > 1 && !isOwnProgram(path, context) ? path.slice(0, -1).join(".") : name;
    throw compilationError(`PLS-00201: identifier '${missing}' must be declared`, { line, column });
  }
  const compiled = args.map(({ name: argument, value }) => ({
    ...(argument !== undefined && { name: argument }),
    compiled: compiling(context, () => compileExpression(value, scopeOf(context))),
  }));
  matchArguments(
    routine,
    compiled.map(({ compiled: { type }, ...rest }) => ({ ...rest, type })),
  );
  return () => {
    const given = compiled.map(({ compiled: argument, ...rest }) => ({
      ...rest,
      type: argument.type,
      value: argument.evaluate(emptyFrame()),
    }));
    callRoutine(routine, given, context);
    return undefined;
  };
}

/** `das_owner.das_canary` is a program of a schema, not of a package. */
function isOwnProgram([first = ""]: readonly string[], { dictionary, catalog, session }: SqlContext): boolean {
  if (catalog.synonyms.has(first) || catalog.packages.has(`${session.currentSchema}.${first}`)) return false;
  return dictionary.database.users.some(({ name }) => name === first) && first !== "SYS" && first !== "AUDSYS";
}

function compileRaiseApplicationError(args: readonly Argument[], context: SqlContext): Step {
  const [code, text] = args.map(({ value }) => value);
  if (!code || !text)
    throw compilationError("PLS-00306: wrong number or types of arguments in call to 'RAISE_APPLICATION_ERROR'");
  const [wantedCode, wantedText] = [compileValue(code, number, context), compileValue(text, varchar2(2048), context)];
  return () => {
    const raised = Number(wantedCode.evaluate(emptyFrame()));
    if (!(raised <= -20_000 && raised >= -20_999))
      throw new OracleError(21000, `error number argument to raise_application_error of ${raised} is out of range`);
    throw new OracleError(-raised, String(wantedText.evaluate(emptyFrame()) ?? ""));
  };
}

function compileRaise({ exception, line }: Extract<BlockStatement, { kind: "raise" }>, context: SqlContext): Step {
  if (exception === undefined) {
    return () => {
      throw new Reraised();
    };
  }
  const code = NAMED_EXCEPTIONS[exception];
  if (code === undefined)
    throw compilationError(`PLS-00201: identifier '${exception}' must be declared`, { line, column: 7 });
  return atLine(line, context, () => {
    throw oracleError(code);
  });
}

function repeat(goesOn: () => boolean, body: Step): Ending {
  while (goesOn()) {
    const ending = body();
    if (ending?.kind === "exit") return undefined;
    if (ending) return ending;
  }
  return undefined;
}

function compileCountLoop(
  { variable: name, from, to, body }: Extract<BlockStatement, { kind: "countLoop" }>,
  context: SqlContext,
  host: BlockHost,
): Step {
  const [first, last] = [compileValue(from, number, context), compileValue(to, number, context)];
  const variable: Variable = { type: number, value: null };
  const own = new Map([[name, variable]]);
  const steps = sequence(body, { ...context, variables: { own, outer: context.variables } }, host);
  return () => {
    const end = Number(last.evaluate(emptyFrame()));
    let next = Number(first.evaluate(emptyFrame()));
    return repeat(
      () => next <= end,
      () => {
        variable.value = next;
        next += 1;
        return steps();
      },
    );
  };
}

function compileQueryLoop(
  { variable: name, query, body }: Extract<BlockStatement, { kind: "queryLoop" }>,
  context: SqlContext,
  host: BlockHost,
): Step {
  const compiled = compiling(context, () => compileQuery(query, context));
  const fieldsOf = (values: readonly SqlValue[]) =>
    new Map(
      compiled.columns.map((column, index) => [column.name, { type: column.type, value: values[index] ?? null }]),
    );
  const variable: Variable = { type: record, value: null, fields: fieldsOf([]) };
  const own = new Map([[name, variable]]);
  const steps = sequence(body, { ...context, variables: { own, outer: context.variables } }, host);
  return () => {
    for (const values of compileQuery(query, fresh(context)).run()) {
      variable.fields = fieldsOf(values);
      const ending = steps();
      if (ending?.kind === "exit") return undefined;
      if (ending) return ending;
    }
    return undefined;
  };
}

/** SELECT … INTO: exactly one row. */
function compileSelectInto(query: Query, context: SqlContext): Step {
  const { into } = query.first;
  if (into.length === 0) throw compilationError("PLS-00428: an INTO clause is expected in this SELECT statement");
  const compiled = compiling(context, () => compileQuery(query, context));
  if (into.length !== compiled.columns.length) throw compilationError(`PL/SQL: ORA-00947: not enough values`);
  const variables = into.map((name) => {
    const found = findVariable(name, context.variables);
    if (!found) throw compilationError(`PLS-00201: identifier '${name}' must be declared`);
    return found;
  });
  return () => {
    const [row, another] = firstTwo(compileQuery(query, fresh(context)).run());
    if (!row) throw oracleError(1403);
    if (another) throw oracleError(1422);
    for (const [index, variable] of variables.entries()) {
      const from = compiled.columns[index]?.type ?? variable.type;
      assign(variable, convertValue(row[index] ?? null, from, variable.type, context.formats));
    }
    return undefined;
  };
}

/** A query in a block sees what the statements before it did. */
function fresh(context: SqlContext): SqlContext {
  return { ...context, site: context.engine.site };
}

function firstTwo<Value>(values: Iterable<Value>): readonly Value[] {
  const found: Value[] = [];
  for (const value of values) {
    found.push(value);
    if (found.length === 2) break;
  }
  return found;
}
