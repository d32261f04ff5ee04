import mssql from "mssql";
import type { SqlServerEmulator } from "../src/index.ts";

export interface Connected extends AsyncDisposable {
  readonly pool: mssql.ConnectionPool;
  query(text: string, inputs?: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>[]>;
}

export interface ConnectOptions {
  readonly encrypt?: boolean | "strict";
  readonly password?: string;
  readonly user?: string;
  readonly database?: string;
  readonly port?: number;
  /** PEM; null trusts nothing but what Node trusts. */
  readonly ca?: string | null;
  readonly options?: Partial<mssql.IOptions> & Readonly<Record<string, unknown>>;
}

/** The unmodified driver, as the reader uses it: one connection, no probing `SELECT 1` before each query. */
export async function connect(emulator: SqlServerEmulator, wanted: ConnectOptions = {}): Promise<Connected> {
  const ca = wanted.ca === undefined ? emulator.ca : wanted.ca;
  const configuration = {
    server: emulator.host,
    port: wanted.port ?? emulator.port,
    user: wanted.user ?? emulator.user,
    password: wanted.password ?? emulator.password,
    ...(wanted.database !== undefined && { database: wanted.database }),
    pool: { min: 1, max: 1 },
    validateConnection: "socket" as const,
    options: {
      encrypt: wanted.encrypt ?? emulator.ca !== undefined,
      ...(ca !== undefined && ca !== null && { cryptoCredentialsDetails: { ca } }),
      ...wanted.options,
    },
  };
  // @types/mssql lags behind: `encrypt: "strict"` is in the driver's own documentation.
  const pool = new mssql.ConnectionPool(configuration as unknown as mssql.config);
  // What happens to an idle connection is told to the pool; a test looks at its queries.
  pool.on("error", () => undefined);
  try {
    await pool.connect();
  } catch (error) {
    await pool.close();
    throw error;
  }
  return {
    pool,
    query: async (text, inputs = {}) => {
      const request = pool.request();
      for (const [name, value] of Object.entries(inputs)) request.input(name, value);
      return (await request.query(text)).recordset as unknown as Record<string, unknown>[];
    },
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

/** What a promise was rejected with. */
export async function failure(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error("it did not fail");
}
