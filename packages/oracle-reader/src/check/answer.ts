import { type DasError, RefusedError } from "@das/core";
import { ServerError } from "../classify-error.ts";
import type { Connection } from "../connection.ts";
import type { OracleValue } from "../row.ts";
import type { DescribedColumn } from "../statements.ts";

/** What a question gave, or why nobody knows: a question that the server refuses is a finding, never an exception. */
export type Answer<Value> = { readonly known: true; readonly value: Value } | Unknown;

export interface Unknown {
  readonly known: false;
  readonly reason: string;
  /** Is it for want of a right? */
  readonly refused: boolean;
}

export function notKnown(reason: string): Unknown {
  return { known: false, reason, refused: false };
}

export function answered<Value>(value: Value): Answer<Value> {
  return { known: true, value };
}

export function mapAnswer<From, To>(answer: Answer<From>, map: (value: From) => To): Answer<To> {
  return answer.known ? answered(map(answer.value)) : answer;
}

export type Rows = readonly (readonly OracleValue[])[];

/** NULL is "". */
export function textOf(value: OracleValue | undefined): string {
  return value ?? "";
}

/** Asks one connection; every statement that passes through here only reads. */
export class Inquiry {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;

  constructor(connection: Connection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /** `19.21.0.0.0`, as the server said at the log-on. */
  get serverVersion(): string {
    return this.#connection.serverVersion;
  }

  /** @throws UnavailableError when the connection is lost; the signal's reason when it aborts */
  ask(text: string, binds: Readonly<Record<string, string>> = {}): Promise<Answer<Rows>> {
    return this.#answer(() => this.#connection.select(text, binds, this.#signal));
  }

  /** The columns of a result, whose rows are not asked for. @throws as `ask` */
  describe(text: string): Promise<Answer<readonly DescribedColumn[]>> {
    return this.#answer(() => this.#connection.describe(text, this.#signal));
  }

  /**
   * Whether a procedure may be executed. Not known for want of a right also where there is no such procedure.
   * @param block PL/SQL that names it and does nothing: names are resolved before it runs
   * @throws as `ask`
   */
  compile(block: string): Promise<Answer<boolean>> {
    return this.#answer(() => this.#connection.call(block, {}, this.#signal));
  }

  async #answer<Value>(question: () => Promise<Value>): Promise<Answer<Value>> {
    try {
      const value = await question();
      // An aborted query gives what it has, which would look like an answer.
      this.#signal.throwIfAborted();
      return answered(value);
    } catch (error) {
      if (error instanceof ServerError) return notKnown(numbered(error.number));
      if (!(error instanceof RefusedError) || error.code !== "right-missing") throw error;
      return { known: false, reason: numbered(numberOf(error)), refused: true };
    }
  }
}

/** The server's number behind an error of a connection. */
export function numberOf(error: DasError): number | undefined {
  return (error.cause as { readonly errorNum?: number } | undefined)?.errorNum;
}

/** The server's own number says more than a text that depends on its language. */
function numbered(number: number | undefined): string {
  return number === undefined ? "no reason given" : `ORA-${String(number).padStart(5, "0")}`;
}
