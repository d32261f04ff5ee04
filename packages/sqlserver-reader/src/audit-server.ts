import type { UtcTime } from "@das/core";
import type { ConnectedInstance } from "./instance.ts";
import type { PolicyRecord } from "./provision/fingerprint.ts";
import type { PolicyFacts } from "./provision/policy-facts.ts";
import type { SqlValue } from "./row.ts";

/**
 * What following an audit asks of a server. `ConnectedServer` answers over the driver; tests answer from a model, so
 * that the same following runs through thousands of histories without a socket.
 */
export interface AuditServer extends AsyncDisposable {
  readonly instance: ConnectedInstance;
  /** The audit as it is at this moment. @throws UnavailableError, RefusedError, ServerError */
  observe(signal: AbortSignal): Promise<AuditState>;
  /**
   * Takes the audit's lock on this connection, whose session then holds it; again while it is held has no effect.
   * @returns whether it is held; false when another session has it
   * @throws UnavailableError; RefusedError when the login may not take it
   */
  takeLock(signal: AbortSignal): Promise<boolean>;
  /**
   * Names of what lies in a directory; other files may be among them. Empty when there is no such directory.
   * @param set one audit's files, and where reading them has come to: enough for a server that lists nothing but them
   */
  listFiles(directory: string, set: FileSetPlace, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * The rows of one file, in the file's order: from the block at or after `offset`, or all of them.
   * @returns whether the result ran to its end; false when it was cancelled through the signal
   * @throws ServerError when the file or the offset is not there; UnavailableError, RefusedError
   */
  readRows(path: string, offset: bigint | null, handlers: QueryHandlers, signal: AbortSignal): Promise<boolean>;
  /** The audit policy of the instance; absent where it cannot be asked for. */
  readonly policy?: PolicyServer;
}

export interface PolicyServer {
  /** @throws UnavailableError */
  look(signal: AbortSignal): Promise<PolicyLook | PolicyRefusal>;
  /**
   * Switches on again what is off and should not be, through the procedure that das start installs.
   * @returns why the server refused; undefined when it did not
   * @throws UnavailableError
   */
  heal(signal: AbortSignal): Promise<string | undefined>;
}

export interface PolicyLook {
  /** By the server's clock. */
  readonly observedAt: UtcTime;
  /** Is it a secondary replica, or a mirror? */
  readonly isStandby: boolean;
  /** undefined: nothing is provisioned. */
  readonly record: PolicyRecord | undefined;
  readonly facts: PolicyFacts;
}

export interface PolicyRefusal {
  readonly refusal: string;
}

/** One look at an audit. */
export interface AuditState {
  /** By the server's clock. */
  readonly observedAt: UtcTime;
  /** undefined when there is no audit of this name that writes to files. */
  readonly audit: AuditDefinition | undefined;
}

export interface AuditDefinition {
  /** As the catalog spells it. */
  readonly name: string;
  /** Upper case. */
  readonly auditGuid: string;
  /** FILEPATH with its trailing separator. */
  readonly directory: string;
  /** STARTED, RUNTIME_FAIL, …: numbers differ between versions and are not used. */
  readonly status: string;
  /** Name of the file that is written to; undefined while there is none. */
  readonly currentFile: string | undefined;
  /** What the audit's event session could not write; undefined when there is no session, or no right to look. */
  readonly dropped: DroppedRecords | undefined;
}

/** Counters of one event session: they begin anew with the next one. */
export interface DroppedRecords {
  /** Tells this session from all others of the audit: a decimal number. */
  readonly session: string;
  readonly count: bigint;
}

export interface FileSetPlace {
  readonly audit: string;
  /** undefined when it is not known: any. */
  readonly auditGuid: string | undefined;
  /** A file of this directory and an offset in it before which everything was read. */
  readonly from: { readonly name: string; readonly offset: bigint } | undefined;
}

/** Holds a result back while it arrives. The server keeps its side open meanwhile: for moments only. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export interface ServerMessage {
  readonly number: number;
  readonly message: string;
}

export interface QueryHandlers {
  /** The values of one row, in column order. Some more may come after a pause. Must not throw. */
  onRow(values: readonly SqlValue[], flow: Flow): void;
  /** In its place among the rows, as far as the server puts it there. */
  onInfo?(info: ServerMessage): void;
  /** The result's columns, before the first row. */
  onColumns?(columns: readonly { readonly name: string; readonly type: string }[]): void;
}
