/** The bare driver: reads what the publisher reads, over a connection like its own, and drops every row. */
import mssql from "mssql";
import { monotonicMilliseconds } from "../processes/monotonic.ts";
import { serve } from "../processes/program.ts";
import { steadyPart } from "../report/steady-part.ts";
import type { AuditRead, EmulatorAddress } from "./emulator.ts";

export interface DriverRun {
  readonly rows: number;
  /** From when the connection stands to the end of the last file. */
  readonly seconds: number;
  /** User and system time of all threads for a row of the steady part. */
  readonly cpuSecondsPerRow: number;
}

export type DriverProgram = typeof program;

const program = {
  /** @param rows how many there are */
  async read(address: EmulatorAddress, { statement, paths }: AuditRead, rows: number): Promise<DriverRun> {
    const steady = steadyPart(rows);
    const pool = await connect(address);
    const begin = monotonicMilliseconds();
    let count = 0;
    const used = { from: 0, to: 0 };
    const onRow = () => {
      count += 1;
      if (count === steady.from) used.from = cpuSeconds();
      if (count === steady.to) used.to = cpuSeconds();
    };
    for (const path of paths) await readFile(pool, statement, path, onRow);
    const seconds = (monotonicMilliseconds() - begin) / 1_000;
    await pool.close();
    return { rows: count, seconds, cpuSecondsPerRow: (used.to - used.from) / (steady.to - steady.from) };
  },
};

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

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

function readFile(pool: mssql.ConnectionPool, statement: string, path: string, onRow: () => void): Promise<void> {
  const request = pool.request();
  request.stream = true;
  request.arrayRowMode = true;
  request.input("pattern", mssql.NVarChar(260), path);
  request.input("file", mssql.NVarChar(260), null);
  request.input("offset", mssql.BigInt(), null);
  return new Promise((resolve, reject) => {
    request.on("row", onRow);
    request.on("error", reject);
    request.on("done", () => resolve());
    request.query(statement, () => undefined);
  });
}

serve(program);
