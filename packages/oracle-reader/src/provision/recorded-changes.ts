import type { OverriddenParameter } from "@das/core";
import type { Enablement } from "../check/policies.ts";

/** What `das start` changed, kept in the database so that `das stop` can put it back from wherever it runs. */
export interface RecordedChanges {
  /** Names of what was not there before: `user DAS_OWNER`, `policy DAS_LOCK`, `procedure DAS_CANARY`. */
  readonly made: readonly string[];
  readonly parameters: readonly OverriddenParameter[];
  /** Users' own policies that recorded the reader's polls, as they were enabled. */
  readonly policies: readonly RecordedPolicy[];
}

export interface RecordedPolicy {
  readonly name: string;
  readonly enablements: readonly Enablement[];
}

export const NOTHING_RECORDED: RecordedChanges = { made: [], parameters: [], policies: [] };

export function recordedText(changes: RecordedChanges): string {
  return JSON.stringify(changes);
}

/** Text that nobody of ours wrote is nothing: then nothing is put back that cannot be known. */
export function recordedChanges(text: string): RecordedChanges {
  try {
    const { made = [], parameters = [], policies = [] } = JSON.parse(text) as Partial<RecordedChanges>;
    return [made, parameters, policies].every(Array.isArray) ? { made, parameters, policies } : NOTHING_RECORDED;
  } catch {
    return NOTHING_RECORDED;
  }
}

/** An earlier start that died recorded what it found; what a later one finds is its own work. */
export function mergedChanges(earlier: RecordedChanges, now: RecordedChanges): RecordedChanges {
  const known = (list: readonly { readonly name: string }[], name: string) => list.some((each) => each.name === name);
  return {
    made: [...new Set([...earlier.made, ...now.made])],
    parameters: [...earlier.parameters, ...now.parameters.filter(({ name }) => !known(earlier.parameters, name))],
    policies: [...earlier.policies, ...now.policies.filter(({ name }) => !known(earlier.policies, name))],
  };
}
