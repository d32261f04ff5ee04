import { findUser, type StoredRoutine } from "../database.ts";
import type { SqlContext } from "../sql/context.ts";
import { oracleError } from "../sql/messages.ts";
import type { NewRoutine, NewTrigger } from "./definition.ts";
import { ddlTime, ownerOf } from "./schema.ts";

type Path = readonly string[];
type Placed = { readonly owner: string; readonly name: string };

function isAt(path: Path, context: SqlContext): (placed: Placed) => boolean {
  const owner = ownerOf(path, context);
  return (placed) => placed.owner === owner && placed.name === path.at(-1);
}

export function createRoutine({ path, orReplace, ...routine }: NewRoutine, context: SqlContext): void {
  const { dictionary } = context;
  const { database } = dictionary;
  const owner = ownerOf(path, context);
  const name = path.at(-1) ?? "";
  if (!findUser(database, owner)) throw oracleError(1435);
  const known = database.routines.find(isAt(path, context));
  const isTaken = known ? !orReplace || known.kind !== routine.kind : database.tables.some(isAt(path, context));
  if (isTaken) throw oracleError(955);
  const created: StoredRoutine = {
    ...routine,
    owner,
    name,
    roles: known?.roles ?? [],
    isValid: true,
    changedAt: ddlTime(context),
    container: context.session.container,
  };
  const isValid = context.engine.compiles(created, context);
  dictionary.changeDatabase({
    routines: [...database.routines.filter((each) => each !== known), { ...created, isValid }],
  });
}

export function dropRoutine(kind: "procedure" | "function", path: Path, context: SqlContext): void {
  const { dictionary } = context;
  const isHere = isAt(path, context);
  const found = dictionary.database.routines.find((routine) => isHere(routine) && routine.kind === kind);
  if (!found) throw oracleError(4043, [path.at(-1) ?? ""]);
  dictionary.changeDatabase({ routines: dictionary.database.routines.filter((each) => each !== found) });
}

export function createTrigger({ path, orReplace, ...trigger }: NewTrigger, context: SqlContext): void {
  const { dictionary } = context;
  const known = dictionary.database.triggers.find(isAt(path, context));
  if (known && !orReplace) throw oracleError(4081, [path.at(-1) ?? ""]);
  const created = {
    ...trigger,
    owner: ownerOf(path, context),
    name: path.at(-1) ?? "",
    container: context.session.container,
    changedAt: ddlTime(context),
  };
  dictionary.changeDatabase({ triggers: [...dictionary.database.triggers.filter((each) => each !== known), created] });
}

export function switchTrigger(path: Path, isEnabled: boolean, context: SqlContext): void {
  const { dictionary } = context;
  const found = dictionary.database.triggers.find(isAt(path, context));
  if (!found) throw oracleError(4080, [path.at(-1) ?? ""]);
  const triggers = dictionary.database.triggers.map((each) =>
    each === found ? { ...each, isEnabled, changedAt: ddlTime(context) } : each,
  );
  dictionary.changeDatabase({ triggers });
}

export function dropTrigger(path: Path, context: SqlContext): void {
  const { dictionary } = context;
  const found = dictionary.database.triggers.find(isAt(path, context));
  if (!found) throw oracleError(4080, [path.at(-1) ?? ""]);
  dictionary.changeDatabase({ triggers: dictionary.database.triggers.filter((each) => each !== found) });
}
