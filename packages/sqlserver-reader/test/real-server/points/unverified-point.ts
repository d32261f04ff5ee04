import type { RealServer } from "../real-server.ts";

/** What a server does where nobody had looked. */
export interface Answer {
  /** To be read behind the question: `yes`, `error 33225, before the columns`. */
  readonly says: string;
  /** Does the reader do its work with this answer? Only a `false` fails the test. */
  readonly copes: boolean;
}

/** One of the points that SQL Server notes §10 lists as unverified, as a test that settles it for one server. */
export interface UnverifiedPoint {
  /** Its number in SQL Server notes §10. */
  readonly section: number;
  readonly question: string;
  /** Why this server, or any client, cannot settle it; undefined when it can. */
  cannot?(server: RealServer): string | undefined;
  settle(server: RealServer): Promise<Answer>;
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
