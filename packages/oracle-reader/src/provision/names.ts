import { type InstanceFacts, ROOT } from "../check/instance-facts.ts";
import { quoteName } from "../check/statement.ts";

/** What `das start` installs, and for whom (Oracle notes §§4.2, 5). */
export interface Names {
  /** Schema of the state and of the procedures; nobody logs on as it. In a root every user is common: `C##DAS_OWNER`. */
  readonly owner: string;
  /** The publisher's account, as the dictionary has it. */
  readonly reader: string;
  /** What is granted and created for a common user is so in every container. */
  readonly everywhere: "" | " CONTAINER=ALL";
}

export function namesIn({ containerId }: Pick<InstanceFacts, "containerId">, reader: string): Names {
  const isRoot = containerId === ROOT;
  return { owner: ownerIn(isRoot), reader, everywhere: isRoot ? " CONTAINER=ALL" : "" };
}

export function ownerIn(isRoot: boolean): string {
  return isRoot ? "C##DAS_OWNER" : "DAS_OWNER";
}

/** As SQL names it. */
export function ownerOf({ containerId }: Pick<InstanceFacts, "containerId">): string {
  return quoteName(ownerIn(containerId === ROOT));
}

/** As the dictionary has a name that was typed: `scott` is SCOTT, `"scott"` is not. */
export function dictionaryName(typed: string): string {
  return typed.startsWith('"') ? typed.slice(1, -1) : typed.toUpperCase();
}

export const STATE_TABLE = "DAS_STATE";
/** Database Vault asks it, too. */
export const ASKED_FUNCTION = "DAS_IS_LOCKED";
export const LOCK_TRIGGER = "DAS_LOCK_TRG";

/** Policies of the stream's own: what changes the audit itself, what the reader's account could do besides reading, the canary. */
export const LOCK_POLICY = "DAS_LOCK";
export const READER_POLICY = "DAS_READER_POL";
export const CANARY_POLICY = "DAS_CANARY_POL";
export const OWN_POLICIES = [LOCK_POLICY, READER_POLICY, CANARY_POLICY] as const;

/** Users of all containers, by their names. */
export function isCommon(name: string): boolean {
  return name.startsWith("C##");
}
