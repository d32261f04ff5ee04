/** Carries out batches and procedures. */
import { runDefinition } from "../definitions/run-definition.ts";
import type { StoredProcedure } from "../instance.ts";
import { findDatabase, mayExecute } from "../principals.ts";
import type { ResultColumn, ServerMessage } from "../protocol/tokens.ts";
import { runTransaction, type TransactionVerb } from "../run-transaction.ts";
import { executeAs, killSession } from "../session-control.ts";
import type { SqlValue } from "../sql-types.ts";
import { demandAccess } from "./access.ts";
import { compileExpression } from "./compile-expression.ts";
import { type AuditSelect, compileSelect, contextIn } from "./compile-select.ts";
import type { Scope } from "./compiled.ts";
import type { ProcedureArgument, SqlContext } from "./context.ts";
import { convertValue } from "./convert-value.ts";
import { parseBatch, parseDeclarations } from "./parse-batch.ts";
import { ServerError, undeclaredVariable } from "./server-error.ts";
import type { Declaration, Expression, Statement } from "./syntax.ts";
import { writeTable } from "./write-table.ts";

/** A result on its way to the client. */
export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  run(): Iterable<readonly SqlValue[]>;
  readonly audit?: AuditSelect;
}

/** Where results go. */
export interface ReplySink {
  message(message: ServerMessage): void;
  databaseChanged(now: string, before: string): void;
  transactionChanged(verb: TransactionVerb, descriptor: bigint): void;
  /** Sends all rows, as fast as the client takes them. */
  rows(result: QueryResult): Promise<void>;
  /** A statement without rows has ended. */
  done(): void;
}

/** Text → statements; a reader sends the same few texts all the time. */
const parsed = new Map<string, readonly Statement[]>();
const MOST_PARSED_TEXTS = 256;

function statementsOf(sql: string): readonly Statement[] {
  const known = parsed.get(sql);
  if (known) return known;
  const statements = parseBatch(sql);
  if (parsed.size >= MOST_PARSED_TEXTS) parsed.clear();
  parsed.set(sql, statements);
  return statements;
}

/** RETURN: the batch, the procedure or the trigger ends. */
class Returned extends Error {
  readonly status: number;

  constructor(status: number) {
    super("RETURN");
    this.status = status;
  }
}

/** @returns what it said with RETURN. @throws ServerError; what was sent until then stays sent. */
export async function runText(sql: string, context: SqlContext, sink: ReplySink): Promise<number> {
  try {
    for (const statement of statementsOf(sql)) await runStatement(statement, context, sink);
    return 0;
  } catch (error) {
    if (error instanceof Returned) return error.status;
    throw error;
  }
}

/** The columns of the first result, without running anything. */
export function describeText(sql: string, context: SqlContext): readonly ResultColumn[] {
  const select = statementsOf(sql).find((statement) => statement.kind === "select");
  return select ? compileSelect(select.select, context).columns : [];
}

/** What RPC and EXEC have in common. Gives the return status. */
export async function runProcedure(
  name: string,
  args: readonly ProcedureArgument[],
  context: SqlContext,
  sink: ReplySink,
): Promise<number> {
  const plain = name.toLowerCase().replaceAll(/[[\]]/g, "");
  if (plain.split(".").at(-1) === "sp_executesql") {
    const database = /^(.+)\.[^.]*\.sp_executesql$/.exec(plain)?.[1];
    return runParameterised(args, database ? contextIn(database, name, context) : context, sink);
  }
  const builtIn = context.catalog.procedures.get(plain.replace(/^(?:master\.)?(?:\.|sys\.|dbo\.)?/, ""));
  if (builtIn) {
    const { status, columns, rows } = builtIn(args, context);
    if (columns && rows) await sink.rows({ columns, run: () => rows });
    return status;
  }
  const inMaster = plain.replace(/^master\./, "");
  const stored = context.engine.instance.procedures.find((procedure) => procedure.name.toLowerCase() === inMaster);
  if (!stored) throw new ServerError(2812, `Could not find stored procedure '${name}'.`, 16, 62);
  if (!mayExecute(context.engine.instance, stored, context.session.login)) throw executeDenied(stored.name);
  return runStored(stored, args, context, sink);
}

