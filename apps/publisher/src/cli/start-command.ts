import { startAnswer } from "../lifecycle/answers.ts";
import { planStart } from "../lifecycle/start-stream.ts";
import { changeStream, type LifecycleOptions } from "./lifecycle-session.ts";

export interface StartOptions extends LifecycleOptions {
  readonly kmsKeyId?: string;
  readonly engineNativeAuditFieldsIncluded?: boolean;
  readonly from: "now" | "oldest";
}

/** `das start`. @returns the exit code. @throws ConfigurationError, RefusedError, UnavailableError */
export function startCommand(options: StartOptions): Promise<number> {
  return changeStream(
    options,
    (parts, started) =>
      planStart(
        parts,
        {
          kmsKeyId: options.kmsKeyId,
          nativeAuditFields: options.engineNativeAuditFieldsIncluded,
          from: options.from,
          timeout: options.timeout * 1_000,
        },
        started,
      ),
    startAnswer,
  );
}
