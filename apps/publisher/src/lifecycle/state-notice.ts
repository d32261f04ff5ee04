import type { StreamNotice } from "@das/core";
import type { StreamState } from "./stream-state.ts";

/**
 * The last start, stop or modify, as what is told of it on the stream. Made from nothing but the state, so that it is the
 * same event whichever publisher tells it, and however often.
 */
export function stateNotice(state: StreamState): StreamNotice {
  const notice = (command: StreamNotice["command"], what: string): StreamNotice => ({
    command,
    cause: `${what} by ${state["changed-by"]}`,
    startTime: state["changed-at"],
    endTime: null,
  });
  if (state.status === "stopping" || state.status === "stopped") {
    return notice("STOP", `generation ${state.generation} of the activity stream is stopped`);
  }
  if (state["changed-at"] === state["started-at"]) {
    return notice("START", `generation ${state.generation} of the activity stream is started`);
  }
  return notice("MODIFY", `the audit policy is ${settledPolicy(state.policy)}`);
}

/** While the policy is being changed it still is what it was. */
function settledPolicy(policy: StreamState["policy"]): "locked" | "unlocked" {
  return policy === "locked" || policy === "unlocking-policy" ? "locked" : "unlocked";
}
