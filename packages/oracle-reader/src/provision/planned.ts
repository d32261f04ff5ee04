import type { PlannedStatement } from "@das/core";

/**
 * SQL as a person pastes it into SQL*Plus: `;` at the end, after PL/SQL `/` on a line of its own. `:reader_password`,
 * `:owner_password` and `:record` are filled in when it is sent.
 */
export type Planned = (what: string, sql: string) => PlannedStatement;

export function plannedAt(place: string): Planned {
  return (what, sql) => ({ what, sql: `${sql};`, place });
}

export function programAt(place: string): Planned {
  return (what, sql) => ({ what, sql: `${sql}\n/`, place });
}

/** As the server takes it: SQL without its end, PL/SQL with the last semicolon and without the slash. */
export function sentText({ sql }: PlannedStatement): string {
  return sql.endsWith("\n/") ? sql.slice(0, -2) : sql.replace(/;$/, "");
}
