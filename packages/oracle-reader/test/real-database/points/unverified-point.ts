import { oracleError } from "../administrator.ts";
import type { RealDatabase } from "../real-database.ts";

/** What a database does where nobody had looked. */
export interface Answer {
  /** To be read behind the question: `yes`, `ORA-00942`. */
  readonly says: string;
  /** Does the reader do its work with this answer? Only a `false` fails the test. */
  readonly copes: boolean;
}

/** One of the points that Oracle notes §10 lists as unverified, as a test that settles it for one database. */
export interface UnverifiedPoint {
  /** Its number in Oracle notes §10. */
  readonly section: number;
  readonly question: string;
  /** Why this database, or any client, cannot settle it; undefined when it can. */
  cannot?(database: RealDatabase): string | undefined;
  settle(database: RealDatabase): Promise<Answer>;
}

/** A point that no client can settle by itself. */
export function beyondReach(section: number, question: string, reason: string): UnverifiedPoint {
  return {
    section,
    question,
    cannot: () => reason,
    settle: () => Promise.reject(new Error(reason)),
  };
}

/** The answer to a question that the reader does not depend on. */
export function either(says: string): Answer {
  return { says, copes: true };
}

/** `no error`, or its number. */
export function resultText(error: number | undefined): string {
  return error === undefined ? "no error" : oracleError(error);
}
