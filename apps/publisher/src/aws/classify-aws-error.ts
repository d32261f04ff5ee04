import { DasError, RefusedError, UnavailableError } from "@das/core";

/** Errors of AWS that only a person can end, and what that person does. */
const REFUSALS: ReadonlyMap<string, { readonly what: string; readonly remedy: string }> = new Map([
  [
    "AccessDeniedException",
    { what: "a right is missing", remedy: "Allow this role the action: das iam-policy prints the policy of each" },
  ],
  [
    "UnrecognizedClientException",
    { what: "the access key is not known", remedy: "Check the AWS credentials of this process" },
  ],
  [
    "InvalidSignatureException",
    { what: "the secret access key is wrong", remedy: "Check the AWS credentials of this process" },
  ],
  [
    "MissingAuthenticationTokenException",
    { what: "there are no credentials", remedy: "Give this process AWS credentials" },
  ],
  [
    "CredentialsProviderError",
    { what: "no AWS credentials were found", remedy: "Set AWS_PROFILE, a role, or AWS_ACCESS_KEY_ID and its secret" },
  ],
  ["ResourceNotFoundException", { what: "the stream does not exist", remedy: "Create it with das start" }],
  ["KMSAccessDeniedException", { what: "the stream is encrypted by Kinesis", remedy: "Turn its encryption off" }],
]);

/** What an error of the AWS SDK means: try again, or a person must act. @param setting of the configuration */
export function classifyAwsError(error: unknown, setting: string): DasError {
  if (error instanceof DasError) return error;
  const { name = "Error", message = "", code } = error as Error & { readonly code?: unknown };
  const refusal = REFUSALS.get(name);
  if (refusal) {
    return new RefusedError({
      who: "das",
      what: `${setting}: ${refusal.what} (${name}${name === "AccessDeniedException" ? `: ${message}` : ""})`,
      remedy: refusal.remedy,
      code: name,
      cause: error,
    });
  }
  return new UnavailableError({
    who: "das",
    // What the network says has no name of its own, but a code: ECONNREFUSED.
    what: `${setting}: AWS did not take the call (${name === "Error" && typeof code === "string" ? code : name})`,
    remedy: "Check the network, the region and AWS_ENDPOINT_URL; trying again meanwhile",
    code: name,
    cause: error,
  });
}
