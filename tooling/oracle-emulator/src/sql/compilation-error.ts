import { OracleError } from "../oracle-error.ts";

/** What PL/SQL's compiler refuses: nothing of the block has run. */
export function compilationError(message: string, at: Place = { line: 1, column: 7 }): OracleError {
  const where = `line ${at.line}, column ${at.column}:`;
  return new OracleError(6550, `${where}\n${message}\nORA-06550: ${where}\nPL/SQL: Statement ignored`);
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Both from 1. */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
