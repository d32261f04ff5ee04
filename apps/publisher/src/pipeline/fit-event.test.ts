import { COMPRESSED_MAX_BYTES, lossNotice, streamEvent, stringifyExact } from "@das/core";
import { compress } from "@das/envelope/seal";
import { describe, expect, test } from "vitest";
import { fitEvent } from "./fit-event.ts";

const instance = {
  serverHost: "10.0.1.30",
  serverVersion: "19.21.0.0.0.EE",
  serviceName: "oracle-ee",
  databaseName: "ORCL",
};
const notice = lossNotice({ cause: "c", startTime: "2026-01-01 00:00:00.000000+00", endTime: null });
const event = (commandText: string) => ({ ...streamEvent("oracle", notice, instance), commandText });

/** Text that gzip cannot shrink much; the seed makes it the same in every run. */
function noise(length: number): string {
  let state = 1;
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
});
