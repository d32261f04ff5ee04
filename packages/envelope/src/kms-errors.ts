import { type DasError, RecordError, RefusedError, UnavailableError } from "@das/core";

/** What a call to KMS was about. */
export interface KmsSubject {
  readonly operation: "GenerateDataKey" | "Decrypt";
  /** Setting `stream.kmsKeyId`. Decrypt names no key: the ciphertext does. */
  readonly keyId?: string;
  readonly encryptionContext: Readonly<Record<string, string>>;
}

interface Refusal {
  readonly code: string;
  readonly why: string;
  readonly remedy: (subject: KmsSubject) => string;
}

const NAME_ANOTHER_KEY = "name another key in stream.kmsKeyId";

const ACCESS_DENIED: Refusal = {
  code: "kms-access-denied",
  why: "access denied",
  remedy: (subject) =>
    `Allow kms:${subject.operation} on ${keyOf(subject)} to this role, with ${contextOf(subject)}${orAnotherKey(subject)}`,
};
const KEY_DISABLED: Refusal = {
  code: "kms-key-disabled",
  why: "the key is disabled",
  remedy: (subject) => `Enable ${keyOf(subject)}${orAnotherKey(subject)}`,
};
const KEY_STATE: Refusal = {
  code: "kms-key-state",
  why: "the key is pending deletion, pending import or otherwise not usable",
  remedy: (subject) => `Cancel the deletion of ${keyOf(subject)} and enable it${orAnotherKey(subject)}`,
};
const KEY_NOT_FOUND: Refusal = {
  code: "kms-key-not-found",
  why: "the key does not exist",
  remedy: (subject) => `Check account and region of ${keyOf(subject)}${orAnotherKey(subject)}`,
};
const KEY_USAGE: Refusal = {
  code: "kms-key-usage",
  why: "the key is not a symmetric encryption key",
  remedy: (subject) =>
    subject.keyId === undefined
      ? "Check that the stream was made with a symmetric encryption key"
      : "Name a key of spec SYMMETRIC_DEFAULT and usage ENCRYPT_DECRYPT in stream.kmsKeyId",
};
const KEY_ID: Refusal = {
  code: "kms-key-id",
  why: "KMS does not understand the request, most often the key id",
  remedy: () => "Give a key ARN, key id, alias ARN or alias name in stream.kmsKeyId",
};
const CREDENTIALS: Refusal = {
  code: "kms-credentials",
  why: "the AWS credentials are missing, expired or wrong",
  remedy: () => "Give this process valid AWS credentials, and check this machine's clock",
};

/**
 * Errors after which only a person helps, by name. What is not here is a client fault that we do not know (refused) or
 * worth another attempt.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
 */
const REFUSALS: ReadonlyMap<string, Refusal> = new Map([
  ["AccessDeniedException", ACCESS_DENIED],
  ["DisabledException", KEY_DISABLED],
  ["KMSInvalidStateException", KEY_STATE],
  ["NotFoundException", KEY_NOT_FOUND],
  ["InvalidKeyUsageException", KEY_USAGE],
  ["UnsupportedOperationException", KEY_USAGE],
  ["InvalidArnException", KEY_ID],
  ["ValidationException", KEY_ID],
  ["CredentialsProviderError", CREDENTIALS],
  ["ExpiredTokenException", CREDENTIALS],
  ["IncompleteSignature", CREDENTIALS],
  ["InvalidClientTokenId", CREDENTIALS],
  ["InvalidSignatureException", CREDENTIALS],
  ["MissingAuthenticationTokenException", CREDENTIALS],
  ["SignatureDoesNotMatch", CREDENTIALS],
  ["UnrecognizedClientException", CREDENTIALS],
]);

/** Client faults that pass by themselves. */
const PASSING = new Set(["ThrottlingException", "LimitExceededException", "RequestExpired", "TimeoutError"]);

/** The error of a KMS call as one of ours. Never keeps the SDK's own: see `outline`. */
export function kmsError(error: unknown, subject: KmsSubject): DasError {
  const outlined = outline(error);
  const failed = `KMS ${subject.operation} with ${keyOf(subject)} failed`;
  if (outlined.name === "InvalidCiphertextException") {
    return new RecordError({
      who: "envelope",
      what: "KMS does not decrypt the record's key: it was changed, or sealed for another resource",
      remedy: `Check that the resource id belongs to this stream: the context was ${contextOf(subject)}`,
      code: "record-key-refused",
      cause: outlined,
    });
  }
  const refusal = REFUSALS.get(outlined.name);
  if (refusal) {
    return new RefusedError({
      who: "envelope",
      what: `${failed}: ${refusal.why}`,
      remedy: refusal.remedy(subject),
      code: refusal.code,
      cause: outlined,
    });
  }
  const { status } = outlined;
  if (status !== undefined && status >= 400 && status < 500 && status !== 429 && !PASSING.has(outlined.name)) {
    return new RefusedError({
      who: "envelope",
      what: `${failed}: KMS refused the request (${outlined.name}, HTTP ${status})`,
      remedy: `Look this error up in the KMS API reference, or ${NAME_ANOTHER_KEY}`,
      code: "kms-refused",
      cause: outlined,
    });
  }
  return new UnavailableError({
    who: "envelope",
    what: `${failed}: KMS was not reached or not able to answer (${outlined.name})`,
    remedy: "Nothing while it passes; otherwise check the network path to the KMS endpoint and its quotas",
    code: "kms-unavailable",
    cause: outlined,
  });
}

/** What of an SDK error may be kept and logged. */
interface Outline extends Error {
  readonly status?: number;
}

/**
 * An SDK error holds the HTTP response, and the error for an answer that does not parse quotes it: a plaintext key
 * could be in there. So only names, numbers and, where KMS itself wrote it to refuse, the message are taken over.
 */
function outline(error: unknown): Outline {
  const { name, message, code, $metadata, $fault } = (error ?? {}) as {
    readonly name?: unknown;
    readonly message?: unknown;
    readonly code?: unknown;
    readonly $fault?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown };
  };
  const word = typeof name === "string" ? name : "unknown error";
  const parts = [
    REFUSALS.has(word) && $fault === "client" && typeof message === "string" ? message : word,
    typeof code === "string" ? code : undefined,
    typeof $metadata?.requestId === "string" ? `request ${$metadata.requestId}` : undefined,
  ];
  const outlined = new Error(parts.filter((part) => part !== undefined).join(", "));
  outlined.name = word;
  const status = $metadata?.httpStatusCode;
  return typeof status === "number" ? Object.assign(outlined, { status }) : outlined;
}

function keyOf(subject: KmsSubject): string {
  return subject.keyId === undefined ? "the key of the stream" : `the key of stream.kmsKeyId (${subject.keyId})`;
}

function contextOf(subject: KmsSubject): string {
  const pairs = Object.entries(subject.encryptionContext).map(([name, value]) => `${name} = ${value}`);
  return `encryption context ${pairs.join(", ")}`;
}

function orAnotherKey(subject: KmsSubject): string {
  return subject.keyId === undefined ? "" : `, or ${NAME_ANOTHER_KEY}`;
}
