import { randomInt } from "node:crypto";
import { RecordError } from "@das/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataKeyCache, DataKeyLender, open, seal } from "../src/index.ts";
import { RESOURCE_ID } from "./keys.ts";
import { KmsStub } from "./kms-stub.ts";

const INNER = {
  type: "DatabaseActivityMonitoringRecord",
  clusterId: "",
  instanceId: RESOURCE_ID,
  databaseActivityEventList: [{ type: "record", commandText: "select 1", scn: 2n ** 60n }],
};

async function sealed() {
  const kms = new KmsStub();
  using lender = new DataKeyLender({ kms, keyId: "alias/das", resourceId: RESOURCE_ID });
  using lease = await lender.lend();
  const json = JSON.stringify(INNER, (_, value) => (typeof value === "bigint" ? JSON.rawJSON(`${value}`) : value));
  const { bytes } = await seal(json, lease, "1.4");
  return { kms, bytes };
}

/** A broken record gives a RecordError. Nothing protects the version; the content never differs. */
async function expectErrorOrSameContent(bytes: Uint8Array, keys: DataKeyCache): Promise<"error" | "same"> {
  try {
    const opened = await open(bytes, keys);
    expect(opened.inner).toEqual(INNER);
    expect(opened.version).toMatch(/^1\.[0-35-9]$/);
    return "same";
  } catch (error) {
    expect(error).toBeInstanceOf(RecordError);
    return "error";
  }
}

describe("a sealed record that was changed", () => {
  test("in any one byte gives a RecordError and never other content", async () => {
    const { kms, bytes } = await sealed();
    using keys = new DataKeyCache({ kms, resourceId: RESOURCE_ID });
    let same = 0;
    for (let position = 0; position < bytes.byteLength; position += 1) {
      const changed = bytes.slice();
      changed[position] = (changed[position] ?? 0) ^ randomInt(1, 256);
      if ((await expectErrorOrSameContent(changed, keys)) === "same") same += 1;
    }
    // At most the digit after the point in "1.4".
    expect(same).toBeLessThanOrEqual(1);
    expect(bytes.byteLength).toBeGreaterThan(500);
  });

  test("in several places, cut, or with something in between gives a RecordError and never other content", async () => {
    const { kms, bytes } = await sealed();
    using keys = new DataKeyCache({ kms, resourceId: RESOURCE_ID });
    const place = fc.nat({ max: bytes.byteLength - 1 });
    const byte = fc.integer({ min: 1, max: 255 });
    const change = fc.oneof(
      fc.array(fc.tuple(place, byte), { minLength: 2, maxLength: 6 }).map((flips) => {
        const changed = bytes.slice();
        for (const [at, mask] of flips) changed[at] = (changed[at] ?? 0) ^ mask;
        return changed;
      }),
      place.map((end) => bytes.slice(0, end)),
      fc
        .tuple(place, fc.uint8Array({ minLength: 1, maxLength: 4 }))
        .map(([at, more]) => Uint8Array.from([...bytes.slice(0, at), ...more, ...bytes.slice(at)])),
      fc.tuple(place, place).map(([a, b]) => {
        const changed = bytes.slice();
        [changed[a], changed[b]] = [changed[b] ?? 0, changed[a] ?? 0];
        return changed;
      }),
    );
    await fc.assert(
      fc.asyncProperty(change, async (changed) => {
        if (Buffer.compare(changed, bytes) === 0) return;
        try {
          expect((await open(changed, keys)).inner).toEqual(INNER);
        } catch (error) {
          expect(error).toBeInstanceOf(RecordError);
        }
      }),
      { numRuns: 600 },
    );
  });

  test("is not opened by another record's key, nor in another resource's context", async () => {
    const { kms, bytes } = await sealed();
    const other = await (async () => {
      using lender = new DataKeyLender({ kms, keyId: "alias/das", resourceId: RESOURCE_ID });
      using lease = await lender.lend();
      return lease.encrypted;
    })();
    using keys = new DataKeyCache({ kms, resourceId: RESOURCE_ID });
    using foreign = new DataKeyCache({ kms, resourceId: "db-ZZZZZZZZZZZZZZZZZZZZZZZZZZ" });
    const outer = JSON.parse(Buffer.from(bytes).toString());
    const swapped = Buffer.from(JSON.stringify({ ...outer, key: other }));

    await expect(open(swapped, keys)).rejects.toMatchObject({ code: "record-content-key" });
    await expect(open(bytes, foreign)).rejects.toMatchObject({ code: "record-key-refused" });
  });
});
