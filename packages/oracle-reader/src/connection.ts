import { type Clock, ConfigurationError, UnavailableError, Watchdog } from "@das/core";
import type { ExecuteOptions, FetchTypeResponse, Metadata, Connection as OracleConnection, Result } from "oracledb";
import { classifyError, placeOf, SessionSetupError, SilentServerError } from "./classify-error.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { Links } from "./links.ts";
import type { OracleValue } from "./row.ts";
import { type DescribedColumn, SESSION_AS_SET_UP, SESSION_CHECK, SESSION_SETUP } from "./statements.ts";
import { walletOf } from "./wallet.ts";

export type Binds = Readonly<Record<string, string>>;

/** Told some hundred rows at a time; nothing more is fetched until it returns. */
export type TakeRows = (rows: readonly (readonly OracleValue[])[]) => void | Promise<void>;

/** What V$SESSION shows of who this is. */
const MODULE = "das-reader";

/** The connection is silent, and has to live, while the stream is searched for where to go on. */
const KEEP_ALIVE_MINUTES = 1;
/** Milliseconds. */
const CONNECT_TIMEOUT = 15_000;
/** For one answer of one statement: the database may have to scan a month before it has the first row. */
const ANSWER_TIMEOUT = 300_000;
/** What a server gets to confirm that it broke a call off, or that the session ends. */
const END_TIMEOUT = 5_000;
/** How long a result waits for its taker. What it would read later may be overwritten by then (ORA-01555). */
const HOLD_LIMIT = 60_000;

/** Rows per round trip: more stop the process for longer than is good while the driver decodes (Oracle notes §6). */
const MOST_ROWS = 250;
const FIRST_ROWS = 100;
/** Characters per round trip, as far as the rows before tell: a statement may be megabytes long. */
const BATCH_CHARACTERS = 1_000_000;

/**
 * One connection to one instance through node-oracledb in its thin mode, for one statement at a time.
 *
 * Errors are classified (`classify-error.ts`); after an `UnavailableError` the connection is of no more use.
 */
export class Connection implements AsyncDisposable {
  readonly #connection: OracleConnection;
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #links: Links;
  readonly #execution: ExecuteOptions;
  #underWay = 0;

  /** The services of the configuration that were there before. */
  static readonly #reached = new Set<string>();

  private constructor(
    connection: OracleConnection,
    options: ConnectionOptions,
    clock: Clock,
    links: Links,
    execution: ExecuteOptions,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#clock = clock;
    this.#links = links;
    this.#execution = execution;
  }

  /** @throws UnavailableError, also when it was cancelled through the signal; RefusedError, ConfigurationError */
  static async open(options: ConnectionOptions, clock: Clock, signal?: AbortSignal): Promise<Connection> {
    // 100 ms and a tree of modules that only who connects to an Oracle database should pay.
    const { default: oracledb } = await import("oracledb");
    const exactText: FetchTypeResponse = { type: oracledb.STRING };
    const inexact = new Set([oracledb.DB_TYPE_NUMBER, oracledb.DB_TYPE_CLOB, oracledb.DB_TYPE_NCLOB]);
    const execution: ExecuteOptions = {
      outFormat: oracledb.OUT_FORMAT_ARRAY,
      fetchTypeHandler: ({ dbType }: Metadata<unknown>) => (inexact.has(dbType as never) ? exactText : undefined),
      resultSet: true,
      // What was broken off between the two calls that a statement with CLOBs takes would stay in the driver's cache
      // as it is, and fail with ORA-01002 or ORA-01001 from then on. Parsing again is cheap: the server has its own.
      keepInStmtCache: false,
      prefetchRows: FIRST_ROWS,
      fetchArraySize: FIRST_ROWS,
    };
    const connectString = connectDescriptor(options);
    const links = new Links((options.tls ?? "required") === "required");
    let opened: Connection | undefined;
    const cancel = () => links.close();
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      const wallet = await walletOf(options);
      const logOn = links.during(() =>
        oracledb.getConnection({
          user: options.user,
          password: options.password,
          connectString,
          expireTime: KEEP_ALIVE_MINUTES,
          sslServerDNMatch: options.checkCertificateName ?? true,
          ...(options.certificateName !== undefined && { sslServerCertDN: options.certificateName }),
          ...(wallet !== undefined && { walletContent: wallet }),
          ...(options.walletPassword !== undefined && { walletPassword: options.walletPassword }),
        }),
      );
      const connection = await orSilence(clock, CONNECT_TIMEOUT, logOn);
      connection.module = MODULE;
      opened = new Connection(connection, options, clock, links, execution);
      await opened.#setUp();
      Connection.#reached.add(placeOf(options));
      return opened;
    } catch (error) {
      links.close();
      await opened?.[Symbol.asyncDispose]();
      throw classifyError(links.refusal ?? error, options, Connection.#reached.has(placeOf(options)));
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** `19.21.0.0.0`, as the server said at the log-on. */
  get serverVersion(): string {
    return this.#connection.oracleServerVersionString;
  }

  /** All rows of a small result. @throws as `query` */
  async select(text: string, binds: Binds = {}, signal?: AbortSignal): Promise<OracleValue[][]> {
    const rows: OracleValue[][] = [];
    const take: TakeRows = (batch) => {
      for (const row of batch) rows.push([...row]);
    };
    await this.query(text, binds, take, signal);
    return rows;
  }

  /** The columns of a result, whose rows are not asked for. @throws as `query` */
  async describe(text: string, signal?: AbortSignal): Promise<readonly DescribedColumn[]> {
    const columns: DescribedColumn[] = [];
    await this.#run(signal, async () => {
      const { metaData, resultSet } = await this.#execute(text, {}, signal);
      for (const { name, dbTypeName } of metaData ?? []) columns.push({ name, type: dbTypeName ?? "" });
      await resultSet?.close();
    });
    return columns;
  }

