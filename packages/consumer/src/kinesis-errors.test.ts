import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { KinesisClient, ListShardsCommand } from "@aws-sdk/client-kinesis";
import { RecordError, RefusedError, UnavailableError } from "@das/core";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { describe, expect, test } from "vitest";
import { isTransient, refusal } from "./kinesis-errors.ts";

/** What the SDK throws when something answers so in AWS's place. */
async function errorOf(status: number, body: string, type?: string): Promise<unknown> {
  const server = createServer((_, response) => {
    response.writeHead(status, {
      "content-type": "application/x-amz-json-1.1",
      ...(type && { "x-amzn-errortype": type }),
    });
    // The connection breaks within the answer.
    if (body === "cut") response.destroy();
    else response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new KinesisClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
  try {
    return await client.send(new ListShardsCommand({ StreamName: "s" })).catch((error: unknown) => error);
  } finally {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("errors as the SDK throws them", () => {
  test.each([
    ["throttling", 400, "{}", "LimitExceededException"],
    ["a server's error", 500, "{}", "InternalFailure"],
    ["a proxy's error page", 502, "<html>bad gateway</html>", undefined],
    ["a page in place of an answer", 200, "<html>log in to the hotel's network</html>", undefined],
    ["half an answer", 200, '{"Shards":[', undefined],
    ["a broken connection", 200, "cut", undefined],
    ["too many requests", 429, "{}", "SomethingNew"],
  ])("%s passes", async (_, status, body, type) => {
    expect(isTransient(await errorOf(status, body, type))).toBe(true);
  });

  test.each([
    [400, "AccessDeniedException", "access-denied"],
    [400, "ExpiredTokenException", "credentials"],
    [400, "UnrecognizedClientException", "credentials"],
    [400, "InvalidArgumentException", "position-refused"],
    [400, "ValidationException", "request-refused"],
    [400, "SomethingNew", "request-refused"],
  ])("HTTP %i %s does not, and is told as %s", async (status, type, code) => {
    const error = await errorOf(status, '{"message":"no"}', type);
    expect(isTransient(error)).toBe(false);
    const refused = refusal(error, "kinesis:ListShards", "the-stream");
    expect(refused).toBeInstanceOf(RefusedError);
    expect(refused).toMatchObject({ code, cause: error });
    for (const part of ["kinesis:ListShards", "the-stream", type, `HTTP ${status}`])
      expect(String(refused)).toContain(part);
  });

  test("nor does a proxy that forbids", async () => {
    const error = await errorOf(403, "<html>forbidden</html>");
    expect(isTransient(error)).toBe(false);
    expect(refusal(error, "kinesis:ListShards", "s")).toMatchObject({ code: "request-refused" });
  });

  test("our own say themselves whether they pass", () => {
    const parts = { who: "test", what: "x", remedy: "y", code: "z" };
    expect(isTransient(new UnavailableError(parts))).toBe(true);
    expect(isTransient(new RecordError(parts))).toBe(false);
  });

  test("what is no answer of AWS comes back as it is", () => {
    for (const fault of [new TypeError("a fault of a program"), "text", undefined, null]) {
      expect(isTransient(fault)).toBe(false);
      expect(refusal(fault, "kinesis:ListShards", "s")).toBe(fault);
    }
  });
});
