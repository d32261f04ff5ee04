/**
 * Where the two halves of the emulator meet: the wire (protocol/, session.ts, log-on.ts) hands over what a client sends,
 * and the engine behind it answers. Nothing here knows of packets, nothing there of SQL.
 */

export type ColumnType = "VARCHAR2" | "NUMBER" | "CLOB" | "RAW" | "DATE" | "TIMESTAMP" | "TIMESTAMP WITH TIME ZONE";

/** A column of a result, as DESCRIBE names it. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Of VARCHAR2 and RAW, in bytes: 1 to 32767. Default 4000. */
  readonly size?: number;
  /** Of NUMBER: 0 or absent when the column has none, with scale -127. */
  readonly precision?: number;
  /** Of NUMBER, and the fraction digits of a time (default 6). */
  readonly scale?: number;
  readonly nullable: boolean;
}

/**
 * The exact text of a value: the digits of a number (`-12.5`, `.5`, `1E+40`), the hex digits of a RAW,
 * `YYYY-MM-DD HH24:MI:SS` of a DATE, with `.FF1` to `.FF9` of a TIMESTAMP, with ` +HH:MM` after it of one with time
 * zone (the time is that of the zone), characters. A number or bigint stands for its digits. null is NULL, and so is the
 * empty string.
 */
export type SqlValue = string | number | bigint | null;

/** A value that the client sent for a placeholder. */
export interface BindValue {
  readonly type: ColumnType;
  readonly value: string | null;
}

export interface QueryResult {
  readonly columns: readonly Column[];
  /** Taken as far as the client fetches. What a row says is read at once, so the same array may be filled again. */
  readonly rows: Iterable<readonly SqlValue[]>;
}

export type StatementResult = QueryResult | { readonly rowsAffected: number };

/** What the client says of itself between statements (piggyback 135); only what it sets is there. */
export interface EndToEnd {
  readonly clientIdentifier?: string;
  readonly module?: string;
  readonly action?: string;
  readonly clientInfo?: string;
  readonly dbop?: string;
}

/** One logged-on session. */
export interface EngineSession {
  /** SID and SERIAL#, which the client is told. */
  readonly sessionId: number;
  readonly serialNumber: number;
  /**
   * Runs a statement. The client does not send the names of placeholders: `binds` holds a value for each placeholder in
   * the order of their places in SQL, and one for each *different* name in the order of their first places in PL/SQL.
   * @param cancelled aborts when the client breaks or has gone; whoever waits then rejects with whatever it likes
   * @throws OracleError
   */
  execute(sql: string, binds: readonly BindValue[], cancelled: AbortSignal): StatementResult | Promise<StatementResult>;
  setEndToEnd(values: EndToEnd): void;
  commit(): void;
  rollback(): void;
  /** Called once, whether the client logged off or vanished. */
  close(how: "logged off" | "vanished"): void;
}

/** What CONNECT asked for. One of the two is there. */
export interface ConnectTarget {
  readonly serviceName?: string;
  readonly sid?: string;
}

/** Who logs on, as the client says it, and from where. */
export interface LogOn {
  /** As it was typed: `scott` is SCOTT, `"scott"` is not. */
  readonly user: string;
  readonly target: ConnectTarget;
  /** IPv4 without the prefix of a dual-stack socket. */
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly protocol: "tcp" | "tcps";
  /** AUTH_PROGRAM_NM, AUTH_MACHINE, AUTH_SID (the operating system's user), AUTH_PID, AUTH_TERMINAL; empty when not sent. */
  readonly program: string;
  readonly machine: string;
  readonly osUser: string;
  readonly processId: string;
  readonly terminal: string;
  /** SESSION_CLIENT_DRIVER_NAME. */
  readonly driver: string;
  /** AUTH_ALTER_SESSION: a statement that sets the session's time zone before anything else; not every driver sends it. */
  readonly alterSession?: string;
  /** `sysdba` and the like; `normal` for everybody else. */
  readonly privilege: "normal" | "sysdba" | "sysoper" | "other";
}

/** What a client is told of the database when it has logged on. */
export interface ServerIdentity {
  /** `19.26.0.0.0`: AUTH_VERSION_NO. */
  readonly version: string;
  /** The first line of the banner. */
  readonly banner: string;
  readonly databaseName: string;
  readonly dbUniqueName: string;
  readonly instanceName: string;
  readonly serviceName: string;
}

export interface Engine {
  /** As it is now: it may change between two log-ons. */
  readonly identity: ServerIdentity;
  /** The number with which the listener refuses the target (12514, 12505, 12528 …); undefined lets the client in. */
  refusalOf(target: ConnectTarget): number | undefined;
  /** Asked before anything is proved. Undefined when there is no such user: the client sees what a wrong password gives. */
  passwordOf(user: string): string | undefined;
  /** The password was right. @throws OracleError 28000, 1045, 1033 … and then no session is open */
  openSession(logOn: LogOn): EngineSession;
  /** The password was wrong, or there is no such user: ORA-01017 is what the client is told. */
  logOnFailed(logOn: LogOn): void;
}