  /**
   * Runs a query and hands over its rows. Resolves when the result has ended or, without an error, when it was
   * cancelled through the signal.
   * @returns whether the result ran to its end
   * @throws UnavailableError, RefusedError, ServerError; what `take` throws
   */
  async query(text: string, binds: Binds, take: TakeRows, signal?: AbortSignal): Promise<boolean> {
    return this.#run(signal, async () => {
      const { resultSet } = await this.#execute(text, binds, signal);
      if (!resultSet) return;
      try {
        let size = FIRST_ROWS;
        for (;;) {
          const rows = (await this.#call(() => resultSet.getRows(size), signal)) as OracleValue[][];
          if (rows.length === 0) return;
          await this.#handOver(rows, take);
          size = nextSize(rows);
        }
      } finally {
        // Sends nothing: the cursor is closed with the next call.
        await resultSet.close().catch(() => undefined);
      }
    });
  }

  /** Runs a PL/SQL block. @returns whether it ran to its end @throws as `query` */
  async call(block: string, binds: Binds, signal?: AbortSignal): Promise<boolean> {
    return this.#run(signal, async () => {
      await this.#execute(block, binds, signal);
    });
  }

  /** Never hangs, whatever the peer does. */
  async [Symbol.asyncDispose](): Promise<void> {
    // The driver waits for a call that is still under way; without its socket the call ends.
    if (this.#underWay > 0) this.#links.close();
    try {
      await orSilence(this.#clock, END_TIMEOUT, this.#connection.close());
    } catch {
      // A log-off that nobody answers; without its socket it ends, too.
    } finally {
      this.#links.close();
    }
  }

  async #setUp(): Promise<void> {
    await this.#call(() => this.#connection.execute(SESSION_SETUP));
    const [row] = await this.select(SESSION_CHECK);
    if (SESSION_AS_SET_UP.some((value, index) => row?.[index] !== value)) throw new SessionSetupError();
  }

  async #run(signal: AbortSignal | undefined, work: () => Promise<void>): Promise<boolean> {
    this.#underWay += 1;
    try {
      if (signal?.aborted) return false;
      await work();
    } catch (error) {
      if (error instanceof CancelledError) return false;
      throw classifyError(this.#links.refusal ?? error, this.#options, true);
    } finally {
      this.#underWay -= 1;
    }
    return !signal?.aborted;
  }

  #execute(text: string, binds: Binds, signal: AbortSignal | undefined): Promise<Result<unknown>> {
    return this.#call(() => this.#connection.execute(text, { ...binds }, this.#execution), signal);
  }

  /** One round trip, or the few of one call of the driver. @throws CancelledError, SilentServerError, the driver's errors */
  async #call<T>(start: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) throw new CancelledError();
    const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<Error>();
    const cancel = () => interrupt(new CancelledError());
    signal?.addEventListener("abort", cancel, { once: true });
    const watchdog = new Watchdog(this.#clock, ANSWER_TIMEOUT, () => interrupt(new SilentServerError()));
    try {
      const call = start();
      const outcome = await Promise.race([call.then((value) => ({ value })), interrupted]);
      if (!(outcome instanceof Error)) return outcome.value;
      const hasAnswered = await this.#breakOff(call);
      throw hasAnswered && outcome instanceof SilentServerError ? this.#tooSlow() : outcome;
    } finally {
      watchdog.stop();
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Asks the server to end a call; when it does not answer, the connection goes. @returns whether it answered */
  async #breakOff(call: Promise<unknown>): Promise<boolean> {
    const ended = async () => {
      await this.#connection.break();
      // Perhaps it was just through.
      const late = (await call.catch(() => undefined)) as Partial<Result<unknown>> | undefined;
      await late?.resultSet?.close();
      // A break that came too late for its call would hit the next one: let it be this.
      await this.#connection.ping().catch(() => undefined);
    };
    try {
      await orSilence(this.#clock, END_TIMEOUT, ended());
      return true;
    } catch {
      this.#links.close();
      return false;
    }
  }

  #tooSlow(): UnavailableError {
    return new UnavailableError({
      who: "oracle-reader",
      what: `${placeOf(this.#options)} did not answer a statement within ${ANSWER_TIMEOUT / 1_000} s`,
      remedy:
        "Fit the partitions of AUDSYS.AUD$UNIFIED to the rate of its rows (DBMS_AUDIT_MGMT.ALTER_PARTITION_INTERVAL), gather its statistics, purge what need not stay; trying again meanwhile",
      code: "database-slow",
    });
  }

  async #handOver(rows: readonly (readonly OracleValue[])[], take: TakeRows): Promise<void> {
    const taken = take(rows);
    if (!taken) return;
    try {
      await orSilence(this.#clock, HOLD_LIMIT, taken);
    } catch (error) {
      if (!(error instanceof SilentServerError)) throw error;
      throw new UnavailableError({
        who: "oracle-reader",
        what: `a result of ${placeOf(this.#options)} was given up, because its rows were not taken for ${HOLD_LIMIT / 1_000} s`,
        remedy: "Nothing is lost, the rows are read again; look at what holds the publisher up",
        code: "result-given-up",
      });
    }
  }
}

