import type { PolicyState } from "@das/core";
import { awaitPublishers } from "./await-publishers.ts";
import type { LifecycleParts } from "./lifecycle-parts.ts";
import { invalidState, streamNotFound } from "./refusals.ts";
import { StateKeeper } from "./state-keeper.ts";
import type { Step } from "./steps.ts";
import type { StreamState } from "./stream-state.ts";

export interface ModifyRequest {
  readonly policy: PolicyState;
  /** Milliseconds to wait until the publishers have told the change. */
  readonly timeout: number;
}

/** While the policy is on its way to a state. */
const ON_THE_WAY = { locked: "locking-policy", unlocked: "unlocking-policy" } as const;

/**
 * What `das modify --audit-policy-state` does, step by step; a change that died on the way is finished.
 * @param modified told of the state that it ends in
 * @param silent told of the instances whose publishers did not tell the change in time
 * @throws RefusedError InvalidDBInstanceState: a standby, a stream that is not started, a policy that is on its way to
 *   the other state; ResourceNotFoundFault
 */
export async function planModify(
  parts: LifecycleParts,
  { policy, timeout }: ModifyRequest,
  modified: (state: StreamState) => void,
  silent: (instances: readonly string[]) => void,
): Promise<readonly Step[]> {
  const { provisioner, administrator, clock, signal } = parts;
  const keeper = new StateKeeper(parts);
  const { streamName } = keeper;
  await provisioner.demandPrimary(signal);
  const known = await keeper.look();
  if (!known) throw streamNotFound(streamName);
  const found = demandModifiable(known.state, policy, streamName);
  const plan = await provisioner.planPolicy(policy, signal);
  if (found.policy === policy && plan.length === 0) {
    modified(found);
    return [];
  }
  const now = await provisioner.now(signal);
  const onTheWay = ON_THE_WAY[policy];
  let state = found;
  let changedAt = clock.now();
  const setPolicy = (status: StreamState["policy"], change: Partial<StreamState>): Step => ({
    kind: "aws",
    what: `set the policy of the stream ${streamName} to "${status}"`,
    command: `aws kinesis add-tags-to-stream --stream-name ${streamName} --tags das-policy=${status},das-revision=…,das-writer=…`,
    run: async () => {
      changedAt = clock.now();
      state = await keeper.change(state, { ...state, ...change, policy: status });
    },
  });
  return [
    ...(found.policy === onTheWay ? [] : [setPolicy(onTheWay, {})]),
    { kind: "sql", plan },
    setPolicy(policy, { "changed-at": now, "changed-by": administrator }),
    {
      kind: "wait",
      what: "wait until the publishers have told it",
      run: async () => {
        const isThere = ({ revision }: { readonly revision: number }) => revision >= state.revision;
        const without = await awaitPublishers(parts, { since: changedAt, timeout, isThere });
        if (without.length > 0) silent(without);
        modified(state);
      },
    },
  ];
}

function demandModifiable(state: StreamState | undefined, policy: PolicyState, streamName: string): StreamState {
  if (state?.status !== "started") {
    throw invalidState(
      `the audit policy of the stream ${streamName} cannot be modified while it is ${state?.status ?? "not started"}`,
      "Start it with das start, or wait until it is started",
    );
  }
  const opposite = ON_THE_WAY[policy === "locked" ? "unlocked" : "locked"];
  if (state.policy === opposite) {
    throw invalidState(
      `the audit policy of the stream ${streamName} is on its way to another state (${state.policy})`,
      "Wait for that das modify, or run it again to finish one that died",
    );
  }
  return state;
}
