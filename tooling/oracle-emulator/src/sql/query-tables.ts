/** Which tables and views a statement names: each is audited by itself. */
import type { SqlContext } from "./context.ts";
import { resolveTable } from "./find-object.ts";
import type { Query } from "./syntax.ts";

export interface NamedTable {
  readonly owner: string;
  readonly name: string;
}

export function tablesOf(part: Query | readonly string[], context: SqlContext): readonly NamedTable[] {
  const paths = "kind" in part ? pathsIn(part) : [part];
  const found = new Map<string, NamedTable>();
  for (const path of paths) {
    const table = resolveTable(path, context);
    const owner = table?.owner ?? (path.length > 1 ? (path[0] ?? "") : context.session.currentSchema);
    const name = table?.name ?? path.at(-1) ?? "";
    if (name !== "DUAL") found.set(`${owner}.${name}`, { owner, name });
  }
  return [...found.values()];
}

function pathsIn(part: unknown): readonly (readonly string[])[] {
  if (typeof part !== "object" || part === null) return [];
  const own = "kind" in part && part.kind === "table" && "path" in part ? [part.path as readonly string[]] : [];
  return [...own, ...Object.values(part).flatMap(pathsIn)];
}