/** sp_executesql: text and declaration by position, whatever a client calls them; then the parameters. */
async function runParameterised(
  args: readonly ProcedureArgument[],
  context: SqlContext,
  sink: ReplySink,
): Promise<number> {
  const [text, declaration, ...values] = args;
  if (typeof text?.value !== "string")
    throw new ServerError(214, "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.", 16, 2);
  const declared = typeof declaration?.value === "string" ? parseDeclarations(declaration.value) : [];
  await runText(text.value, { ...context, variables: bindParameters(declared, values) }, sink);
  return 0;
}

async function runStored(
  procedure: StoredProcedure,
  args: readonly ProcedureArgument[],
  context: SqlContext,
  sink: ReplySink,
): Promise<number> {
  const variables = bindParameters(parseDeclarations(procedure.parameters), args);
  return runText(procedure.body, { ...context, variables, lent: lentBy(procedure, context) }, sink);
}

/** What a signature lends: the permissions of the certificate's login, as they are now. */
function lentBy({ lends, signedBy }: StoredProcedure, { engine }: SqlContext): readonly string[] {
  if (signedBy === undefined) return lends;
  const signers = engine.instance.logins.filter(({ certificate }) => certificate === signedBy);
  return [...lends, ...signers.flatMap(({ permissions }) => permissions)];
}

function executeDenied(name: string): ServerError {
  const [schema = "", object = ""] = name.split(".");
  const text = `The EXECUTE permission was denied on the object '${object}', database 'master', schema '${schema}'.`;
  return new ServerError(229, text, 14, 5);
}

function bindParameters(declared: readonly Declaration[], args: readonly ProcedureArgument[]): SqlContext["variables"] {
  const variables: SqlContext["variables"] = new Map();
  for (const { name, type, value } of declared) {
    variables.set(name, { type, value: value?.kind === "literal" ? value.value : null });
  }
  for (const [index, { name, value }] of args.entries()) {
    const key = (name || declared[index]?.name || "").toLowerCase();
    const variable = variables.get(key);
    if (!variable) throw new ServerError(8145, `${key} is not a parameter.`);
    variables.set(key, {
      type: variable.type,
      value: value === null ? null : convertValue(value, variable.type, variable.type),
    });
  }
  return variables;
}

async function runStatement(statement: Statement, context: SqlContext, sink: ReplySink): Promise<void> {
  switch (statement.kind) {
    case "select": {
      const select = compileSelect(statement.select, context);
      if (select.assigns.length === 0) return sink.rows(select);
      for (const values of select.run()) {
        for (const [index, variable] of select.assigns.entries()) assign(variable, values[index] ?? null, context);
      }
      return sink.done();
    }
    case "declare":
      for (const { name, type, value } of statement.variables) {
        context.variables.set(name, { type, value: null });
        if (value) assign(name, evaluateNow(value, context), context);
      }
      return;
    case "setVariable":
      assign(statement.name, evaluateNow(statement.value, context), context);
      return;
    case "setOption":
      return sink.done();
    case "use":
      return useDatabase(statement.database, context, sink);
    case "print":
      sink.message({ number: 0, severity: 0, state: 1, text: String(evaluateNow(statement.value, context) ?? "") });
      return sink.done();
    case "execute": {
      const args = statement.arguments.map(({ name, value }) => ({
        value: evaluateNow(value, context),
        ...(name !== undefined && { name }),
      }));
      const written = { ...context, statement: statement.text };
      const status = await runProcedure(statement.procedure, args, written, sink);
      if (statement.into) assign(statement.into, status, context);
      return;
    }
    case "executeText":
      await runText(String(evaluateNow(statement.text, context) ?? ""), { ...context, variables: new Map() }, sink);
      return;
    case "if": {
      const branch = evaluateNow(statement.condition, context) === true ? statement.then : statement.otherwise;
      return branch && runStatement(branch, context, sink);
    }
    case "executeAs":
      executeAs(String(evaluateNow(statement.login, context) ?? ""), statement.text, context);
      return sink.done();
    case "revert":
      context.session.impersonated = context.session.impersonated.slice(0, -1);
      return sink.done();
    case "kill":
      killSession(Number(evaluateNow(statement.session, context)), context);
      return sink.done();
    case "insert":
    case "update":
    case "delete":
      writeTable(statement, context);
      return sink.done();
    case "define":
      return define(statement, context, sink);
    case "transaction": {
      if (statement.verb === "rollback" && context.rollBack) return context.rollBack();
      const descriptor = runTransaction(statement.verb, context.engine, context.session);
      if (descriptor !== undefined) sink.transactionChanged(statement.verb, descriptor);
      return sink.done();
    }
    case "block":
      return runAll(statement.statements, context, sink);
    case "try":
      try {
        return await runAll(statement.statements, context, sink);
      } catch (error) {
        if (!(error instanceof ServerError)) throw error;
        return runAll(statement.handler, { ...context, caught: error }, sink);
      }
    case "throw": {
      const { error } = statement;
      if (error)
        throw new ServerError(Number(evaluateNow(error.number, context)), String(evaluateNow(error.text, context)));
      if (context.caught) throw context.caught;
      throw new ServerError(10704, "To rethrow an error, a THROW statement must be used inside a CATCH block.", 15);
    }
    case "return":
      throw new Returned(statement.value ? Number(evaluateNow(statement.value, context)) : 0);
  }
}

