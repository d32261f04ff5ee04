import { readFile } from "node:fs/promises";
import { join } from "node:path";
import oracledb from "oracledb";
import type { DatabaseAddress } from "./database-address.ts";

/** Values as exact text, by the upper-case names of their columns. */
export type Row = Readonly<Record<string, string | null>>;

export type Binds = Readonly<Record<string, string | null>>;

export interface DescribedColumn {
  readonly name: string;
  /** As Oracle calls it: `VARCHAR2`, `TIMESTAMP WITH TZ`, … */
  readonly type: string;
}

/** What became of a statement. The error is a number, ORA-00942 being 942: that is what documents and code go by. */
export interface Outcome {
  readonly rows: readonly Row[];
  readonly error: number | undefined;
}

/** '…' */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** "…": no name and no password of this suite has a double quote in it. */
export function identifier(name: string): string {
  return `"${name}"`;
}

const ORACLE_ERROR = /\bORA-(\d{5}):/;

/** One session of the database under test, for one statement at a time; its times are UTC. */
export class Administrator implements AsyncDisposable {
  readonly #connection: oracledb.Connection;

  private constructor(connection: oracledb.Connection) {
    this.#connection = connection;
  }

  /** SYS logs on as SYSDBA; there is no other way. */
  static async connect(address: DatabaseAddress): Promise<Administrator> {
    const { host, port, service, user, password, walletLocation } = address;
    const wallet = walletLocation && (await readFile(join(walletLocation, "ewallet.pem"), "utf8"));
    const connection = await oracledb.getConnection({
      user,
      password,
      connectString: `${wallet ? "tcps" : "tcp"}://${host.includes(":") ? `[${host}]` : host}:${port}/${service}`,
      ...(wallet && { walletContent: wallet, sslServerDNMatch: false }),
      ...(/^sys$/i.test(user) && { privilege: oracledb.SYSDBA }),
    });
    const administrator = new Administrator(connection);
    try {
      await administrator.run("ALTER SESSION SET TIME_ZONE='+00:00' NLS_NUMERIC_CHARACTERS='.,'");
    } catch (error) {
      await administrator[Symbol.asyncDispose]();
      throw error;
    }
    return administrator;
  }

  get serverVersion(): string {
    return this.#connection.oracleServerVersionString;
  }

  /** Runs a statement and tells what came back, the server's error included. @throws what is no error of the server */
  async attempt(statement: string, binds: Binds = {}): Promise<Outcome> {
    try {
      const { rows } = await this.#connection.execute<Row>(
        statement,
        { ...binds },
        { outFormat: oracledb.OUT_FORMAT_OBJECT, fetchTypeHandler: exactText, autoCommit: true },
      );
      return { rows: rows ?? [], error: undefined };
    } catch (error) {
      const [, number] = ORACLE_ERROR.exec((error as Error).message) ?? [];
      if (number === undefined) throw error;
      return { rows: [], error: Number(number) };
    }
  }

  /** Runs a statement that must succeed. @throws with the error's number; the statement may hold a password. */
  async run(statement: string, binds: Binds = {}): Promise<readonly Row[]> {
    const { rows, error } = await this.attempt(statement, binds);
    if (error !== undefined) {
      const begin = statement.trim().split(/\s+/).slice(0, 3).join(" ");
      throw new Error(`the database refused "${begin} …" with ${oracleError(error)}`);
    }
    return rows;
  }

  /** The columns of a query, in order. */
  async describe(query: string): Promise<readonly DescribedColumn[]> {
    const { metaData } = await this.#connection.execute(query);
    return (metaData ?? []).map(({ name, dbTypeName = "" }) => ({ name, type: dbTypeName }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    // A session that the server has ended cannot say good-bye.
    return this.#connection.close().catch(() => undefined);
  }
}

/** `ORA-00942` */
export function oracleError(number: number): string {
  return `ORA-${String(number).padStart(5, "0")}`;
}

const EXACT = new Set<unknown>([oracledb.DB_TYPE_NUMBER, oracledb.DB_TYPE_CLOB]);

function exactText({ dbType }: oracledb.Metadata<unknown>): oracledb.FetchTypeResponse | undefined {
  return EXACT.has(dbType) ? { type: oracledb.STRING } : undefined;
}
