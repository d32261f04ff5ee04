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

interface Refusal {
  readonly code: string;
  readonly why: string;
  /** @param action the IAM action, `kinesis:GetRecords` */
  readonly remedy: (action: string) => string;
}

const ACCESS_DENIED: Refusal = {
  code: "access-denied",
  why: "access denied",
  remedy: (action) => `Allow ${action} on this stream to the credentials of this process`,
};
const CREDENTIALS: Refusal = {
  code: "credentials",
  why: "the AWS credentials are missing, expired or wrong",
  remedy: () => "Give this process valid AWS credentials, and check this machine's clock",
};
const POSITION: Refusal = {
  code: "position-refused",
  why: "the stream does not know the position to read from",
  remedy: () => "Give a time that has passed, or sequence numbers of this very stream: one created anew has new ones",
};
const OTHER: Refusal = {
  code: "request-refused",
  why: "the request was refused",
  remedy: () => "Look this error up in the Kinesis API reference, and check endpoint, region and proxy",
};

/** Errors after which only a person helps, by name. */
const REFUSALS: ReadonlyMap<string, Refusal> = new Map([
  ["AccessDeniedException", ACCESS_DENIED],
  ["AccessDenied", ACCESS_DENIED],
  ["CredentialsProviderError", CREDENTIALS],
  ["TokenProviderError", CREDENTIALS],
  ["ExpiredTokenException", CREDENTIALS],
  ["IncompleteSignature", CREDENTIALS],
  ["InvalidClientTokenId", CREDENTIALS],
  ["InvalidSignatureException", CREDENTIALS],
  ["MissingAuthenticationTokenException", CREDENTIALS],
  ["SignatureDoesNotMatch", CREDENTIALS],
  ["UnrecognizedClientException", CREDENTIALS],
  ["InvalidArgumentException", POSITION],
]);

/** What AWS SDK errors have beside name and message; everything may be missing, for any error may come. */
interface ClientError {
  readonly name?: string;
  readonly code?: unknown;
  readonly $fault?: string;
  readonly $retryable?: object;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
}

const CLIENT_ERROR = 400;
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
    // An answer that the SDK cannot read, though it says that all is well: cut off, or not from AWS.
    ($fault === undefined && status > 0 && status < CLIENT_ERROR) ||
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
 * The error that tells a person what to do about a call that cannot succeed. What is neither AWS's answer nor about the
 * credentials, a fault of a program, comes back as it is.
 */
export function refusal(error: unknown, action: string, stream: string): unknown {
  const { name = "", $metadata } = asClientError(error);
  const known = REFUSALS.get(name);
  if (error instanceof DasError || (!known && $metadata === undefined)) return error;
  const { code, why, remedy } = known ?? OTHER;
  const status = $metadata?.httpStatusCode === undefined ? "" : `, HTTP ${$metadata.httpStatusCode}`;
  return new RefusedError({
    who: "consumer",
    what: `${action} on stream ${stream} failed: ${why} (${name}${status})`,
    remedy: remedy(action),
    code,
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
