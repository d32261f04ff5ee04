/** The bare driver: reads what the publisher reads, over a connection like its own, and drops every row. */
import { setTimeout as wait } from "node:timers/promises";
import mssql from "mssql";
import { monotonicMilliseconds } from "../processes/monotonic.ts";
import { serve } from "../processes/program.ts";
import type { AuditRead, EmulatorAddress } from "./emulator.ts";

export interface DriverRun {
  readonly rows: number;
  readonly seconds: number;
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
}

export type DriverProgram = typeof program;

const program = {
  /** From when the connection stands to the end of the last file. */
  async read(address: EmulatorAddress, { statement, paths }: AuditRead): Promise<DriverRun> {
    const pool = await connect(address);
    // What starting up and connecting left to do is not the driver's reading.
    await wait(100);
    const begin = monotonicMilliseconds();
    const usage = process.cpuUsage();
    let rows = 0;
    for (const path of paths) rows += await readFile(pool, statement, path);
    const { user, system } = process.cpuUsage(usage);
    const seconds = (monotonicMilliseconds() - begin) / 1_000;
    await pool.close();
    return { rows, seconds, cpuSeconds: (user + system) / 1e6 };
  },
};

/** The options that matter for speed are those of the reader's connection: TLS, packet size, one connection. */
function connect({ host, port, user, password, ca }: EmulatorAddress): Promise<mssql.ConnectionPool> {
  const configuration = {
    server: host,
    port,
    user,
    password,
    database: "master",
    requestTimeout: 0,
    pool: { min: 0, max: 1 },
    validateConnection: "socket",
    options: {
      encrypt: true,
      serverName: "localhost",
      packetSize: 32_767,
      cryptoCredentialsDetails: { ca },
    },
  };
  // Its types do not know `validateConnection: "socket"` and `serverName` yet.
  return new mssql.ConnectionPool(configuration as unknown as mssql.config).connect();
}

function readFile(pool: mssql.ConnectionPool, statement: string, path: string): Promise<number> {
  const request = pool.request();
  request.stream = true;
  request.arrayRowMode = true;
  request.input("pattern", mssql.NVarChar(260), path);
  request.input("file", mssql.NVarChar(260), null);
  request.input("offset", mssql.BigInt(), null);
  return new Promise((resolve, reject) => {
    let rows = 0;
    request.on("row", () => {
      rows += 1;
    });
    request.on("error", reject);
    request.on("done", () => resolve(rows));
    request.query(statement, () => undefined);
  });
}

serve(program);
