import type {
  DecryptCommand,
  DecryptCommandOutput,
  GenerateDataKeyCommand,
  GenerateDataKeyCommandOutput,
} from "@aws-sdk/client-kms";
import type { Clock, DasError } from "@das/core";
import { type KmsSubject, kmsError } from "./kms-errors.ts";

/** What we use of an AWS KMS client: a `KMSClient`, or a stand-in in tests. */
export interface KmsClient {
  send(command: GenerateDataKeyCommand, options: KmsCallOptions): Promise<GenerateDataKeyCommandOutput>;
  send(command: DecryptCommand, options: KmsCallOptions): Promise<DecryptCommandOutput>;
}

export interface KmsCallOptions {
  readonly abortSignal: AbortSignal;
}

/** One call to KMS, for counting: every call costs money and counts against the account's quota. */
export interface KmsCall {
  readonly operation: KmsSubject["operation"];
  readonly milliseconds: number;
  /** Absent when the call succeeded. */
  readonly error?: DasError;
}

/** Told of every call when it has ended. Must not throw. */
export type KmsCallSink = (call: KmsCall) => void;

/**
 * How long one call may take, the SDK's own attempts included. Everybody who needs the key waits for the same call, so a
 * peer that never answers must not hold it for ever.
 */
const CALL_LIMIT_MS = 30_000;

/**
 * @param closing ends the call
 * @throws DasError, never the SDK's own error
 */
export async function callKms<Answer>(
  subject: KmsSubject,
  clock: Clock,
  sink: KmsCallSink | undefined,
  closing: AbortSignal,
  send: (options: KmsCallOptions) => Promise<Answer>,
): Promise<Answer> {
  const { operation } = subject;
  const start = clock.monotonic();
  const answered = new AbortController();
  const late = new AbortController();
  // A timer that nobody awaits: the clock's sleep does not reject.
  void clock.sleep(CALL_LIMIT_MS, answered.signal).then(() => late.abort());
  try {
    const answer = await send({ abortSignal: AbortSignal.any([closing, late.signal]) });
    sink?.({ operation, milliseconds: clock.monotonic() - start });
    return answer;
  } catch (cause) {
    const error = kmsError(cause, subject);
    sink?.({ operation, milliseconds: clock.monotonic() - start, error });
    throw error;
  } finally {
    answered.abort();
  }
}
