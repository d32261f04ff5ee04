import { type CheckTopic, checkTopic } from "@das/core";

/** @param id stable, for programs; without `sqlserver.`, which all share */
export function about(id: string, why: string): CheckTopic {
  return checkTopic(`sqlserver.${id}`, why);
}

/** At most three of many, with how many more there are. */
export function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
