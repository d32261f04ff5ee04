import { type Clock, type Logger, Watchdog } from "@das/core";
import type { ConnectionPool, config as MssqlConfiguration, Request } from "mssql";
import type { QueryHandlers, ServerMessage } from "./audit-server.ts";
import { classifyError, LostConnectionError, PlainTextError, SilentServerError } from "./classify-error.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { SqlValue } from "./row.ts";

export interface QueryParameter {
  readonly name: string;
  readonly type: "nvarchar" | "bigint";
  readonly value: string | null;
}

/** Milliseconds. */
const CONNECT_TIMEOUT = 15_000;
/** Without a row or an end for so long, the peer counts as dead: the driver's own timeout ends with the first packet. */
const IDLE_TIMEOUT = 30_000;
/** What a cancelled request gets to confirm before its connection is given up. */
const CANCEL_TIMEOUT = 5_000;

/** The bytes of a packet; larger ones cost fewer reads on a busy trail. */
const PACKET_SIZE = 32_767;

/**
 * One connection to one instance through the `mssql` driver, for one query at a time.
 *
 * Errors are classified (`classify-error.ts`); after an `UnavailableError` the connection is of no more use.
 */
export class Connection implements AsyncDisposable {
  readonly #pool: ConnectionPool;
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #links: Links;

  private constructor(pool: ConnectionPool, options: ConnectionOptions, clock: Clock, links: Links) {
    this.#pool = pool;
    this.#options = options;
    this.#clock = clock;
    this.#links = links;
  }

  /** @throws UnavailableError, RefusedError */
  static async open(options: ConnectionOptions, clock: Clock, logger: Logger): Promise<Connection> {
    // 200 ms and 50 MB that only who connects to a SQL Server should pay.
    const { default: mssql } = await import("mssql");
    const links = new Links((options.tls ?? "required") === "required");
    const pool = new mssql.ConnectionPool({
      ...driverConfiguration(options),
      beforeConnect: (connection) => links.add(connection),
    });
    pool.on("error", (error: unknown) =>
      logger.debug({ err: error, instance: options.instanceId }, "connection error"),
    );
    try {
      await pool.connect();
      if (links.refusal) throw links.refusal;
    } catch (error) {
      await pool.close();
      throw classifyError(error, options);
    }
    return new Connection(pool, options, clock, links);
  }

  /** All rows of a small result. @throws as `query` */
  async select(text: string, parameters: readonly QueryParameter[] = [], signal?: AbortSignal): Promise<SqlValue[][]> {
    const rows: SqlValue[][] = [];
    await this.query(text, parameters, { onRow: (values) => rows.push([...values]) }, signal);
    return rows;
  }

