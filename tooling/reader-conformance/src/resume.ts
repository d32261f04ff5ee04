import type { AuditSource, Cursor, Resume, ResumePoint } from "@das/core";

/** Nothing is on the stream. */
export const fromTheStart: Resume = async () => undefined;

/** What is on the stream, of the source's own history: a cursor is enough. */
export function resumeAt(
  { history }: Pick<AuditSource<unknown>, "history">,
  point: ({ readonly cursor: Cursor } & Partial<ResumePoint>) | undefined,
): Resume {
  return async () => point && { history, published: new Set(), ...point };
}
