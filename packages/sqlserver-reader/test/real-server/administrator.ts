import mssql from "mssql";
import type { ServerAddress } from "./server-address.ts";

export type Row = Readonly<Record<string, unknown>>;

/** What became of a batch. Errors and informational messages are numbers: those are what documents and code go by. */
export interface Outcome {
  readonly rows: readonly Row[];
  /** Columns came, be it before an error or without one. */
  readonly hasColumns: boolean;
  readonly errors: readonly number[];
  readonly messages: readonly number[];
}

/** N'…' */
export function literal(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}

/** […] */
export function identifier(name: string): string {
  return `[${name.replaceAll("]", "]]")}]`;
}

/** One connection to the server under test, for one batch at a time. */
export class Administrator implements AsyncDisposable {
  readonly #pool: mssql.ConnectionPool;

  private constructor(pool: mssql.ConnectionPool) {
    this.#pool = pool;
  }

  static async connect(address: ServerAddress): Promise<Administrator> {
    const { tls = "required", trustServerCertificate = false } = address;
    const pool = new mssql.ConnectionPool({
      server: address.host,
      port: address.port,
      user: address.user,
      password: address.password,
      database: "master",
      requestTimeout: 120_000,
      // One connection: SET and USE are the session's.
      pool: { min: 1, max: 1 },
      validateConnection: "socket",
      options: { encrypt: tls === "strict" ? "strict" : tls === "required", trustServerCertificate },
    } as mssql.config);
    // What happens to an idle connection is told to the pool; a batch tells its own errors.
    pool.on("error", () => undefined);
    try {
      await pool.connect();
    } catch (error) {
      await pool.close();
      throw error;
    }
    return new Administrator(pool);
  }

  /** Sends a batch and tells what came back, the server's errors included. @throws what is no error of the server */
  attempt(batch: string): Promise<Outcome> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const request = this.#pool.request();
    request.stream = true;
    const rows: Row[] = [];
    const errors: number[] = [];
    const messages: number[] = [];
    let hasColumns = false;
    request.on("recordset", () => {
      hasColumns = true;
    });
    request.on("row", (row: Row) => rows.push(row));
    request.on("info", ({ number }: { readonly number: number }) => messages.push(number));
    request.on("error", (error: Error & { readonly number?: number }) => {
      if (error.number === undefined) reject(error);
      else errors.push(error.number);
    });
    request.on("done", () => resolve({ rows, hasColumns, errors, messages }));
    request.batch(batch, () => undefined);
    return promise;
  }

  /** Sends a batch that must succeed. @throws with the numbers of the errors; the batch may hold a password. */
  async run(batch: string): Promise<readonly Row[]> {
    const { rows, errors } = await this.attempt(batch);
    if (errors.length > 0) {
      const begin = batch.trim().split(/\s+/).slice(0, 3).join(" ");
      throw new Error(`the server refused "${begin} …" with error ${errors.join(", ")}`);
    }
    return rows;
  }

  /** Reads a result without taking it: the first row came, and the server waits with the others until `release`. */
  async hold(batch: string): Promise<{ release(): Promise<void> }> {
    const request = this.#pool.request();
    request.stream = true;
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    request.on("row", () => {
      request.pause();
      started.resolve();
    });
    request.on("error", () => undefined);
    request.on("done", () => {
      started.resolve();
      ended.resolve();
    });
    request.batch(batch, () => undefined);
    await started.promise;
    return {
      release: async () => {
        request.cancel();
        await ended.promise;
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.close();
  }
}
