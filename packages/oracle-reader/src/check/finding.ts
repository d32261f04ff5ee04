import type { CheckFinding } from "@das/core";

/** The findings that one look at one thing can have: what it is about, and why that matters. */
export interface Topic {
  ok(what: string): CheckFinding;
  /** @param repair the statement or setting that repairs it, ready to paste */
  warning(what: string, repair?: string): CheckFinding;
  failure(what: string, repair?: string): CheckFinding;
}

/** @param id stable, for programs; without `oracle.`, which all share */
export function about(id: string, why: string): Topic {
  const finding = (status: CheckFinding["status"], what: string, repair?: string): CheckFinding => ({
    id: `oracle.${id}`,
    status,
    what,
    why,
    ...(repair !== undefined && { repair }),
  });
  return {
    ok: (what) => finding("ok", what),
    warning: (what, repair) => finding("warning", what, repair),
    failure: (what, repair) => finding("failure", what, repair),
  };
}

/** At most three of many, with how many more there are. */
export function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** @param things where the plural has no plain s */
export function count(number: number, thing: string, things = `${thing}s`): string {
  return `${number} ${number === 1 ? thing : things}`;
}
