import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteWriter } from "./byte-writer.ts";

function written(write: (out: ByteWriter) => void): Buffer {
  const out = new ByteWriter(1);
  write(out);
  return out.take();
}

test("texts are UTF-16 whatever their length, lone surrogates included", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 80 }), (units) => {
      const text = String.fromCharCode(...units);
      expect(written((out) => out.utf16(text)).toString("utf16le")).toBe(text);
    }),
  );
});

test("integers of each size", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger(), (big, safe) => {
      expect(written((out) => out.i64(big)).readBigInt64LE()).toBe(big);
      expect(written((out) => out.i64(safe)).readBigInt64LE()).toBe(BigInt(safe));
    }),
  );
  expect(written((out) => out.u40(863_999_999_999)).readUIntLE(0, 5)).toBe(863_999_999_999);
  expect(written((out) => out.u24(739_000)).readUIntLE(0, 3)).toBe(739_000);
  expect(written((out) => out.u16be(0x1234))).toEqual(Buffer.of(0x12, 0x34));
});

test("hex of either case", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, upper) => {
      const hex = Buffer.from(bytes).toString("hex");
      expect(written((out) => out.hex(`0x${upper ? hex.toUpperCase() : hex}`))).toEqual(Buffer.from(bytes));
    }),
  );
});

test("one byte for each character, a question mark for what has none", () => {
  expect(written((out) => out.latin1("é€ok"))).toEqual(Buffer.from("é?ok", "latin1"));
});
