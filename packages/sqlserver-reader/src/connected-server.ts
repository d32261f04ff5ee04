import { type Clock, DasError, type Logger, RefusedError, type UtcTime, utcTime } from "@das/core";
import { directoryKey, splitPath } from "./audit-file-name.ts";
import type {
  AuditServer,
  AuditState,
  DroppedRecords,
  FileSetPlace,
  PolicyServer,
  QueryHandlers,
} from "./audit-server.ts";
import { ServerError } from "./classify-error.ts";
import { Connection, type QueryParameter } from "./connection.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { type ConnectedInstance, describeInstance, textOf } from "./instance.ts";
import { policyServer } from "./policy-look.ts";
import type { SqlValue } from "./row.ts";
import {
  AUDIT_CHANGES_ALIAS,
  AUDIT_CHANGES_NAME,
  AUDIT_STATE,
  AUDIT_STATE_WITHOUT_SESSION,
  FILE_LISTING,
  FILE_LISTING_2016,
  LOCK_HELD_ELSEWHERE,
  LOCK_ROLE,
  TAKE_LOCK,
} from "./statements.ts";

export interface ConnectedServerOptions {
  readonly connection: ConnectionOptions;
  /** The instance's own address in the events; default: what the server reports. */
  readonly serverHost: string | undefined;
  readonly audit: string;
  /** The resource id: part of the lock's name, so that two resources may read one instance. */
  readonly resourceId: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What sp_getapplock gives: at once, and after a wait. */
const GRANTED = new Set([0, 1]);
/** Of sp_getapplock, which would cut a longer one. */
const LONGEST_LOCK_NAME = 255;

/** 2017 has a function that lists files, before there is a procedure. */
const FIRST_WITH_LISTING = 14;

/** One connection to one instance, and what following one of its audits asks there. */
export class ConnectedServer implements AuditServer {
  readonly instance: ConnectedInstance;
  readonly policy: PolicyServer;
  readonly #connection: Connection;
  readonly #audit: readonly QueryParameter[];
  readonly #options: ConnectedServerOptions;
  #stateStatement = AUDIT_STATE;
  #listingRefused = false;

  private constructor(connection: Connection, instance: ConnectedInstance, options: ConnectedServerOptions) {
    this.#connection = connection;
    this.instance = instance;
    this.policy = policyServer(connection);
    const { audit } = options;
    const alias = audit === AUDIT_CHANGES_NAME ? AUDIT_CHANGES_ALIAS : audit;
    this.#audit = [nvarchar("audit", audit), nvarchar("alias", alias)];
    this.#options = options;
  }

  /** @throws UnavailableError, RefusedError */
  static async open(options: ConnectedServerOptions, signal: AbortSignal): Promise<ConnectedServer> {
    const { clock, logger, serverHost } = options;
    const connection = await Connection.open(options.connection, clock, logger);
    try {
      const instance = await describeInstance(connection, serverHost, signal);
      if (instance.reading.isPowerful) {
        logger.warn(
          { server: instance.serverName, user: options.connection.user },
          "the reader holds CONTROL SERVER, which is nearly everything: run das start, then revoke it",
        );
      }
      return new ConnectedServer(connection, instance, options);
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      throw error;
    }
  }

  async takeLock(signal: AbortSignal): Promise<boolean> {
    const { resourceId, audit } = this.#options;
    const [row] = await this.#connection.select(TAKE_LOCK, [nvarchar("resource", lockName(resourceId, audit))], signal);
    if (signal.aborted) return false;
    const granted = Number(row?.[0]);
    if (granted !== LOCK_HELD_ELSEWHERE && !GRANTED.has(granted)) throw this.#lockRefused(granted);
    return GRANTED.has(granted);
  }

