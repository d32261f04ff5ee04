import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exactInteger, parseExact, stringifyExact } from "./exact-json.ts";

const exactJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.string({ unit: "binary" }),
    fc.maxSafeInteger(),
    fc.bigInt().map((value) => exactInteger(value.toString())),
    fc.array(tie("value")),
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      tie("value"),
    ),
  ),
})).value;

describe("exact JSON", () => {
  test("what is written is read again, integers of any size included", () => {
    fc.assert(
      fc.property(exactJson, (value) => {
        expect(parseExact(stringifyExact(value))).toEqual(value === 0 ? 0 : value);
      }),
    );
  });

  test("integers beyond 2^53 keep their digits", () => {
    const text = '{"SCN":18446744073709551615,"small":7,"text":"18446744073709551615","fraction":1.5}';
    const parsed = parseExact(text);
    expect(parsed).toEqual({ SCN: 18446744073709551615n, small: 7, text: "18446744073709551615", fraction: 1.5 });
    expect(stringifyExact(parsed)).toBe(text);
  });

  test("integers are exact wherever they stand", () => {
    const big = 12345678901234567890n;
    for (const value of [big, -big, [big], [1, big], { a: big }, { a: [{ b: -big }] }]) {
      expect(parseExact(stringifyExact(value))).toEqual(value);
      expect(parseExact(` ${stringifyExact(value).replaceAll(/([:,[])/g, "$1 \n")}`)).toEqual(value);
    }
  });

  test("lone surrogates and NUL survive", () => {
    const value = { text: "\ud83d \u0000 \ude00" };
    expect(stringifyExact(value)).toBe('{"text":"\\ud83d \\u0000 \\ude00"}');
    expect(parseExact(stringifyExact(value))).toEqual(value);
  });

  test("a cycle is an error, not a bigint", () => {
    const cycle: Record<string, unknown> = { big: 12345678901234567890n };
    cycle.self = [cycle];
    expect(() => stringifyExact(cycle)).toThrow(TypeError);
    delete cycle.big;
    expect(() => stringifyExact(cycle)).toThrow(TypeError);
  });

  test("what is written is what JSON.stringify writes with a replacer for bigints, to the byte", () => {
    const member = fc.oneof(exactJson, fc.constant(undefined), fc.double(), fc.date());
    const value = fc.oneof(member, fc.dictionary(fc.string(), member), fc.array(member), fc.sparseArray(member));
    fc.assert(
      fc.property(value, (written) => {
        const before = structuredClone(written);
        expect(stringifyExact(written)).toBe(
          JSON.stringify(written, (_key, part: unknown) =>
            typeof part === "bigint" ? JSON.rawJSON(part.toString()) : part,
          ),
        );
        expect(written).toEqual(before);
      }),
    );
  });
});

describe("exactInteger", () => {
  test("is exact on both sides of 2^53", () => {
    expect(exactInteger("9007199254740991")).toBe(9007199254740991);
    expect(exactInteger("9007199254740992")).toBe(9007199254740992n);
    expect(exactInteger("-9223372036854775808")).toBe(-9223372036854775808n);
    expect(() => exactInteger("seven")).toThrow(SyntaxError);
  });
});
