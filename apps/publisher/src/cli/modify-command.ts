import type { PolicyState } from "@das/core";
import { modifyAnswer } from "../lifecycle/answers.ts";
import { planModify } from "../lifecycle/modify-stream.ts";
import { changeStream, type LifecycleOptions } from "./lifecycle-session.ts";

export interface ModifyOptions extends LifecycleOptions {
  readonly auditPolicyState: PolicyState;
}

/** `das modify`. @returns the exit code. @throws ConfigurationError, RefusedError, UnavailableError */
export function modifyCommand(options: ModifyOptions): Promise<number> {
  const { auditPolicyState: policy, timeout } = options;
  const silent = (instances: readonly string[]): void => {
    const names = instances.map((id) => `instance ${id}`).join(", ");
    process.stderr.write(`das: the publisher of ${names} has not told the change yet; it will when it sees it\n`);
  };
  return changeStream(
    options,
    (parts, modified) => planModify(parts, { policy, timeout: timeout * 1_000 }, modified, silent),
    modifyAnswer,
  );
}