  async observe(signal: AbortSignal): Promise<AuditState> {
    let rows: SqlValue[][];
    try {
      rows = await this.#connection.select(this.#stateStatement, this.#audit, signal);
    } catch (error) {
      if (!isRightMissing(error) || this.#stateStatement !== AUDIT_STATE) throw error;
      this.#stateStatement = AUDIT_STATE_WITHOUT_SESSION;
      rows = await this.#connection.select(this.#stateStatement, this.#audit, signal);
      this.#options.logger.warn(
        { server: this.instance.serverName, error: (error as Error).message },
        "event sessions may not be looked at: records that the server drops would go unnoticed; grant VIEW SERVER STATE",
      );
    }
    // With both names there, the second one of AWS's is the one that counts.
    const row = rows.find(([, name]) => textOf(name) === this.#audit[0]?.value) ?? rows[0] ?? [];
    return stateOf(row);
  }

  async listFiles(directory: string, set: FileSetPlace, signal: AbortSignal): Promise<readonly string[]> {
    if (!this.#listingRefused) {
      try {
        const names = await this.#listDirectory(directory, signal);
        // Where the right is missing the answer may be nothing at all; a directory that is written to is not empty.
        if (names.length > 0 || signal.aborted || !(await this.#isWrittenTo(directory, signal))) return names;
        this.#refuseListing("the directory seems to be empty");
      } catch (error) {
        if (!isRightMissing(error) && !(error instanceof ServerError)) throw error;
        this.#refuseListing(error.message);
      }
    }
    return this.#namesOfRows(directory, set, signal);
  }

  readRows(path: string, offset: bigint | null, handlers: QueryHandlers, signal: AbortSignal): Promise<boolean> {
    const parameters = readParameters(path, offset === null ? null : path, offset);
    const { statement, kept } = this.instance.reading;
    const { onRow } = handlers;
    const picked: QueryHandlers = kept
      ? {
          ...handlers,
          onRow: (values, flow) =>
            onRow(
              kept.map((index) => values[index] ?? null),
              flow,
            ),
        }
      : handlers;
    return this.#connection.query(statement, parameters, picked, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]();
  }

  #lockRefused(answer: number): RefusedError {
    const { instanceId, user } = this.#options.connection;
    return new RefusedError({
      who: "sqlserver-reader",
      what: `instance "${instanceId}": user "${user}" may not take the lock of the audit ${this.#options.audit} (sp_getapplock gave ${answer})`,
      remedy: `In master: create the role ${LOCK_ROLE} and make the user its member; das check gives the statements`,
      code: "lock-refused",
    });
  }

  async #listDirectory(directory: string, signal: AbortSignal): Promise<readonly string[]> {
    const parameters = [nvarchar("directory", directory)];
    if (this.instance.majorVersion >= FIRST_WITH_LISTING) {
      parameters.push(nvarchar("pattern", "*.sqlaudit"));
      return (await this.#connection.select(FILE_LISTING, parameters, signal)).map(([name]) => textOf(name));
    }
    const entries = await this.#connection.select(FILE_LISTING_2016, parameters, signal);
    return entries.filter(([, , isFile]) => Number(isFile) === 1).map(([name]) => textOf(name));
  }

  async #isWrittenTo(directory: string, signal: AbortSignal): Promise<boolean> {
    const { audit } = await this.observe(signal);
    return audit?.status === "STARTED" && directoryKey(audit.directory) === directoryKey(directory);
  }

  #refuseListing(error: string): void {
    this.#listingRefused = true;
    this.#options.logger.warn(
      { server: this.instance.serverName, error },
      "directories may not be listed; audit files are found by reading them, which opens each of them for a moment",
    );
  }

  /** Files without a row are not found; the one that is written to is known without. */
  async #namesOfRows(directory: string, set: FileSetPlace, signal: AbortSignal): Promise<readonly string[]> {
    const pattern = `${directory}${set.audit}_${set.auditGuid ?? ""}*`;
    const read = (from: FileSetPlace["from"]) =>
      this.#connection.select(
        this.instance.reading.filesStatement,
        readParameters(pattern, from ? directory + from.name : null, from?.offset ?? null),
        signal,
      );
    const names = new Set<string>();
    let rows: SqlValue[][];
    try {
      rows = await read(set.from);
      if (set.from) names.add(set.from.name);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      // The place's file is gone, so whatever is left follows; 33224 again when nothing is.
      rows = set.from ? await read(undefined).catch(emptyOnServerError) : [];
    }
    const { audit } = await this.observe(signal);
    for (const [path] of rows) names.add(splitPath(textOf(path)).name);
    if (audit?.currentFile !== undefined) names.add(audit.currentFile);
    return [...names];
  }
}

/** Resource and audit: `master` is the instance's own (SQL Server notes §5). Names are far shorter than what is allowed. */
function lockName(resourceId: string, audit: string): string {
  return `das:${resourceId}:${audit}`.slice(0, LONGEST_LOCK_NAME);
}

function emptyOnServerError(error: unknown): SqlValue[][] {
  if (error instanceof ServerError) return [];
  throw error;
}

function nvarchar(name: string, value: string | null): QueryParameter {
  return { name, type: "nvarchar", value };
}

function readParameters(pattern: string, file: string | null, offset: bigint | null): QueryParameter[] {
  return [
    nvarchar("pattern", pattern),
    nvarchar("file", file),
    { name: "offset", type: "bigint", value: offset === null ? null : String(offset) },
  ];
}

function isRightMissing(error: unknown): error is RefusedError {
  return error instanceof RefusedError && error instanceof DasError && error.code === "right-missing";
}

function stateOf(row: readonly SqlValue[]): AuditState {
  const [observedAt, name, guid, directory, status, path, session, events, buffers] = row;
  const currentFile = splitPath(textOf(path)).name;
  return {
    observedAt: utcTime(textOf(observedAt)) as UtcTime,
    audit:
      textOf(name) === ""
        ? undefined
        : {
            name: textOf(name),
            auditGuid: textOf(guid).toUpperCase(),
            directory: textOf(directory),
            status: textOf(status),
            currentFile: currentFile === "" ? undefined : currentFile,
            dropped: droppedOf(session, events, buffers),
          },
  };
}

function droppedOf(session: SqlValue | undefined, events: SqlValue | undefined, buffers: SqlValue | undefined) {
  if (textOf(session) === "") return undefined;
  const dropped: DroppedRecords = {
    session: textOf(session).replaceAll(/\D/g, ""),
    count: BigInt(textOf(events) || 0) + BigInt(textOf(buffers) || 0),
  };
  return dropped;
}
