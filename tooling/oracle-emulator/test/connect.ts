import oracledb from "oracledb";
import type { WireServer } from "../src/wire-server.ts";

export interface ConnectOptions {
  readonly protocol?: "tcp" | "tcps";
  readonly user?: string;
  readonly password?: string;
  readonly service?: string;
  readonly more?: Partial<oracledb.ConnectionAttributes> & Readonly<Record<string, unknown>>;
}

export interface Connected extends AsyncDisposable {
  readonly connection: oracledb.Connection;
}

/** The unmodified driver in thin mode, on a connection of its own. */
export async function connect(server: WireServer, wanted: ConnectOptions = {}): Promise<Connected> {
  const { protocol = "tcp", user = "scott", password = "tiger", service = "stub" } = wanted;
  const connection = await oracledb.getConnection({
    user,
    password,
    connectString: `${protocol}://${server.host}:${server.port}/${service}`,
    ...wanted.more,
  });
  return {
    connection,
    [Symbol.asyncDispose]: async () => {
      // A connection that a test has killed has nothing left to close.
      if (connection.isHealthy()) await connection.close();
    },
  };
}

/** Numbers with all their digits, and CLOBs whole. */
export function exactText({ dbType }: oracledb.Metadata<unknown>): oracledb.FetchTypeResponse | undefined {
  return dbType === oracledb.DB_TYPE_NUMBER || dbType === oracledb.DB_TYPE_CLOB ? { type: oracledb.STRING } : undefined;
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
