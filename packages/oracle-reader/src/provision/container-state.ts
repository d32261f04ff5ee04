import type { OverriddenParameter } from "@das/core";
import { Inquiry, textOf } from "../check/answer.ts";
import { lookAtInstance } from "../check/instance-facts.ts";
import { judgeVault } from "../check/vault.ts";
import type { Connection } from "../connection.ts";
import { ownerOf, STATE_TABLE } from "./names.ts";
import { driftOf, lookAtProtected, policyRecord } from "./policy-record.ts";
import { demandAnswer } from "./provision-facts.ts";
import { recordedChanges } from "./recorded-changes.ts";

/** What a container says of the activity stream. */
export interface ContainerState {
  readonly place: string;
  readonly isLocked: boolean;
  readonly drift: readonly string[];
  readonly parameters: readonly OverriddenParameter[];
  readonly protection: string;
}

/**
 * Asks nothing that the publisher's own account may not see.
 * @returns undefined where no stream was started, or its state may not be looked at
 * @throws RefusedError, UnavailableError
 */
export async function lookAtContainerState(
  connection: Connection,
  place: string,
  signal: AbortSignal,
): Promise<ContainerState | undefined> {
  const inquiry = new Inquiry(connection, signal);
  const instance = demandAnswer(await lookAtInstance(inquiry), place, "the instance");
  const owner = ownerOf(instance);
  const answer = await inquiry.ask(`SELECT s.locked, s.recorded, s.changes FROM ${owner}.${STATE_TABLE} s`);
  const [row] = answer.known ? answer.value : [];
  if (!row) return undefined;
  const [locked, recorded = "", changes = ""] = row.map(textOf);
  const looked = await lookAtProtected(inquiry, owner, true);
  const isLocked = locked !== "0";
  const drift = isLocked ? driftOf(recorded, policyRecord(looked), looked) : [];
  return {
    place,
    isLocked,
    drift: drift.map(({ text }) => text),
    parameters: recordedChanges(changes).parameters,
    protection: judgeVault(looked.vault, true, instance).what,
  };
}
