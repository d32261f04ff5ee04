import { DasError } from "@das/core";
import { ServerError } from "../classify-error.ts";
import type { Connection, QueryParameter } from "../connection.ts";
import type { SqlValue } from "../row.ts";

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

/** A question that the server did not answer, where the next ones make no sense without. */
export class UnansweredError extends Error {}

/** @throws UnansweredError */
export function demandAnswer<Value>(answer: Answer<Value>): Value {
  if (answer.known) return answer.value;
  throw new UnansweredError(answer.reason);
}

export type Rows = readonly (readonly SqlValue[])[];

/** Asks one connection; every statement that passes through here only reads. */
export class Inquiry {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;

  constructor(connection: Connection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /** @throws UnavailableError when the connection is lost; the signal's reason when it aborts */
  async ask(text: string, texts: Readonly<Record<string, string>> = {}): Promise<Answer<Rows>> {
    const parameters = Object.entries(texts).map(
      ([name, value]): QueryParameter => ({ name, type: "nvarchar", value }),
    );
    try {
      const rows = await this.#connection.select(text, parameters, this.#signal);
      // An aborted query gives what it has, which would look like an answer.
      this.#signal.throwIfAborted();
      return answered(rows);
    } catch (error) {
      if (error instanceof ServerError) return notKnown(numbered(error.number));
      if (!(error instanceof DasError) || error.code !== "right-missing") throw error;
      const cause = error.cause as { readonly number?: number } | undefined;
      return { known: false, reason: numbered(cause?.number), refused: true };
    }
  }
}

/** The server's own number says more than a text that depends on its language. */
function numbered(number: number | undefined): string {
  return `error ${number}`;
}