async function runAll(statements: readonly Statement[], context: SqlContext, sink: ReplySink): Promise<void> {
  for (const statement of statements) await runStatement(statement, context, sink);
}

/** A refusal by the lock trigger ends the transaction, which the client has to know. */
async function define(
  { definition, text }: Extract<Statement, { kind: "define" }>,
  context: SqlContext,
  sink: ReplySink,
): Promise<void> {
  const { transaction } = context.session;
  try {
    await runDefinition(definition, text, context, ({ body }, { xml }) => fireTrigger(body, xml, context, sink));
  } finally {
    if (transaction && !context.session.transaction) sink.transactionChanged("rollback", transaction.descriptor);
  }
  sink.done();
}

/** A trigger runs as whoever made it fire, without what a signature lends. */
async function fireTrigger(
  body: string,
  eventData: string,
  context: SqlContext,
  sink: ReplySink,
): Promise<ServerError | undefined> {
  let isRolledBack = false;
  const rollBack = () => {
    isRolledBack = true;
  };
  const session = { ...context.session, database: "master" };
  try {
    await runText(body, { ...context, session, variables: new Map(), lent: [], eventData, rollBack }, sink);
  } catch (error) {
    // An error in a trigger rolls back, too.
    if (error instanceof ServerError) return error;
    throw error;
  }
  return isRolledBack
    ? new ServerError(3609, "The transaction ended in the trigger. The batch has been aborted.")
    : undefined;
}

function useDatabase(name: string, context: SqlContext, sink: ReplySink): void {
  const { session, engine } = context;
  const database = findDatabase(engine.instance, name);
  if (!database)
    throw new ServerError(911, `Database '${name}' does not exist. Make sure that the name is entered correctly.`);
  demandAccess(database, context);
  sink.databaseChanged(database.name, session.database);
  session.database = database.name;
  sink.message({ number: 5701, severity: 0, state: 1, text: `Changed database context to '${database.name}'.` });
  sink.done();
}

function assign(name: string, value: SqlValue, context: SqlContext): void {
  const variable = context.variables.get(name);
  if (!variable) throw undeclaredVariable(name);
  context.variables.set(name, { type: variable.type, value: convertValue(value, variable.type, variable.type) });
}

function evaluateNow(expression: Expression, context: SqlContext): SqlValue {
  const scope: Scope = {
    context,
    tables: [],
    outer: undefined,
    compileSubquery: (select, outer) => compileSelect(select, context, outer),
  };
  return compileExpression(expression, scope).evaluate({ rows: [], aggregated: [], outer: undefined });
}
