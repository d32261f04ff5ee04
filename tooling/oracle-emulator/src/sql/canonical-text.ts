import { findColumn } from "./compile-name.ts";
import type { Scope } from "./compiled.ts";
import type { Expression } from "./syntax.ts";

/** The same for two ways of writing the same expression: `t.x` and `x`. */
export function canonicalText(expression: Expression, scope: Scope): string {
  return JSON.stringify(expression, (key, value: unknown) => {
    if (key === "at") return undefined;
    if (typeof value === "bigint") return value.toString();
    if (!isName(value)) return value;
    const found = findColumn(value.path, scope);
    return found ? { column: found.column.name, table: found.index } : value;
  });
}

function isName(value: unknown): value is Extract<Expression, { kind: "name" }> {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "name" && "path" in value;
}
