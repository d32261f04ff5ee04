/** Programs that are called by name: members of packages, and what somebody created. */
import { hasObjectPrivilege } from "../privileges.ts";
import type { SqlType, SqlValue } from "../sql-types.ts";
import { demandAllowedCall } from "../vault.ts";
import { compilationError } from "./compilation-error.ts";
import type { Parameter, SqlContext } from "./context.ts";
import { convertValue, isConvertible } from "./convert-value.ts";
import { findPackage } from "./find-object.ts";

export interface Routine {
  readonly owner: string;
  /** `DBMS_LOCK`, `DAS_CANARY`: what audit records call it. */
  readonly object: string;
  readonly kind: "PACKAGE" | "PROCEDURE" | "FUNCTION";
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly result?: SqlType;
  run(args: ReadonlyMap<string, SqlValue>, context: SqlContext): SqlValue;
}

export interface GivenArgument {
  readonly name?: string;
  readonly value: SqlValue;
  readonly type: SqlType;
}

/** Undefined when there is none, or none that may be executed. */
export function findRoutine(path: readonly string[], context: SqlContext): Routine | undefined {
  const name = path.at(-1) ?? "";
  const owner = path.length > 1 ? findPackage(path.slice(0, -1), context) : undefined;
  const member = owner?.members.get(name);
  if (owner && member)
    return { ...member, owner: owner.owner, object: owner.name, kind: "PACKAGE", name: `${owner.name}.${name}` };
  return findStored(path, context);
}

function findStored(path: readonly string[], context: SqlContext): Routine | undefined {
  if (path.length > 2) return undefined;
  const { engine, dictionary, rights, session } = context;
  const [schema, name] = path.length === 2 ? path : [session.currentSchema, path[0]];
  const { database } = dictionary;
  const stored = database.routines.find((routine) => routine.owner === schema && routine.name === name);
  if (!stored || !hasObjectPrivilege(database, rights, stored.owner, stored.name, ["EXECUTE"])) return undefined;
  const { parameters, owner, result } = stored;
  return {
    owner,
    object: stored.name,
    kind: stored.kind === "function" ? "FUNCTION" : "PROCEDURE",
    name: stored.name,
    parameters: parameters.map(({ name: parameter, type, isOptional }) => ({ name: parameter, type, isOptional })),
    ...(result && { result }),
    run: (args, caller) => engine.runStored(stored, args, caller),
  };
}

/** Which argument goes to which parameter. @throws OracleError 6550 with PLS-00306 */
export function matchArguments(
  { name, parameters }: Routine,
  given: readonly { readonly name?: string; readonly type: SqlType }[],
): readonly Parameter[] {
  const failure = () =>
    compilationError(`PLS-00306: wrong number or types of arguments in call to '${name.split(".").at(-1)}'`);
  const taken = given.map(({ name: written, type }, index) => {
    const found = written === undefined ? parameters[index] : parameters.find((each) => each.name === written);
    if (!found || !isConvertible(type, found.type)) throw failure();
    return found;
  });
  if (new Set(taken).size < taken.length) throw failure();
  if (parameters.some((each) => !each.isOptional && !taken.includes(each))) throw failure();
  return taken;
}

export function callRoutine(routine: Routine, given: readonly GivenArgument[], context: SqlContext): SqlValue {
  const taken = matchArguments(routine, given);
  const args = new Map<string, SqlValue>();
  for (const { name, value } of routine.parameters) if (value !== undefined) args.set(name, value);
  for (const [index, { value, type }] of given.entries()) {
    const parameter = taken[index];
    if (parameter) args.set(parameter.name, convertValue(value, type, parameter.type, context.formats));
  }
  demandAllowedCall(routine.owner, routine.object, context);
  const result = routine.run(args, context);
  // The model tells of DBMS_AUDIT_MGMT by itself.
  if (routine.object !== "DBMS_AUDIT_MGMT")
    context.engine.recordAction(context, "EXECUTE", routine.owner, routine.object);
  return result;
}
