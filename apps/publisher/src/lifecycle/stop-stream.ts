import { RefusedError } from "@das/core";
import { awaitPublishers, type HeardPublisher } from "./await-publishers.ts";
import type { LifecycleParts } from "./lifecycle-parts.ts";
import { invalidState, streamNotFound } from "./refusals.ts";
import { publishersText, silentPublishers } from "./silent-publishers.ts";
import { StateKeeper } from "./state-keeper.ts";
import type { Step } from "./steps.ts";
import type { StreamState } from "./stream-state.ts";

export interface StopRequest {
  readonly deleteStream: boolean;
  /** Milliseconds to wait for the publishers; 0: what they have not read is left behind. */
  readonly timeout: number;
}

/**
 * What `das stop` does, step by step; what an earlier stop that died has done is left out.
 * @param stopped told of the state that the stop ends in
 * @throws RefusedError InvalidDBInstanceState: a standby, or a stream that is stopped; ResourceNotFoundFault
 */
export async function planStop(
  parts: LifecycleParts,
  { deleteStream, timeout }: StopRequest,
  stopped: (state: StreamState) => void,
): Promise<readonly Step[]> {
  const { configuration, provisioner, administrator, clock, signal } = parts;
  const keeper = new StateKeeper(parts);
  const { streamName } = keeper;
  await provisioner.demandPrimary(signal);
  const known = await keeper.look();
  if (!known) throw streamNotFound(streamName);
  const found = demandStoppable(known.state, streamName, deleteStream);
  const now = await provisioner.now(signal);
  let state = found;
  let changedAt = clock.now();
  const setStatus = (status: "stopping" | "stopped"): Step => ({
    kind: "aws",
    what: `set the state of the stream ${streamName} to "${status}"`,
    command: `aws kinesis add-tags-to-stream --stream-name ${streamName} --tags das-status=${status},das-revision=…,das-writer=…`,
    run: async () => {
      changedAt = clock.now();
      const change = status === "stopping" ? { "changed-at": now, "changed-by": administrator } : {};
      state = await keeper.change(state, { ...state, ...change, status });
      if (status === "stopped") stopped(state);
    },
  });
  const steps: Step[] = [];
  if (found.status !== "stopping" && found.status !== "stopped") steps.push(setStatus("stopping"));
  if (found.status !== "stopped") {
    steps.push(
      {
        kind: "wait",
        what: `wait for the last record of ${publishersText(configuration.instances.map(({ id }) => id))}`,
        run: async () => {
          const isThere = (heard: HeardPublisher) => heard.isLast && heard.generation === state.generation;
          const since = sinceOf(found, changedAt);
          const silent = await awaitPublishers(parts, { since, timeout, isThere }).catch((error: unknown) => {
            throw error instanceof RefusedError && !signal.aborted ? unhearable(error) : error;
          });
          if (silent.length > 0 && timeout > 0) throw silentPublishers(silent, "stop", timeout);
        },
      },
      { kind: "sql", plan: await provisioner.planStop(signal) },
      setStatus("stopped"),
    );
  } else stopped(found);
  if (deleteStream) {
    steps.push({
      kind: "aws",
      what: `delete the stream ${streamName} with all that it holds`,
      command: `aws kinesis delete-stream --stream-name ${streamName} --enforce-consumer-deletion`,
      run: () => keeper.delete(),
    });
  }
  return steps;
}

/** The stream cannot be read or opened, so nobody is heard: that is to be repaired, or not to be waited for. */
function unhearable(error: RefusedError): RefusedError {
  const { who, what, code } = error;
  const remedy = `${error.remedy}; or das stop --timeout 0, which leaves behind what the publishers have not read`;
  return new RefusedError({ who, what, remedy, code, cause: error });
}

/** Milliseconds: publishers may have answered a stop that died before this one began. */
const LOOK_BACK = 3_600_000;

function sinceOf(found: StreamState, changedAt: number): number {
  return found.status === "stopping" ? changedAt - LOOK_BACK : changedAt;
}

function demandStoppable(state: StreamState | undefined, streamName: string, deleteStream: boolean): StreamState {
  if (!state) {
    throw invalidState(
      `nothing was started on the stream ${streamName}: it was created by das run --create-stream, or by hand`,
      "End the publishers; delete the stream with aws kinesis delete-stream if nobody needs it",
    );
  }
  if (state.status === "stopped" && !deleteStream) {
    throw invalidState(
      `the activity stream ${streamName} is stopped already`,
      "Start it with das start, or delete it with das stop --delete-stream",
    );
  }
  return state;
}