/** The caller does not want the rest. */
class CancelledError extends Error {}

/** @throws SilentServerError when `pending` takes longer; what becomes of it then is nobody's concern */
async function orSilence<T>(clock: Clock, milliseconds: number, pending: Promise<T>): Promise<T> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const watchdog = new Watchdog(clock, milliseconds, () => reject(new SilentServerError()));
  try {
    return await Promise.race([pending, silence]);
  } finally {
    watchdog.stop();
  }
}

function nextSize(rows: readonly (readonly OracleValue[])[]): number {
  let characters = 0;
  for (const row of rows) for (const value of row) characters += value?.length ?? 0;
  return Math.max(1, Math.min(MOST_ROWS, Math.floor((BATCH_CHARACTERS * rows.length) / Math.max(1, characters))));
}

/** Names cannot be quoted in a connect descriptor. */
const DESCRIPTOR_NAME = /^[\w.:$#%-]+$/;

function connectDescriptor({ instanceId, host, port = 1521, service, tls = "required" }: ConnectionOptions): string {
  if (!DESCRIPTOR_NAME.test(host) || !DESCRIPTOR_NAME.test(service)) {
    throw new ConfigurationError({
      who: "oracle-reader",
      what: `host or service of instance "${instanceId}" has characters that neither of them can have`,
      remedy: "Write the host's name or address alone, and the service as lsnrctl status shows it",
      code: "connection-invalid",
    });
  }
  // Dedicated: a lock is held and a session is set up, which a dispatcher's shared servers only make slower.
  return `(DESCRIPTION=(ADDRESS=(PROTOCOL=${tls === "required" ? "tcps" : "tcp"})(HOST=${host})(PORT=${port}))(CONNECT_DATA=(SERVER=DEDICATED)(SERVICE_NAME=${service})))`;
}
