import { timestampText } from "../model/audit-row.ts";
import type { SqlContext } from "../sql/context.ts";

/** In whose schema a name without an owner stands. */
export function ownerOf(path: readonly string[], { session }: SqlContext): string {
  return path.length > 1 ? (path[0] ?? "") : session.currentSchema;
}

export function isOwnSchema(path: readonly string[], context: SqlContext): boolean {
  return ownerOf(path, context) === context.rights.user;
}

/** LAST_DDL_TIME of what is defined now: a DATE. */
export function ddlTime({ now }: SqlContext): string {
  return timestampText(now).slice(0, 19);
}
