/** One logged-on session: runs what its client sends. */
import { runDefinition } from "./definitions/run-definition.ts";
import type { OracleEngine } from "./engine.ts";
import type { BindValue, Column, EndToEnd, EngineSession, StatementResult } from "./engine-session.ts";
import { timestampText } from "./model/audit-row.ts";
import { containerMode } from "./model/world.ts";
import { OracleError } from "./oracle-error.ts";
import type { Rights } from "./privileges.ts";
import { applySetting } from "./session-settings.ts";
import type { SessionState } from "./session-state.ts";
import { compileBlock } from "./sql/compile-block.ts";
import { compileQuery } from "./sql/compile-query.ts";
import type { CompiledQuery } from "./sql/compiled.ts";
import type { SqlContext } from "./sql/context.ts";
import { toText } from "./sql/convert-value.ts";
import { canonicalNumber } from "./sql/exact-number.ts";
import { oracleError } from "./sql/messages.ts";
import { parseSettings, parseStatement, type Statement } from "./sql/parse-statement.ts";
import { tablesOf } from "./sql/query-tables.ts";
import { runChange } from "./sql/run-change.ts";
import { SERVER_ZONE } from "./sql/server-zone.ts";
import { toZone } from "./sql/time-zone.ts";
import type { ResultColumn, SqlValue } from "./sql-types.ts";

export class OracleSession implements EngineSession {
  readonly state: SessionState;
  readonly #engine: OracleEngine;
  #before: OracleEngine["shared"]["database"]["tables"] | undefined;

  constructor(engine: OracleEngine, state: SessionState) {
    this.#engine = engine;
    this.state = state;
    const { alterSession } = state.logOn;
    if (alterSession) for (const setting of parseSettings(alterSession)) applySetting(setting, state, SERVER_ZONE);
  }

  get sessionId(): number {
    return this.state.sid;
  }

  get serialNumber(): number {
    return this.state.serial;
  }

  execute(sql: string, binds: readonly BindValue[]): StatementResult {
    this.#demandAlive();
    const context = this.#contextOf(sql, binds);
    const { statement, bindCount } = parseStatement(sql);
    if (binds.length < bindCount) throw oracleError(1008);
    if (binds.length > bindCount) throw oracleError(1036);
    return this.#run(statement, context);
  }

  /** What happened to the session or to its database meanwhile. */
  #demandAlive(): void {
    const { site } = this.#engine;
    if (this.state.isKilled) throw new OracleError(28, "your session has been killed");
    if (site.openMode === "DOWN")
      throw new OracleError(1089, "immediate shutdown or close in progress - no operations are permitted");
    if (this.state.period !== site.sessionPeriod) throw oracleError(3113);
    const isGone = !site.containers.some(({ guid }) => guid === this.state.container);
    if (isGone || containerMode(site, this.state.container) === "MOUNTED") throw oracleError(1109);
  }

  #contextOf(sql: string, binds: readonly BindValue[]): SqlContext {
    const { state } = this;
    const engine = this.#engine;
    const now = engine.now();
    const rights: Rights = { user: state.user, roles: state.roles };
    return {
      engine,
      session: state,
      dictionary: engine.dictionaryOf(state.container),
      rights,
      site: engine.site,
      now,
      formats: {
        timeZone: state.timeZone,
        dateFormat: state.dateFormat,
        timestampFormat: state.timestampFormat,
        zonedFormat: state.zonedFormat,
        today: toZone(timestampText(now).slice(0, 19), state.timeZone).time,
      },
      catalog: engine.catalog,
      binds: binds.map(bindOf),
      variables: undefined,
      scan: engine.scans.begin(sql, state.user),
      statement: sql,
    };
  }

  #run(statement: Statement, context: SqlContext): StatementResult {
    switch (statement.kind) {
      case "query": {
        const tables = this.#engine.isAuditing(context) ? tablesOf(statement.query, context) : [];
        const compiled = recorded("SELECT", tables, context, () => compileQuery(statement.query, context));
        return resultOf(compiled, context);
      }
      case "block":
        recorded("PL/SQL EXECUTE", NOTHING, context, () =>
          compileBlock(statement.block, { ...context, source: context.statement, variables: EMPTY }, this.#host)(),
        );
        return { rowsAffected: 0 };
      case "define":
        runDefinition(statement.definition, context);
        return { rowsAffected: 0 };
      case "setSession":
        for (const setting of statement.settings) applySetting(setting, this.state, SERVER_ZONE);
        this.#engine.recordAction(context, "ALTER SESSION", null, null);
        return { rowsAffected: 0 };
      case "transaction":
        if (statement.verb === "rollback") this.rollback();
        if (statement.verb === "commit") this.commit();
        return { rowsAffected: 0 };
      default: {
        this.#before ??= this.#engine.shared.database.tables;
        const [target] = tablesOf(statement.path, context);
        const rowsAffected = recorded(statement.kind.toUpperCase(), target ? [target] : [], context, () =>
          runChange(statement, context),
        );
        return { rowsAffected };
      }
    }
  }

  /** What a block does in SQL. */
  readonly #host = {
    runText: (sql: string, context: SqlContext): void => {
      const { statement } = parseStatement(sql);
      const result = this.#run(statement, { ...context, site: this.#engine.site, statement: sql });
      if ("rows" in result) for (const _ of result.rows);
    },
  };

  get host() {
    return this.#host;
  }

  setEndToEnd({ clientIdentifier, module, action, clientInfo }: EndToEnd): void {
    const { state } = this;
    if (clientIdentifier !== undefined) state.clientIdentifier = clientIdentifier || null;
    if (module !== undefined) state.module = module || null;
    if (action !== undefined) state.action = action || null;
    if (clientInfo !== undefined) state.clientInfo = clientInfo || null;
  }

  commit(): void {
    this.#before = undefined;
  }

  rollback(): void {
    if (this.#before) this.#engine.shared.changeDatabase({ tables: this.#before });
    this.#before = undefined;
  }

  close(how: "logged off" | "vanished"): void {
    this.rollback();
    this.#engine.closeSession(this.state, how);
  }
}

