import { DescribeStreamSummaryCommand, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { ListAliasesCommand } from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { startLocalAws } from "../src/index.ts";
import { type SignedRequest, verifySignature } from "../src/signature.ts";
import { clientsOf, refusal, rejection } from "./clients.ts";

/** Vectors of AWS's Signature Version 4 test suite. */
const EXAMPLE = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  accountId: "123456789012",
  userName: "example",
  arn: "arn:aws:iam::123456789012:user/example",
};
const SCOPE = { region: "us-east-1", service: "service", now: Date.parse("2015-08-30T12:36:00Z") };

const authorization = (signature: string, signedHeaders = "host;x-amz-date") =>
  `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`;

const request = (changes: Partial<SignedRequest>, headers: Record<string, string>): SignedRequest => ({
  method: "GET",
  url: "/",
  body: Buffer.alloc(0),
  ...changes,
  headers: { host: "example.amazonaws.com", "x-amz-date": "20150830T123600Z", ...headers },
});

const principalOf = (accessKeyId: string) => (accessKeyId === EXAMPLE.accessKeyId ? EXAMPLE : undefined);

const VECTORS = {
  "get-vanilla": request(
    {},
    {
      authorization: authorization("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    },
  ),
  "post-vanilla": request(
    { method: "POST" },
    {
      authorization: authorization("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    },
  ),
  "get-vanilla-query-order-key-case": request(
    { url: "/?Param2=value2&Param1=value1" },
    {
      authorization: authorization("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    },
  ),
  "post-x-www-form-urlencoded": request(
    { method: "POST", body: Buffer.from("Param1=value1") },
    {
      "content-type": "application/x-www-form-urlencoded",
      authorization: authorization(
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        "content-type;host;x-amz-date",
      ),
    },
  ),
};

describe("AWS's own vectors", () => {
  test.each(Object.entries(VECTORS))("%s is accepted", (_, vector) => {
    expect(verifySignature(vector, SCOPE, principalOf)).toBe(EXAMPLE);
  });

  test.each(Object.entries(VECTORS))("%s is refused when anything is changed", (_, vector) => {
    const changes: readonly Partial<SignedRequest>[] = [
      { method: "PUT" },
      { url: "/other" },
      { url: `${vector.url}${vector.url.includes("?") ? "&" : "?"}more=1` },
      { body: Buffer.from("another body") },
      { headers: { ...vector.headers, host: "other.amazonaws.com" } },
      { headers: { ...vector.headers, "x-amz-date": "20150830T123601Z" } },
      { headers: { ...vector.headers, "x-amz-content-sha256": "0".repeat(64) } },
      { headers: { ...vector.headers, authorization: vector.headers.authorization?.replace(/.$/, "x") } },
    ];
    for (const change of changes) {
      expect(() => verifySignature({ ...vector, ...change }, SCOPE, principalOf)).toThrow(
        /does not match the signature/,
      );
    }
  });

  test("an old or future time is refused", () => {
    const at = (now: number) => () => verifySignature(VECTORS["get-vanilla"], { ...SCOPE, now }, principalOf);
    expect(at(SCOPE.now + 300_000)()).toBe(EXAMPLE);
    expect(at(SCOPE.now + 300_001)).toThrow(
      "Signature expired: 20150830T123600Z is now earlier than 20150830T123600Z (20150830T124100Z - 5 min.)",
    );
    expect(at(SCOPE.now - 300_001)).toThrow(/^Signature not yet current/);
  });

  test("a signature without the host is refused", () => {
    const vector = VECTORS["get-vanilla"];
    const headers = { ...vector.headers, authorization: vector.headers.authorization?.replace("host;", "") };
    expect(() => verifySignature({ ...vector, headers }, SCOPE, principalOf)).toThrow(
      /^'Host' or ':authority' must be/,
    );
  });

  test("another region, service or terminator is refused", () => {
    const verify = (scope: object) => () =>
      verifySignature(VECTORS["get-vanilla"], { ...SCOPE, ...scope }, principalOf);
    expect(verify({ region: "eu-west-1" })).toThrow("Credential should be scoped to a valid region, not 'us-east-1'.");
    expect(verify({ service: "kms" })).toThrow("Credential should be scoped to correct service: 'kms'.");
  });
});

describe("calls", () => {
  test("of the SDK are accepted for each known principal", async () => {
    await using server = await startLocalAws();
    using clients = clientsOf(server);
    using others = clientsOf(server, server.addPrincipal({ userName: "reader" }));
    for (const { kinesis, kms } of [clients, others]) {
      expect((await kinesis.send(new ListStreamsCommand({}))).StreamNames).toEqual([]);
      expect((await kms.send(new ListAliasesCommand({}))).Aliases).toEqual([]);
    }
  });

  test("with a wrong secret, an unknown key or another region are refused, and not counted", async () => {
    await using server = await startLocalAws();
    const call = async (changes: { credentials?: object; region?: string }) => {
      using clients = clientsOf({
        endpoint: server.endpoint,
        region: changes.region ?? server.region,
        credentials: { ...server.credentials, ...changes.credentials },
      });
      return [
        await refusal(clients.kinesis.send(new ListStreamsCommand({}))),
        await refusal(clients.kms.send(new ListAliasesCommand({}))),
      ];
    };
    expect(await call({ credentials: { secretAccessKey: "wrong" } })).toEqual(
      Array(2).fill("InvalidSignatureException"),
    );
    expect(await call({ credentials: { accessKeyId: "AKIAUNKNOWN" } })).toEqual(
      Array(2).fill("UnrecognizedClientException"),
    );
    expect(await call({ region: "eu-west-1" })).toEqual(Array(2).fill("InvalidSignatureException"));
    expect(server.counters.snapshot()).toEqual({});
  });

  test("without or with half a signature are refused", async () => {
    await using server = await startLocalAws();
    const call = async (headers: Record<string, string>) => {
      const answer = await fetch(server.endpoint, {
        method: "POST",
        body: "{}",
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": "Kinesis_20131202.ListStreams",
          ...headers,
        },
      });
      return [answer.status, await answer.json()];
    };
    expect(await call({})).toEqual([
      400,
      { __type: "MissingAuthenticationTokenException", message: "Missing Authentication Token" },
    ]);
    expect(await call({ authorization: "AWS4-HMAC-SHA256 Credential=a/b/c/d/e" })).toEqual([
      400,
      {
        __type: "IncompleteSignatureException",
        message:
          "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of a 'X-Amz-Date' header.",
      },
    ]);
  });

  test("of another account see other streams, and are refused the server's own", async () => {
    await using server = await startLocalAws();
    const arn = server.kinesis.createStream("shared");
    const stranger = server.addPrincipal({ userName: "stranger", accountId: "210987654321" });
    using strangers = clientsOf(server, stranger);
    expect((await strangers.kinesis.send(new ListStreamsCommand({}))).StreamNames).toEqual([]);
    const byName = strangers.kinesis.send(new DescribeStreamSummaryCommand({ StreamName: "shared" }));
    const error = await rejection(byName);
    expect([error.name, error.message]).toEqual([
      "ResourceNotFoundException",
      "Stream shared under account 210987654321 not found.",
    ]);
    const byArn = await rejection(strangers.kinesis.send(new DescribeStreamSummaryCommand({ StreamARN: arn })));
    expect([byArn.name, byArn.message]).toEqual([
      "AccessDeniedException",
      `User: arn:aws:iam::210987654321:user/stranger is not authorized to perform: kinesis:DescribeStreamSummary on resource: ${arn} because no resource-based policy allows the kinesis:DescribeStreamSummary action`,
    ]);
  });
});
