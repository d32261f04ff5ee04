import { once } from "node:events";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { describe, expect, test } from "vitest";
import { startLocalAws } from "../src/index.ts";
import { rejection } from "./clients.ts";

const JSON_TYPE = "application/x-amz-json-1.1";
const LIST = { "content-type": JSON_TYPE, "x-amz-target": "Kinesis_20131202.ListStreams" };

describe("calls that are none are refused", () => {
  test.each([
    ["another method", { method: "GET", headers: {} }, 403, "AccessDeniedException"],
    ["no target", { headers: { "content-type": JSON_TYPE } }, 400, "UnknownOperationException"],
    ["an unknown service", { headers: { ...LIST, "x-amz-target": "S3.Get" } }, 400, "UnknownOperationException"],
    [
      "an unknown operation",
      { headers: { ...LIST, "x-amz-target": "Kinesis_20131202.RegisterStreamConsumer" } },
      400,
      "UnknownOperationException",
    ],
    [
      "a property that every object has",
      { headers: { ...LIST, "x-amz-target": "Kinesis_20131202.constructor" } },
      400,
      "UnknownOperationException",
    ],
    ["another content type", { headers: { ...LIST, "content-type": "text/plain" } }, 400, "UnknownOperationException"],
  ])("%s", async (_, request: { method?: string; headers: Record<string, string> }, status, type) => {
    await using server = await startLocalAws();
    const { method = "POST", headers } = request;
    const answer = await fetch(server.endpoint, { method, headers, ...(method === "POST" && { body: "{}" }) });
    expect([answer.status, ((await answer.json()) as { __type: string }).__type]).toEqual([status, type]);
  });

  test("CBOR, in CBOR, with what to do about it", async () => {
    await using server = await startLocalAws();
    const headers = { ...LIST, "content-type": "application/x-amz-cbor-1.1" };
    const answer = await fetch(server.endpoint, { method: "POST", headers, body: Buffer.of(0xa0) });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([415, "application/x-amz-cbor-1.1"]);
    const body = Buffer.from(await answer.arrayBuffer());
    // Checked against RFC 8949 by hand: a map of two pairs, the first text `__type` with its length in two bytes.
    expect(body.subarray(0, 10)).toEqual(Buffer.from("\xa2\x79\x00\x06__type", "latin1"));
    expect(body.toString()).toContain("AWS_CBOR_DISABLE=true");
  });

  test("a body that is too large for any call", async () => {
    await using server = await startLocalAws();
    const body = Buffer.alloc(17 * 1024 * 1024);
    const status = await fetch(server.endpoint, { method: "POST", headers: LIST, body }).then(
      (answer) => answer.status,
      // The connection may end while the rest is still being sent.
      () => 413,
    );
    expect(status).toBe(413);
  });

  test("HTTP/2, with the reason that the protocol has for it and a warning that people understand", async () => {
    await using server = await startLocalAws();
    const warned = once(process, "warning");
    // The SDK's own choice when nobody gives it a handler.
    const { endpoint, region, credentials } = server;
    const client = new KinesisClient({ endpoint, region, credentials, maxAttempts: 1 });
    const error = await rejection(client.send(new ListStreamsCommand({})));
    client.destroy();
    // HTTP_1_1_REQUIRED, which the SDK shows as a number.
    expect(error.message).toMatch(/error code 13/);
    expect((await warned)[0]).toMatchObject({
      code: "LOCAL_AWS_HTTP2",
      message: expect.stringMatching(/NodeHttpHandler/),
    });
  });
});

test("it listens on loopback only", async () => {
  await using server = await startLocalAws();
  expect(new URL(server.endpoint).hostname).toBe("127.0.0.1");
});

test("open connections do not keep it from closing", async () => {
  const server = await startLocalAws();
  const idle = await fetch(server.endpoint, { method: "POST", headers: LIST, body: "{}" });
  await idle.text();
  await server[Symbol.asyncDispose]();
  await expect(fetch(server.endpoint)).rejects.toThrow();
});
