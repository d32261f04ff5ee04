import { JoinedText } from "./joined-text.ts";

export interface JoinOptions {
  /** UTF-16 units at which SQL Server cuts a text; 4000 when absent. A shorter piece is the last one. */
  readonly pieceLength?: number;
  /** Statements that may wait for more pieces at a time; 1,000 when absent. */
  readonly maxWaiting?: number;
  /** UTF-16 units that these may hold together; 16 Mi when absent. */
  readonly maxWaitingLength?: number;
}

export interface JoinedEvent<Event> {
  /** The first piece, with the texts of all. */
  readonly event: Event;
  /** How many events went into it. */
  readonly pieces: number;
  /** false: a piece is missing, or may be. */
  readonly complete: boolean;
}

/** What is looked at of an event; it may be of any engine and version. */
interface Piece {
  readonly serverType?: unknown;
  readonly serverHost?: unknown;
  readonly statementId?: unknown;
  readonly substatementId?: unknown;
  readonly logTime?: unknown;
  readonly command?: unknown;
  readonly sessionId?: unknown;
  readonly transactionId?: unknown;
  readonly commandText?: unknown;
  readonly engineNativeAuditFields?: Readonly<Record<string, unknown>> | undefined;
}

interface Statement<Event> {
  readonly first: Event;
  readonly commandText: JoinedText;
  readonly additionalInformation: JoinedText;
  pieces: number;
  /** How often `flushIdle` had been called when the last piece came. */
  round: number;
}

const PIECE_LENGTH = 4_000;
const MAX_WAITING = 1_000;
const MAX_WAITING_LENGTH = 16 * 1_048_576;
const ZERO_STATEMENT_ID = /^0x0*$/;

/**
 * Joins the statements that SQL Server cut into several audit rows, each of them an event of its own (wire format §12,
 * SQL Server notes §2.2). Join before you encode to UTF-8: a cut may stand inside a surrogate pair.
 *
 * Every event that goes in comes out: at once when it is a whole one, with its statement when it is a piece of one, by
 * itself and marked incomplete when it fits nowhere. An event that must wait is overtaken by the next ones. Duplicates
 * of pieces are given out by themselves.
 */
export class StatementJoiner<Event extends Piece> {
  readonly #pieceLength: number;
  readonly #maxWaiting: number;
  readonly #maxWaitingLength: number;
  /** The one that waits longest for its next piece first. */
  readonly #waiting = new Map<string, Statement<Event>>();
  #waitingLength = 0;
  #round = 0;

  constructor(options: JoinOptions = {}) {
    this.#pieceLength = options.pieceLength ?? PIECE_LENGTH;
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING;
    this.#maxWaitingLength = options.maxWaitingLength ?? MAX_WAITING_LENGTH;
  }

  /** Takes the next event and gives out what is finished by it: often the event itself, sometimes nothing. */
  push(event: Event): JoinedEvent<Event>[] {
    const number = pieceNumberOf(event);
    if (number === undefined) return [{ event, pieces: 1, complete: true }];
    const key = keyOf(event);
    const statement = this.#waiting.get(key);
    if (number === 1) {
      const given = statement ? [this.#giveOut(key, statement)] : [];
      return [...given, ...this.#keep(key, this.#begin(event))];
    }
    // A duplicate, or a piece whose predecessor is missing.
    if (number !== (statement?.pieces ?? 0) + 1 || !statement) return [{ event, pieces: 1, complete: false }];
    this.#remove(key, statement);
    statement.commandText.append(textOf(event.commandText));
    statement.additionalInformation.append(additionalInformationOf(event));
    statement.pieces += 1;
    statement.round = this.#round;
    return this.#keep(key, statement);
  }

  /** Gives out the statements that got no piece since the last call: call it now and then, say with each heartbeat. */
  flushIdle(): JoinedEvent<Event>[] {
    const idle = [...this.#waiting].filter(([, statement]) => statement.round < this.#round);
    this.#round += 1;
    return idle.map(([key, statement]) => this.#giveOut(key, statement));
  }

  /** Gives out all that waits: nothing more will come. */
  flush(): JoinedEvent<Event>[] {
    return [...this.#waiting].map(([key, statement]) => this.#giveOut(key, statement));
  }

  #begin(event: Event): Statement<Event> {
    return {
      first: event,
      commandText: new JoinedText(textOf(event.commandText), this.#pieceLength),
      additionalInformation: new JoinedText(additionalInformationOf(event), this.#pieceLength),
      pieces: 1,
      round: this.#round,
    };
  }

  /** Gives out the statement when it is complete, or lets it wait, and gives out others when these become too many. */
  #keep(key: string, statement: Statement<Event>): JoinedEvent<Event>[] {
    if (statement.commandText.ended && statement.additionalInformation.ended) return [joined(statement, true)];
    this.#waiting.set(key, statement);
    this.#waitingLength += lengthOf(statement);
    const given: JoinedEvent<Event>[] = [];
    for (const [longest, other] of this.#waiting) {
      if (this.#waiting.size <= this.#maxWaiting && this.#waitingLength <= this.#maxWaitingLength) break;
      given.push(this.#giveOut(longest, other));
    }
    return given;
  }

  #giveOut(key: string, statement: Statement<Event>): JoinedEvent<Event> {
    this.#remove(key, statement);
    return joined(statement, false);
  }

  #remove(key: string, statement: Statement<Event>): void {
    this.#waiting.delete(key);
    this.#waitingLength -= lengthOf(statement);
  }
}

function joined<Event extends Piece>(statement: Statement<Event>, complete: boolean): JoinedEvent<Event> {
  const { first, pieces } = statement;
  if (pieces === 1) return { event: first, pieces, complete };
  const native = first.engineNativeAuditFields;
  const additional_information = statement.additionalInformation.text;
  const event = {
    ...first,
    commandText: statement.commandText.text,
    ...(typeof native?.additional_information === "string" && {
      engineNativeAuditFields: { ...native, additional_information },
    }),
  };
  return { event, pieces, complete };
}

function lengthOf(statement: Statement<unknown>): number {
  return statement.commandText.length + statement.additionalInformation.length;
}

/** From 1; undefined for an event that is never cut: those of other engines. */
function pieceNumberOf({ serverType, substatementId, commandText }: Piece): number | undefined {
  if (serverType !== "SQLSERVER" || typeof commandText !== "string") return undefined;
  const isNumber = typeof substatementId === "number" && Number.isInteger(substatementId) && substatementId >= 1;
  return isNumber ? substatementId : undefined;
}

/** All other fields are the same in all pieces of a statement (SQL Server notes §2.2). */
function keyOf(event: Piece): string {
  const { serverHost, statementId, logTime, command, sessionId, transactionId } = event;
  // Some actions have no id of their own.
  const id = typeof statementId === "string" && ZERO_STATEMENT_ID.test(statementId) ? null : statementId;
  return JSON.stringify([serverHost, id, logTime, command, String(sessionId), transactionId]);
}

function additionalInformationOf(event: Piece): string {
  return textOf(event.engineNativeAuditFields?.additional_information);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
