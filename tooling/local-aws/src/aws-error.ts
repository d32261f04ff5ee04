/** What AWS answers instead of a result: `{"__type": type, "message": message}` with an HTTP status. */
export class AwsError extends Error {
  readonly type: string;
  readonly status: number;

  /** @param message AWS leaves it out in a few answers; pass "" for those */
  constructor(type: string, message: string, status = 400) {
    super(message);
    this.name = "AwsError";
    this.type = type;
    this.status = status;
  }

  body(): string {
    return JSON.stringify({ __type: this.type, ...(this.message !== "" && { message: this.message }) });
  }
}

export const invalidArgument = (message: string): AwsError => new AwsError("InvalidArgumentException", message);
export const notFound = (message: string): AwsError => new AwsError("ResourceNotFoundException", message);
export const inUse = (message: string): AwsError => new AwsError("ResourceInUseException", message);
export const limitExceeded = (message: string): AwsError => new AwsError("LimitExceededException", message);
export const validation = (message: string): AwsError => new AwsError("ValidationException", message);

/** What a broken constraint of the API model is answered with, in AWS's words. */
export function constraintError(violations: readonly { value: string; at: string; constraint: string }[]): AwsError {
  const count = violations.length;
  const told = violations.map((v) => `Value ${v.value} at '${v.at}' failed to satisfy constraint: ${v.constraint}`);
  return validation(`${count} validation error${count === 1 ? "" : "s"} detected: ${told.join("; ")}`);
}

export const dryRun = (): AwsError =>
  new AwsError("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.");
