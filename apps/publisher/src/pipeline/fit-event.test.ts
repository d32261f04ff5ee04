import {
  COMPRESSED_MAX_BYTES,
  type Cursor,
  type EngineNativeAuditFields,
  eventIdentity,
  lossNotice,
  type OracleEvent,
  streamEvent,
  stringifyExact,
} from "@das/core";
import { compress } from "@das/envelope/seal";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { provenanceFor } from "../../test/fake-publishing.ts";
import { fitEvent } from "./fit-event.ts";
import { Packer } from "./pack.ts";

const instance = {
  serverHost: "10.0.1.30",
  serverVersion: "19.21.0.0.0.EE",
  serviceName: "oracle-ee",
  databaseName: "ORCL",
};
/** A directory of 260 characters, percent-encoded, that gzip cannot shrink much. */
const longCursor = Array.from({ length: 2_340 }, (_, n) => ((n * 7_919) % 36).toString(36)).join("") as Cursor;
const notice = lossNotice({ cause: "c", startTime: "2026-01-01 00:00:00.000000+00", endTime: null });
const event = (commandText: string, more: Partial<OracleEvent> = {}): OracleEvent => ({
  ...(streamEvent("oracle", notice, instance) as OracleEvent),
  class: "Standard",
  commandText,
  ...more,
});

/** Text that gzip cannot shrink much; the seed makes it the same in every run. */
function noise(length: number, seed = 1): string {
  let state = seed;
  let text = "";
  while (text.length < length) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    text += String.fromCodePoint(0x4e00 + ((state >>> 8) % 20_000));
  }
  return text;
}

describe("an event alone in its record", () => {
  test("stays as it is when it fits", () => {
    const json = stringifyExact(event("SELECT 1 FROM dual"));
    expect(fitEvent(event("SELECT 1 FROM dual"), json)).toEqual({ json, cut: false });
    const long = event("x".repeat(3_000_000));
    expect(fitEvent(long, stringifyExact(long)).cut).toBe(false);
  });

  test("is cut to what fits, and marked", () => {
    const text = noise(600_000);
    const large = event(text);
    const { json, cut } = fitEvent(large, stringifyExact(large));
    const written = JSON.parse(json) as Record<string, unknown>;
    const kept = written.commandText as string;
    expect(cut).toBe(true);
    expect(written.commandTextTruncatedFrom).toBe(text.length);
    expect(text.startsWith(kept)).toBe(true);
    const size = compress(json).byteLength;
    expect(size).toBeLessThanOrEqual(COMPRESSED_MAX_BYTES);
    expect(size).toBeGreaterThan(COMPRESSED_MAX_BYTES * 0.95);
  });

  test("is never cut inside a character", () => {
    const text = "\u{1f600}".repeat(10) + noise(600_000).replace(/./g, (c, at: number) => (at % 2 ? "\u{20000}" : c));
    const large = event(text);
    const written = JSON.parse(fitEvent(large, stringifyExact(large)).json) as { commandText: string };
    expect(written.commandText.isWellFormed()).toBe(true);
  });

  test("keeps what is short, and cuts bind values and native texts as it cuts the statement", () => {
    const rlsInfo = noise(400_000, 2);
    const values = Array.from({ length: 400 }, (_, index) => noise(1_000, index + 3));
    const large = event(noise(300_000), {
      paramList: values,
      engineNativeAuditFields: {
        ADDITIONAL_INFO: noise(4_000),
        RLS_INFO: rlsInfo,
        SCN: 18446744073709551615n,
        ROLE: null,
      },
    });
    const written = JSON.parse(fitEvent(large, stringifyExact(large)).json) as Written;
    const { paramList, engineNativeAuditFields: native = {} } = written;
    const kept = String(native.RLS_INFO);
    expect(written).toMatchObject({
      commandTextTruncatedFrom: 300_000,
      paramListTruncatedFrom: 400_000,
      engineNativeAuditFields: { RLS_INFO_TRUNCATED_FROM: 400_000, ADDITIONAL_INFO: noise(4_000), ROLE: null },
    });
    expect(native).not.toHaveProperty("ADDITIONAL_INFO_TRUNCATED_FROM");
    expect(rlsInfo.startsWith(kept)).toBe(true);
    expect(written.commandText).toHaveLength(kept.length);
    expect(values.join("").startsWith(paramList.join(""))).toBe(true);
    expect(paramList.join("")).toHaveLength(kept.length);
    expect(paramList.slice(0, -1)).toEqual(values.slice(0, paramList.length - 1));
  });

  test("leaves a long statement whole when something else is longer", () => {
    const text = noise(50_000);
    const large = event(text, { engineNativeAuditFields: { RLS_INFO: noise(900_000, 2) } });
    const { json } = fitEvent(large, stringifyExact(large));
    expect(JSON.parse(json)).toMatchObject({ commandText: text });
    expect(compress(json).byteLength).toBeGreaterThan(COMPRESSED_MAX_BYTES * 0.95);
  });
});

