import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "./access.ts";
import { AwsError } from "./aws-error.ts";

/**
 * AWS Signature Version 4, in the Authorization header (not in the query).
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface SignatureScope {
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970, by the clock that callers sign with. */
  readonly now: number;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
/** How far a signature's time may be off. */
const MAX_SKEW = 300_000;

const invalidSignature = (message: string): AwsError => new AwsError("InvalidSignatureException", message);

/** Who signed a request. @throws AwsError when nobody did, nobody known, or not correctly */
export function verifySignature(
  request: SignedRequest,
  scope: SignatureScope,
  principalOf: (accessKeyId: string) => Principal | undefined,
): Principal {
  const header = request.headers.authorization;
  if (header === undefined) throw new AwsError("MissingAuthenticationTokenException", "Missing Authentication Token");
  const { credential, signedHeaders, signature, time } = parseAuthorization(header, request.headers);
  const [accessKeyId = "", date = "", region = "", service = "", terminator = ""] = credential.split("/");
  const principal = principalOf(accessKeyId);
  if (!principal) {
    throw new AwsError("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  // A signature that leaves the host out could be replayed against another one.
  if (!signedHeaders.includes("host")) {
    throw invalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  requireScope({ date, region, service, terminator }, time, scope);
  requireTime(time, scope.now);
  const payloadHash = hash("sha256", request.body, "hex");
  const claimed = request.headers["x-amz-content-sha256"];
  const canonical = canonicalRequest(request, signedHeaders, payloadHash);
  const toSign = [ALGORITHM, time, `${date}/${region}/${service}/${terminator}`, hash("sha256", canonical, "hex")];
  const expected = hmac(signingKey(principal, date, region, service), toSign.join("\n")).toString("hex");
  const matches =
    expected.length === signature.length && timingSafeEqual(Buffer.from(expected), Buffer.from(signature));
  if (!matches || (claimed !== undefined && claimed !== payloadHash)) {
    throw invalidSignature(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }
  return principal;
}

interface Authorization {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20150830T123600Z` */
  readonly time: string;
}

function parseAuthorization(header: string, headers: IncomingHttpHeaders): Authorization {
  const parameters = new Map(
    header
      .slice(header.indexOf(" ") + 1)
      .split(",")
      .map((pair) => [pair.slice(0, pair.indexOf("=")).trim(), pair.slice(pair.indexOf("=") + 1).trim()]),
  );
  const time = headers["x-amz-date"];
  const missing = ["Credential", "Signature", "SignedHeaders"]
    .filter((name) => !parameters.get(name))
    .map((name) => `Authorization header requires '${name}' parameter. `);
  if (!header.startsWith(`${ALGORITHM} `)) missing.unshift(`Authorization header requires algorithm ${ALGORITHM}. `);
  if (typeof time !== "string") missing.push("Authorization header requires existence of a 'X-Amz-Date' header. ");
  // AWS repeats the header here; it holds no secret, but a log has no use for it.
  if (typeof time !== "string" || missing.length > 0) {
    throw new AwsError("IncompleteSignatureException", missing.join("").trimEnd());
  }
  return {
    credential: parameters.get("Credential") ?? "",
    signature: parameters.get("Signature") ?? "",
    signedHeaders: (parameters.get("SignedHeaders") ?? "").split(";"),
    time,
  };
}

function requireScope(
  given: { date: string; region: string; service: string; terminator: string },
  time: string,
  scope: SignatureScope,
): void {
  if (given.terminator !== "aws4_request") {
    throw invalidSignature(
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${given.terminator}'.`,
    );
  }
  if (given.region !== scope.region) {
    throw invalidSignature(`Credential should be scoped to a valid region, not '${given.region}'.`);
  }
  if (given.service !== scope.service) {
    throw invalidSignature(`Credential should be scoped to correct service: '${scope.service}'.`);
  }
  if (!time.startsWith(given.date)) {
    throw invalidSignature(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${given.date}' != '${time.slice(0, 8)}', from '${time}'.`,
    );
  }
}

function requireTime(time: string, now: number): void {
  const signed = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  const text = (at: number): string => new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, "");
  // A time that is none compares as false, and is refused as well.
  if (signed < now - MAX_SKEW || Number.isNaN(signed)) {
    throw invalidSignature(
      `Signature expired: ${time} is now earlier than ${text(now - MAX_SKEW)} (${text(now)} - 5 min.)`,
    );
  }
  if (signed > now + MAX_SKEW) {
    throw invalidSignature(
      `Signature not yet current: ${time} is still later than ${text(now + MAX_SKEW)} (${text(now)} + 5 min.)`,
    );
  }
}

function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[], payloadHash: string): string {
  const [path = "/", query = ""] = request.url.split("?", 2);
  const headers = signedHeaders.map((name) => `${name}:${headerText(request.headers[name])}\n`).join("");
  return [request.method, path, canonicalQuery(query), headers, signedHeaders.join(";"), payloadHash].join("\n");
}

function headerText(value: string | string[] | undefined): string {
  const text = Array.isArray(value) ? value.join(",") : (value ?? "");
  return text.trim().replace(/ +/g, " ");
}

/** Clients of these services send none; names and values are taken as encoded by the caller. */
function canonicalQuery(query: string): string {
  return query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
    .toSorted()
    .join("&");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function signingKey(principal: Principal, date: string, region: string, service: string): Buffer {
  const dateKey = hmac(`AWS4${principal.secretAccessKey}`, date);
  return hmac(hmac(hmac(dateKey, region), service), "aws4_request");
}
