import { stopAnswer } from "../lifecycle/answers.ts";
import { planStop } from "../lifecycle/stop-stream.ts";
import { changeStream, type LifecycleOptions } from "./lifecycle-session.ts";

export interface StopOptions extends LifecycleOptions {
  readonly deleteStream: boolean;
}

/** `das stop`. @returns the exit code. @throws ConfigurationError, RefusedError, UnavailableError */
export function stopCommand(options: StopOptions): Promise<number> {
  const { deleteStream, timeout } = options;
  return changeStream(
    options,
    (parts, stopped) => planStop(parts, { deleteStream, timeout: timeout * 1_000 }, stopped),
    stopAnswer,
  );
}
