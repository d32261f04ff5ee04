import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { DasError, RecordError, RefusedError, UnavailableError } from "@das/core";
import { describe, expect, test } from "vitest";
import { DataKeyCache, DataKeyLender } from "../src/index.ts";
import { RESOURCE_ID } from "./keys.ts";

const KEY_ID = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000";
const CREDENTIALS = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "a-secret-that-nobody-may-see" };

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A server on loopback that gives one answer to everything, and a real SDK client that talks to it. */
async function answering(answer: Answer | "hang up") {
  const server: Server = createServer((request, response) => {
    request.resume();
    if (answer === "hang up") {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "r-1" });
    response.end(answer.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const kms = new KMSClient({
    region: "eu-central-1",
    endpoint: `http://127.0.0.1:${port}`,
    credentials: CREDENTIALS,
    maxAttempts: 1,
  });
  return {
    kms,
    [Symbol.asyncDispose]: async () => {
      kms.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function errorOf(promise: Promise<unknown>): Promise<DasError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DasError);
  return error as DasError;
}

/** All that a logger might print of an error. */
function everythingOf(error: unknown): string {
  const seen: string[] = [];
  for (let at = error; at !== undefined && at !== null; at = (at as { cause?: unknown }).cause) {
    seen.push(
      String(at),
      String((at as Error).stack),
      JSON.stringify(at),
      JSON.stringify(Object.getOwnPropertyNames(at)),
    );
    seen.push(inspect(at, { depth: 20, showHidden: true, getters: true }));
  }
  return seen.join("\n");
}

function failure(type: string, status = 400, message = `${type} as KMS says it`): Answer {
  return { status, body: JSON.stringify({ __type: type, message }) };
}

type ErrorClass = new (...parts: never[]) => DasError;

describe("errors of GenerateDataKey, as the SDK makes them of KMS's answers", () => {
  test.each<[string, Answer | "hang up", ErrorClass, string, string]>([
    ["no right", failure("AccessDeniedException"), RefusedError, "kms-access-denied", "kms:GenerateDataKey"],
    ["disabled key", failure("DisabledException"), RefusedError, "kms-key-disabled", "Enable"],
    ["pending deletion", failure("KMSInvalidStateException"), RefusedError, "kms-key-state", "Cancel the deletion"],
    ["no such key", failure("NotFoundException"), RefusedError, "kms-key-not-found", "account and region"],
    ["asymmetric key", failure("InvalidKeyUsageException"), RefusedError, "kms-key-usage", "SYMMETRIC_DEFAULT"],
    [
      "asymmetric key, other word",
      failure("UnsupportedOperationException"),
      RefusedError,
      "kms-key-usage",
      "ENCRYPT_DECRYPT",
    ],
    ["malformed key id", failure("ValidationException"), RefusedError, "kms-key-id", "key ARN"],
    ["unknown credentials", failure("UnrecognizedClientException"), RefusedError, "kms-credentials", "credentials"],
    ["expired credentials", failure("ExpiredTokenException"), RefusedError, "kms-credentials", "credentials"],
    ["unknown refusal", failure("SomethingNewException"), RefusedError, "kms-refused", "KMS API reference"],
    ["throttled", failure("ThrottlingException"), UnavailableError, "kms-unavailable", "quotas"],
    ["too many requests", failure("TooManyRequestsException", 429), UnavailableError, "kms-unavailable", "quotas"],
    ["quota", failure("LimitExceededException"), UnavailableError, "kms-unavailable", "quotas"],
    ["internal", failure("KMSInternalException", 500), UnavailableError, "kms-unavailable", "network path"],
    ["dependency", failure("DependencyTimeoutException", 503), UnavailableError, "kms-unavailable", "network path"],
    ["key not reachable", failure("KeyUnavailableException", 500), UnavailableError, "kms-unavailable", "network path"],
    [
      "proxy page",
      { status: 502, body: "<html>bad gateway</html>" },
      UnavailableError,
      "kms-unavailable",
      "network path",
    ],
    ["hung up", "hang up", UnavailableError, "kms-unavailable", "network path"],
  ])("%s", async (_, answer, kind, code, remedy) => {
    await using server = await answering(answer);
    using lender = new DataKeyLender({ kms: server.kms, keyId: KEY_ID, resourceId: RESOURCE_ID });

    const error = await errorOf(lender.lend());

    expect(error).toBeInstanceOf(kind);
    expect(error.code).toBe(code);
    expect(error.remedy).toContain(remedy);
    expect(error.message).toContain(KEY_ID);
    expect(everythingOf(error)).not.toContain(CREDENTIALS.secretAccessKey);
    if (kind === RefusedError) expect(`${error.what} ${error.remedy}`).toContain("stream.kmsKeyId");
    if (code === "kms-access-denied") expect(error.remedy).toContain(`aws:rds:db-id = ${RESOURCE_ID}`);
  });

  test("a refusal keeps KMS's own words as its cause", async () => {
    const words = "User: arn:aws:iam::111122223333:role/das is not authorized to perform: kms:GenerateDataKey";
    await using server = await answering(failure("AccessDeniedException", 400, words));
    using lender = new DataKeyLender({ kms: server.kms, keyId: KEY_ID, resourceId: RESOURCE_ID });

    const { cause } = await errorOf(lender.lend());

    expect(String(cause)).toContain(words);
  });

  test("nobody listens", async () => {
    const server = await answering("hang up");
    await server[Symbol.asyncDispose]();
    using lender = new DataKeyLender({ kms: server.kms, keyId: KEY_ID, resourceId: RESOURCE_ID });

    const error = await errorOf(lender.lend());

    expect(error).toMatchObject({ code: "kms-unavailable", retryable: true });
    expect(String(error.cause)).toContain("ECONNREFUSED");
  });
});

describe("errors of Decrypt", () => {
  test.each<[string, Answer, ErrorClass, string, string]>([
    ["no right", failure("AccessDeniedException"), RefusedError, "kms-access-denied", "kms:Decrypt"],
    ["disabled key", failure("DisabledException"), RefusedError, "kms-key-disabled", "the key of the stream"],
    ["not its ciphertext", failure("InvalidCiphertextException"), RecordError, "record-key-refused", RESOURCE_ID],
    ["throttled", failure("ThrottlingException"), UnavailableError, "kms-unavailable", "quotas"],
  ])("%s", async (_, answer, kind, code, remedy) => {
    await using server = await answering(answer);
    using cache = new DataKeyCache({ kms: server.kms, resourceId: RESOURCE_ID });

    const error = await errorOf(cache.lend("AAAA"));

    expect(error).toBeInstanceOf(kind);
    expect(error.code).toBe(code);
    expect(error.remedy).toContain(remedy);
  });
});

describe("an answer that is no JSON", () => {
  const plaintext = Buffer.alloc(32, "plaintext key");
  const base64 = plaintext.toString("base64");
  const quoted = `{"KeyId":"k","CiphertextBlob":"AAAA","Plaintext":"${base64}"`;
  /** JSON.parse stops at the key, and says so by quoting its first characters. */
  const unquoted = `{"CiphertextBlob":"AAAA","Plaintext":${base64}}`;
  const secrets = [base64.slice(0, 8), plaintext.toString("latin1", 0, 8), plaintext.toString("hex", 0, 8)];

  test.each([quoted, `${quoted}} trailing`, quoted.slice(0, -20), unquoted])(
    "leaks nothing of the key: %#",
    async (body) => {
      await using server = await answering({ status: 200, body });
      using lender = new DataKeyLender({ kms: server.kms, keyId: KEY_ID, resourceId: RESOURCE_ID });
      using cache = new DataKeyCache({ kms: server.kms, resourceId: RESOURCE_ID });

      for (const error of [await errorOf(lender.lend()), await errorOf(cache.lend("AAAA"))]) {
        expect(error).toBeInstanceOf(UnavailableError);
        for (const secret of secrets) expect(everythingOf(error)).not.toContain(secret);
      }
    },
  );

  test("does leak through the SDK's own error, which is why we keep none", async () => {
    await using server = await answering({ status: 200, body: unquoted });
    const command = new GenerateDataKeyCommand({ KeyId: KEY_ID, KeySpec: "AES_256" });

    const error: unknown = await server.kms.send(command).catch((thrown: unknown) => thrown);

    expect((error as Error).message).toContain(base64.slice(0, 8));
  });
});
