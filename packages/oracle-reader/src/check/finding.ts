import { type CheckTopic, checkTopic } from "@das/core";

/** @param id stable, for programs; without `oracle.`, which all share */
export function about(id: string, why: string): CheckTopic {
  return checkTopic(`oracle.${id}`, why);
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
