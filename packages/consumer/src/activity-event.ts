import type { DatabaseActivityEvent } from "@das/core";

/** How an integer beyond 2^53 is given, which a `number` would round; smaller ones are numbers either way. */
export type IntegerForm = "bigint" | "string";

/** A type with text in place of its bigints. */
export type Spelled<Value> = unknown extends Value
  ? Value
  : Value extends bigint
    ? string
    : Value extends readonly (infer Element)[]
      ? Spelled<Element>[]
      : Value extends object
        ? { [Member in keyof Value]: Spelled<Value[Member]> }
        : Value;

/**
 * One audited action. The type is that of Oracle's (1.3) and SQL Server's (1.4) events; what is in an event is as its
 * producer wrote it and is not checked: unknown members are kept, and an Aurora stream has Aurora's members.
 */
export type ActivityEvent<Integers extends IntegerForm = "bigint"> = Integers extends "string"
  ? Spelled<DatabaseActivityEvent>
  : DatabaseActivityEvent;

/** A copy with the decimal digits of each bigint in its place. */
export function spellBigints<Value>(value: Value): Spelled<Value> {
  return spelled(value) as Spelled<Value>;
}

function spelled(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(spelled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([member, content]) => [member, spelled(content)]));
}
