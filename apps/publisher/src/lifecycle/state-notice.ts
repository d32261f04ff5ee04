import type { StreamNotice } from "@das/core";
import type { StreamState } from "./stream-state.ts";

/**
 * The last start, stop or modify, as what is told of it on the stream; with a start the stop before it, which nobody told
 * if no publisher ran then. Made from nothing but the state, so that they are the same events whichever publisher tells
 * them, and however often.
 */
export function stateNotices(state: StreamState): readonly StreamNotice[] {
  const { generation, status, policy } = state;
  const { "changed-at": changedAt, "changed-by": changedBy, "stopped-at": stoppedAt, "stopped-by": stoppedBy } = state;
  if (status === "stopping" || status === "stopped") return [stopNotice(generation, changedAt, changedBy)];
  if (changedAt !== state["started-at"]) {
    return [notice("MODIFY", `the audit policy is ${settledPolicy(policy)}`, changedAt, changedBy)];
  }
  return [
    ...(stoppedAt && stoppedBy ? [stopNotice(generation - 1, stoppedAt, stoppedBy)] : []),
    notice("START", `generation ${generation} of the activity stream is started`, changedAt, changedBy),
  ];
}

function stopNotice(generation: number, at: string, by: string): StreamNotice {
  return notice("STOP", `generation ${generation} of the activity stream is stopped`, at, by);
}

function notice(command: StreamNotice["command"], what: string, at: string, by: string): StreamNotice {
  return { command, cause: `${what} by ${by}`, startTime: at, endTime: null };
}

/** While the policy is being changed it still is what it was. */
function settledPolicy(policy: StreamState["policy"]): "locked" | "unlocked" {
  return policy === "locked" || policy === "unlocking-policy" ? "locked" : "unlocked";
}