const EMPTY = { own: new Map(), outer: undefined };
const NOTHING = [{ owner: null, name: null }];

interface Target {
  readonly owner: string | null;
  readonly name: string | null;
}

/** Audited whether it succeeds or not, an object a record. */
function recorded<Result>(action: string, targets: readonly Target[], context: SqlContext, run: () => Result): Result {
  const record = (code?: number) => {
    for (const { owner, name } of targets) context.engine.recordAction(context, action, owner, name, code);
  };
  let result: Result;
  try {
    result = run();
  } catch (error) {
    if (error instanceof OracleError) record(error.number);
    throw error;
  }
  record();
  return result;
}

function bindOf({ type, value }: BindValue): {
  readonly type: { readonly name: BindValue["type"]; readonly length?: number };
  readonly value: SqlValue;
} {
  return {
    type: type === "VARCHAR2" ? { name: type, length: 4000 } : { name: type },
    value: value === "" ? null : boundValue(type, value),
  };
}

function boundValue(type: BindValue["type"], value: string | null): SqlValue {
  if (value === null) return null;
  switch (type) {
    case "NUMBER":
      return /^-?\d{1,15}$/.test(value) ? Number(value) : canonicalNumber(value);
    case "DATE":
      return value.slice(0, 19);
    case "TIMESTAMP":
      return withMicroseconds(value);
    case "TIMESTAMP WITH TIME ZONE":
      return `${withMicroseconds(value.slice(0, -7))}${value.slice(-7)}`;
    default:
      return value;
  }
}

function withMicroseconds(text: string): string {
  return `${text.slice(0, 19)}.${text.slice(20, 26).padEnd(6, "0")}`;
}

function resultOf(compiled: CompiledQuery, context: SqlContext): StatementResult {
  const { timeZone } = context.formats;
  const shown = compiled.columns.map(({ type }) => {
    if (type.name === "TIMESTAMP WITH LOCAL TIME ZONE")
      return (value: SqlValue) => (value === null ? null : toZone(String(value), timeZone).time);
    if (type.name === "INTERVAL DAY TO SECOND") return (value: SqlValue) => toText(value, type, context.formats);
    return undefined;
  });
  const isPlain = shown.every((show) => show === undefined);
  function* rows(): Generator<readonly (string | number | bigint | null)[]> {
    for (const values of compiled.run()) {
      context.scan.rowsReturned += 1;
      // No column is BOOLEAN: a query that has one is refused when it is compiled.
      yield (isPlain ? values : values.map((value, index) => shown[index]?.(value) ?? value)) as readonly (
        | string
        | number
        | bigint
        | null
      )[];
    }
  }
  return { columns: compiled.columns.map(columnOf), rows: rows() };
}

function columnOf({ name, type, nullable }: ResultColumn): Column {
  switch (type.name) {
    case "NUMBER":
      return {
        name,
        type: "NUMBER",
        nullable,
        ...(type.precision !== undefined && { precision: type.precision, scale: type.scale ?? 0 }),
      };
    case "CLOB":
    case "DATE":
    case "TIMESTAMP":
    case "TIMESTAMP WITH TIME ZONE":
      return { name, type: type.name, nullable };
    case "TIMESTAMP WITH LOCAL TIME ZONE":
      return { name, type: "TIMESTAMP", nullable };
    case "RAW":
      return { name, type: "RAW", size: type.length ?? 2000, nullable };
    case "INTERVAL DAY TO SECOND":
      return { name, type: "VARCHAR2", size: 30, nullable };
    default:
      return { name, type: "VARCHAR2", size: type.length ?? 4000, nullable };
  }
}
