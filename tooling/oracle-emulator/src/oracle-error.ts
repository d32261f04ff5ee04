/** An error that the database reports to its client. */
export class OracleError extends Error {
  /** The ORA number. */
  readonly number: number;
  /** Offset in the statement at which it was found, in characters from 0, where the error has a place. */
  readonly position: number;

  /** `text` is without its `ORA-nnnnn: `. It may go on with further lines, such as those of ORA-06512. */
  constructor(number: number, text: string, position = 0) {
    super(`ORA-${String(number).padStart(5, "0")}: ${text}`);
    this.number = number;
    this.position = position;
  }
}

/**
 * What the client is told. Whatever is no error of the database is the emulator's own fault, and the test that meets it
 * shall see it; not as ORA-00600, which drivers take for the end of the connection.
 */
export function reportOf(error: unknown): OracleError {
  if (error instanceof OracleError) return error;
  return new OracleError(700, `soft internal error, arguments: [oracle-emulator], [${error}]`);
}