type Written = OracleEvent & Readonly<Record<string, unknown>>;

describe("every event", () => {
  const filler = fc.constantFrom("noise", "pairs", "chr(0)", "blanks", "surrogates");
  /** Short ones stay whole beside long ones. */
  const length = fc.oneof(
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 4_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 4_000, max: 900_000 }) },
  );
  const text = fc.tuple(filler, length, fc.integer({ min: 1, max: 9 })).map(([kind, size, seed]) => {
    if (kind === "noise") return noise(size, seed);
    if (kind === "pairs") return noise(size, seed).replace(/../gs, "\u{2070e}");
    if (kind === "surrogates") return noise(size, seed).replace(/[\u4e00-\u6000]/g, "\ud83d");
    return (kind === "blanks" ? " " : "\0").repeat(size);
  });
  const native = fc.dictionary(
    fc.constantFrom("RLS_INFO", "ADDITIONAL_INFO", "DP_CLOB_PARAMETERS1", "DV_COMMENT"),
    text,
  );

  test("fits, is the same event, and says of every text whether it is whole", () => {
    const list = fc.oneof(
      fc.array(text, { maxLength: 3 }),
      fc.constant(Array.from({ length: 300_000 }, (_, i) => String(i))),
    );
    fc.assert(
      fc.property(text, list, fc.option(native, { nil: undefined }), (commandText, paramList, fields) => {
        const whole = event(commandText, { paramList, ...(fields && { engineNativeAuditFields: fields }) });
        const { json, cut } = fitEvent(whole, stringifyExact(whole));
        const written = JSON.parse(json) as Written;

        const packer = new Packer({
          instanceId: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
          maxEvents: 1,
          targetBytes: 8_192,
          provenance: provenanceFor(longCursor),
        });
        const records = packer.add(json, "1:1").map(({ text }) => compress(text.bytes).byteLength);
        expect(records).toHaveLength(1);
        expect(records[0]).toBeLessThanOrEqual(COMPRESSED_MAX_BYTES);
        expect(eventIdentity("oracle:1:2", "1:1", written)).toBe(eventIdentity("oracle:1:2", "1:1", whole));

        const marks: unknown[] = [
          isMarked(commandText, written.commandText ?? "", written.commandTextTruncatedFrom),
          isMarked(paramList.join(""), written.paramList.join(""), written.paramListTruncatedFrom),
          ...Object.entries(fields ?? {}).map(([name, value]) => {
            const kept: EngineNativeAuditFields = written.engineNativeAuditFields ?? {};
            return isMarked(String(value), String(kept[name]), kept[`${name}_TRUNCATED_FROM`]);
          }),
        ];
        expect(marks.includes(true)).toBe(cut);
      }),
      { numRuns: 15 },
    );
  });
});

/** Was the text cut? Whole or the beginning of the whole, and marked only then. */
function isMarked(whole: string, kept: string, mark: unknown): boolean {
  if (kept === whole) {
    expect(mark).toBeUndefined();
    return false;
  }
  expect(whole.startsWith(kept)).toBe(true);
  expect(mark).toBe(whole.length);
  return true;
}
