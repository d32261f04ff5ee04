import { DasError, RefusedError } from "@das/core";

/**
 * What an error of the Kinesis client means for a reader. Errors are told apart by their names: the client is the
 * caller's, so its error classes may come from another copy of the SDK than ours.
 *
 * @see https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html and the pages of ListShards,
 *   GetShardIterator and GetRecords
 */
const TRANSIENT_NAMES: ReadonlySet<string> = new Set([
  // More calls or bytes per second than the shard, the stream or the account has; normal with several readers.
  "ProvisionedThroughputExceededException",
  "LimitExceededException",
  "ThrottlingException",
  "Throttling",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "KMSThrottlingException",
  // The service is in trouble.
  "InternalFailure",
  "InternalFailureException",
  "InternalServerError",
  "ServiceUnavailable",
  "ServiceUnavailableException",
  // The call took too long on its way, or was cut off.
  "RequestTimeout",
  "RequestTimeoutException",
  "RequestExpired",
  "TimeoutError",
  // The stream is being created, resharded or deleted.
  "ResourceInUseException",
  // A page of ListShards was asked for too late: listing begins again.
  "ExpiredNextTokenException",
]);

/** Node's codes for a peer or a network that is not there now. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETRESET",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/** The SDK found no credentials, so no call was made. */
const CREDENTIAL_NAMES: ReadonlySet<string> = new Set(["CredentialsProviderError", "TokenProviderError"]);

/** What AWS SDK errors have beside name and message; everything may be missing, for any error may come. */
interface ClientError {
  readonly name?: string;
  readonly code?: unknown;
  readonly $fault?: string;
  readonly $retryable?: object;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
}

const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;

export function isTransient(error: unknown): boolean {
  if (error instanceof DasError) return error.retryable;
  const { name, code, $fault, $retryable, $metadata } = asClientError(error);
  const status = $metadata?.httpStatusCode ?? 0;
  return (
    TRANSIENT_NAMES.has(name ?? "") ||
    TRANSIENT_CODES.has(String(code)) ||
    $retryable !== undefined ||
    $fault === "server" ||
    status === TOO_MANY_REQUESTS ||
    status >= SERVER_ERROR ||
    // The SDK has just learnt how far this machine's clock is off; the next call is signed with the right time.
    $metadata?.clockSkewCorrected === true
  );
}

/** An iterator lives five minutes. */
export function isExpiredIterator(error: unknown): boolean {
  return asClientError(error).name === "ExpiredIteratorException";
}

/** The stream, or the shard of a stream that exists. */
export function isMissing(error: unknown): boolean {
  return asClientError(error).name === "ResourceNotFoundException";
}

/**
 * The error that tells a person what to do about a call that cannot succeed. What is no answer of AWS (a fault of a
 * program) comes back as it is.
 * @param action the IAM action, `kinesis:GetRecords`
 */
export function refusal(error: unknown, action: string, stream: string): unknown {
  const { name = "", $fault, $metadata } = asClientError(error);
  if (error instanceof DasError) return error;
  if (CREDENTIAL_NAMES.has(name)) {
    return new RefusedError({
      who: "consumer",
      what: `no AWS credentials for ${action} on stream ${stream} (${name})`,
      remedy: "Give this process credentials that may read the stream",
      code: "credentials-missing",
      cause: error,
    });
  }
  if ($fault === undefined && $metadata === undefined) return error;
  if (isMissing(error)) return streamMissing(stream, error);
  if (name === "InvalidArgumentException") {
    return new RefusedError({
      who: "consumer",
      what: `${action} on stream ${stream} does not accept the position to read from (${name})`,
      remedy: "Give a time that has passed, or sequence numbers of this very stream: one created anew has new ones",
      code: "position-refused",
      cause: error,
    });
  }
  return new RefusedError({
    who: "consumer",
    what: `${action} on stream ${stream} was refused (${name})`,
    remedy: `Allow ${action} on this stream to the credentials of this process`,
    code: "access-refused",
    cause: error,
  });
}

export function streamMissing(stream: string, cause?: unknown): RefusedError {
  return new RefusedError({
    who: "consumer",
    what: `there is no stream ${stream} in this account and region`,
    remedy: 'Start the activity stream, correct name, region or account, or read with whenMissing: "wait"',
    code: "stream-missing",
    cause,
  });
}

function asClientError(error: unknown): ClientError {
  return typeof error === "object" && error !== null ? error : {};
}
