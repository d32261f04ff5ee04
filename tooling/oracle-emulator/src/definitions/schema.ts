import type { SqlContext } from "../sql/context.ts";

/** In whose schema a name without an owner stands. */
export function ownerOf(path: readonly string[], { session }: SqlContext): string {
  return path.length > 1 ? (path[0] ?? "") : session.currentSchema;
}

export function isOwnSchema(path: readonly string[], context: SqlContext): boolean {
  return ownerOf(path, context) === context.rights.user;
}
