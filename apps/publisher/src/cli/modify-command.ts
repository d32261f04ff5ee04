import type { PolicyState } from "@das/core";
import { modifyAnswer } from "../lifecycle/answers.ts";
import { planModify } from "../lifecycle/modify-stream.ts";
import { publishersText } from "../lifecycle/silent-publishers.ts";
import { changeStream, type LifecycleOptions } from "./lifecycle-session.ts";

export interface ModifyOptions extends LifecycleOptions {
  readonly auditPolicyState: PolicyState;
}

/** `das modify`. @returns the exit code. @throws ConfigurationError, RefusedError, UnavailableError */
export function modifyCommand(options: ModifyOptions): Promise<number> {
  const { auditPolicyState: policy, timeout } = options;
  const silent = (instances: readonly string[]): void => {
    process.stderr.write(
      `das: not heard yet from ${publishersText(instances)}, which will tell the change when it is seen\n`,
    );
  };
  return changeStream(
    options,
    (parts, modified) => planModify(parts, { policy, timeout: timeout * 1_000 }, modified, silent),
    modifyAnswer,
  );
}