  /**
   * Runs a statement and hands over each row as it arrives. Resolves when the result has ended or, without an error,
   * when it was cancelled through the signal; rows that arrive after the signal are not handed over.
   * @returns whether the result ran to its end
   * @throws UnavailableError, RefusedError, ServerError
   */
  async query(
    text: string,
    parameters: readonly QueryParameter[],
    handlers: QueryHandlers,
    signal?: AbortSignal,
  ): Promise<boolean> {
    if (signal?.aborted) return false;
    const { default: mssql } = await import("mssql");
    const request = this.#pool.request();
    request.stream = true;
    request.arrayRowMode = true;
    for (const { name, type, value } of parameters) {
      request.input(name, type === "bigint" ? mssql.BigInt() : mssql.NVarChar(260), value);
    }
    const failure = await this.#run(request, text, handlers, signal);
    if (signal?.aborted) return false;
    const problem = this.#links.refusal ?? failure;
    if (problem !== undefined) throw classifyError(problem, this.#options);
    return true;
  }

  /** @returns the first error, or undefined. Never hangs: a silent peer is cancelled, then disconnected. */
  async #run(
    request: Request,
    text: string,
    handlers: QueryHandlers,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let failure: unknown;
    let cancelled = false;
    let watchdog = new Watchdog(this.#clock, IDLE_TIMEOUT, () => {
      failure ??= new SilentServerError();
      cancel();
    });
    const cancel = () => {
      if (cancelled) return;
      cancelled = true;
      watchdog.stop();
      watchdog = new Watchdog(this.#clock, CANCEL_TIMEOUT, () => {
        failure ??= new SilentServerError();
        this.#links.close();
        end();
      });
      request.cancel();
    };
    request.on("row", (values: SqlValue[]) => {
      if (cancelled) return;
      watchdog.touch();
      handlers.onRow(values, request);
    });
    request.on("info", (info: ServerMessage) => handlers.onInfo?.(info));
    if (handlers.onColumns) {
      request.on("recordset", (columns: DriverColumns) => handlers.onColumns?.(declaredColumns(columns)));
    }
    request.on("error", (error: Error & { code?: string }) => {
      if (!(cancelled && error.code === "ECANCEL")) failure ??= error;
    });
    request.on("done", end);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      // With a callback the driver makes no promise of its own; in stream mode everything arrives through the events.
      request.query(text, () => undefined);
      await ended;
    } finally {
      watchdog.stop();
      signal?.removeEventListener("abort", cancel);
    }
    return failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The pool waits for a request that is still under way; without its connection the request ends.
    this.#links.close();
    await this.#pool.close();
  }
}

/** With rows as arrays the driver gives the columns as an array, too. */
type DriverColumns = readonly { readonly name: string; readonly type: { readonly declaration?: string } }[];

function declaredColumns(columns: DriverColumns) {
  return columns.map(({ name, type }) => ({ name, type: type.declaration ?? "" }));
}

interface Link {
  close(): void;
  on(event: "connect" | "secure", listener: (error?: Error) => void): unknown;
}

/**
 * The connections that the driver's pool makes: one to try the login, then the one that is used. When that is lost the
 * pool would make another, silently; then the reader must notice, and look at the encryption again, so it is refused.
 */
class Links {
  readonly #mustBeEncrypted: boolean;
  readonly #links: Link[] = [];
  /** The server turned out not to encrypt. */
  refusal: PlainTextError | undefined;

  constructor(mustBeEncrypted: boolean) {
    this.#mustBeEncrypted = mustBeEncrypted;
  }

  add(link: Link): void {
    if (this.#links.length >= 2) {
      link.close();
      throw new LostConnectionError();
    }
    this.#links.push(link);
    let secure = false;
    link.on("secure", () => {
      secure = true;
    });
    // tedious 19 logs in in plain text, without an error, when the server says that it cannot encrypt; 20 does not.
    link.on("connect", (error) => {
      if (error || secure || !this.#mustBeEncrypted) return;
      this.refusal = new PlainTextError();
      link.close();
    });
  }

  close(): void {
    for (const link of this.#links) link.close();
  }
}

function driverConfiguration(options: ConnectionOptions): MssqlConfiguration {
  const tls = options.tls ?? "required";
  return {
    server: options.host,
    port: options.port ?? 1433,
    user: options.user,
    password: options.password,
    database: "master",
    connectionTimeout: CONNECT_TIMEOUT,
    requestTimeout: 0,
    // One connection, opened anew by whoever notices that it is gone. Its state is looked at, not asked for with SQL.
    pool: { min: 1, max: 1 },
    validateConnection: "socket",
    options: {
      appName: "das",
      encrypt: tls === "strict" ? "strict" : tls === "required",
      trustServerCertificate: options.trustServerCertificate ?? false,
      serverName: options.certificateName,
      packetSize: PACKET_SIZE,
      cancelTimeout: CANCEL_TIMEOUT,
      cryptoCredentialsDetails: options.certificateAuthority ? { ca: options.certificateAuthority } : {},
    },
  } as MssqlConfiguration;
}
