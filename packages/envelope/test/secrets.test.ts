import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DataKeyCache, DataKeyLender, open, seal } from "../src/index.ts";
import { encodeMessage } from "./independent-encoder.ts";
import { always, newDataKey, RESOURCE_ID } from "./keys.ts";
import { KmsStub } from "./kms-stub.ts";

const AUDITED = "SELECT diagnosis FROM patients WHERE name = 'Jane Roe'";

const dataKey = newDataKey();
const key = Buffer.from(dataKey.plaintext);

/** All that a logger might print of a value, and of what it was caused by. */
function everythingOf(value: unknown): string {
  const seen: string[] = [];
  for (let at = value; at !== undefined && at !== null; at = (at as { cause?: unknown }).cause) {
    seen.push(String(at), String((at as Error).stack), JSON.stringify(at), inspect(at));
    seen.push(inspect(at, { depth: 20, showHidden: true, getters: true, maxArrayLength: null }));
    for (const name of Object.getOwnPropertyNames(at)) seen.push(String((at as Record<string, unknown>)[name]));
  }
  return seen.join("\n");
}

/** Forms in which bytes get printed: base64, hex, inspected buffers and lists of numbers; parts of them are enough. */
function formsOf(bytes: Buffer): string[] {
  const part = bytes.subarray(0, 6);
  return [
    part.toString("base64"),
    part.toString("hex"),
    [...part].map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
    [...part].join(", "),
    [...part].join(","),
  ];
}

function expectNoSecret(value: unknown, secretKey: Buffer): void {
  const everything = everythingOf(value);
  for (const secret of [...formsOf(secretKey), "diagnosis", "patients", "Jane", "SELECT"]) {
    expect(everything).not.toContain(secret);
  }
}

function recordOf(inner: Buffer | string, plaintext?: Buffer): Buffer {
  const message = encodeMessage({ plaintext: plaintext ?? gzipSync(inner), wrappingKey: key, frameLength: 4096 });
  return Buffer.from(
    JSON.stringify({
      type: "DatabaseActivityMonitoringRecords",
      version: "1.4",
      databaseActivityEvents: message.toString("base64"),
      key: dataKey.encrypted,
    }),
  );
}

describe("errors show neither audited text nor key bytes", () => {
  // JSON.parse quotes the text around the place where it stops: "Unexpected token 'S', "SELECT dia"... is not valid JSON".
  test.each([
    ["inner text that is no JSON", recordOf(AUDITED)],
    ["inner JSON that breaks off", recordOf(`{"commandText":"${AUDITED}`)],
    ["inner JSON with a stray word", recordOf(`{"commandText":"${AUDITED}" ${AUDITED}}`)],
    ["inner JSON of another shape", recordOf(JSON.stringify({ commandText: AUDITED }))],
    ["inner text that is no UTF-8", recordOf(Buffer.concat([Buffer.from(AUDITED), Buffer.from([0xff])]))],
    ["a message without gzip", recordOf("", Buffer.from(AUDITED))],
    ["audited text where the outer record should be", Buffer.from(AUDITED)],
    [
      "audited text in place of base64",
      Buffer.from(
        recordOf("{}")
          .toString()
          .replace(/"databaseActivityEvents":"[^"]*"/, `"databaseActivityEvents":"${AUDITED}"`),
      ),
    ],
    ["audited text in place of the type", Buffer.from(JSON.stringify({ type: AUDITED }))],
  ])("%s", async (_, record) => {
    const error: unknown = await open(record, always(dataKey)).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(Error);
    expectNoSecret(error, key);
  });

  test("a record too large to open, or to seal", async () => {
    const text = JSON.stringify({ commandText: AUDITED.repeat(100) });
    const tooLarge: unknown = await open(recordOf(text), always(dataKey), { maxInnerBytes: 100 }).catch(
      (e: unknown) => e,
    );
    const lone: unknown = await seal(`${text}\ud800`, dataKey, "1.4").catch((e: unknown) => e);

    expect(tooLarge).toBeInstanceOf(Error);
    expect(lone).toBeInstanceOf(Error);
    expectNoSecret(tooLarge, key);
    expectNoSecret(lone, key);
  });

  test("the checks themselves find what they look for", () => {
    const leaking = new Error("no", { cause: Object.assign(new Error("x"), { key: new Uint8Array(key) }) });

    expect(() => expectNoSecret(leaking, key)).toThrow();
    expect(() => expectNoSecret(new Error(AUDITED), key)).toThrow();
    expect(() => expectNoSecret({ key }, key)).toThrow();
    expect(() => expectNoSecret({ key: key.toString("base64") }, key)).toThrow();
  });
});

describe("what holds a key does not show it", () => {
  test("lender, cache and lease, inspected or as JSON", async () => {
    const kms = new KmsStub();
    const options = { kms: { send: kms.send.bind(kms) } as KmsStub, resourceId: RESOURCE_ID };
    using lender = new DataKeyLender({ ...options, keyId: "alias/das" });
    using lease = await lender.lend();
    const plaintext = Buffer.from(lease.plaintext);
    using cache = new DataKeyCache(options);
    using cached = await cache.lend(lease.encrypted);

    for (const holder of [lender, cache]) expectNoSecret(holder, plaintext);
    // Getters are asked only by who wants the key.
    for (const held of [lease, cached]) {
      expect(JSON.stringify(held)).toBe("{}");
      expect(inspect(held, { depth: 20, showHidden: true })).not.toContain("Uint8Array");
      for (const form of formsOf(plaintext)) expect(inspect(held, { depth: 20, showHidden: true })).not.toContain(form);
      expect(structuredClone(held)).toEqual({});
    }
  });
});
