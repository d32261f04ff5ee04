import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSqlBinds } from "./parse-sql-binds.ts";

/** What a length may count, written down once more. */
const COUNTS = {
  "bytes of AL32UTF8": (value: string) => Buffer.byteLength(value.toWellFormed()),
  characters: (value: string) => [...value].length,
  "UTF-16 units": (value: string) => value.length,
  "bytes of UTF8": (value: string) => Buffer.byteLength(value.replace(/[\ud800-\udfff]/g, "\u4e00")),
  "bytes of two-byte character sets": (value: string) => [...value].reduce((sum, c) => sum + (c < "\x80" ? 1 : 2), 0),
  "bytes of AL16UTF16": (value: string) => value.length * 2,
};

const write = (values: readonly (string | null)[], count: (value: string) => number) =>
  values.map((value, index) => ` #${index + 1}(${count(value ?? "")}):${value ?? ""}`).join("");

describe("bind values", () => {
  test("of the sample", () => {
    expect(parseSqlBinds(" #1(5):hello #2(1):7")).toEqual(["hello", "7"]);
    expect(parseSqlBinds(" #1(21):ORA_TEMP_2_DS_1721605 #2(3):SYS")).toEqual(["ORA_TEMP_2_DS_1721605", "SYS"]);
  });

  test("there are none", () => {
    expect(parseSqlBinds(null)).toEqual([]);
    expect(parseSqlBinds("")).toEqual([]);
  });

  test("that are NULL are left out", () => {
    expect(parseSqlBinds(" #1(0): #2(1):7 #3(0):")).toEqual(["7"]);
  });

  test("that look like the next one, or hold newlines, quotes and chr(0)", () => {
    expect(parseSqlBinds(" #1(9): #2(1):x, #2(6):a\n'\0\"b")).toEqual([" #2(1):x,", "a\n'\0\"b"]);
  });

  test("of which more than nine are bound", () => {
    const values = Array.from({ length: 120 }, (_, index) => `value ${index}`);
    expect(parseSqlBinds(write(values, (value) => value.length))).toEqual(values);
  });

  for (const [name, count] of Object.entries(COUNTS)) {
    test(`whose lengths count ${name}`, () => {
      const values = ["Zürich", "東京 #2(3):", "\u{1f600}\u{1f600}", "plain", "ﾊﾝ"];
      expect(parseSqlBinds(write(values, count))).toEqual(values);
    });
  }

  test("of which some are of the national character set", () => {
    expect(parseSqlBinds(" #1(10):hello #2(2):7")).toEqual(["hello", "7"]);
    expect(parseSqlBinds(" #1(5):hello #2(2):7 #3(4):東京")).toEqual(["hello", "7", "東京"]);
  });

  test("whose lengths count one thing here and another there", () => {
    expect(parseSqlBinds(" #1(7):Zürich #2(2):東京 #3(4):東京")).toEqual(["Zürich", "東京", "東京"]);
  });

  test("NULs behind the last one belong to it", () => {
    expect(parseSqlBinds(" #1(5):hello\0")).toEqual(["hello\0"]);
    expect(parseSqlBinds(" #1(6):hello\0\0")).toEqual(["hello\0\0"]);
  });
});

describe("text that is no list of bind values", () => {
  test("that was cut off is kept from where it is not whole", () => {
    expect(parseSqlBinds(" #1(5):hello #2(10):abc")).toEqual(["hello", " #2(10):abc"]);
    expect(parseSqlBinds(" #1(5):hello #2(1")).toEqual(["hello", " #2(1"]);
    expect(parseSqlBinds(" #1(7):Zürich #2(10):é")).toEqual(["Zürich", " #2(10):é"]);
  });

  test("of another form is one value", () => {
    expect(parseSqlBinds("hello")).toEqual(["hello"]);
    expect(parseSqlBinds(" #1(99999999999999999999999):x")).toEqual([" #1(99999999999999999999999):x"]);
  });
});

describe("properties", () => {
  const value = fc.string({
    unit: fc.oneof(
      fc.constantFrom(" #2(", " #3(1):", "\0", "é", "東", "\u{1f600}", "\ud83d"),
      fc.string({ minLength: 1 }),
    ),
    minLength: 1,
  });

  test("what was written comes back, values of plain characters whatever they look like", () => {
    const plain = fc.array(fc.option(fc.string({ minLength: 1, unit: fc.constantFrom(..." #():0123xyz") })));
    fc.assert(
      fc.property(plain, (values) => {
        const bound = values.filter((one) => one !== null);
        expect(parseSqlBinds(write(values, (text) => text.length))).toEqual(bound);
      }),
    );
  });

  const { "bytes of AL32UTF8": bytes, characters, ...rarer } = COUNTS;

  test("what was written in bytes comes back, whatever values look like; so does what was in characters, but for #", () => {
    fc.assert(
      fc.property(fc.array(value), (values) => {
        expect(parseSqlBinds(write(values, bytes))).toEqual(values);
        const plainer = values.map((one) => one.replaceAll("#", "/"));
        expect(parseSqlBinds(write(plainer, characters))).toEqual(plainer);
      }),
    );
  });

  test("what was written in a rarer unit is nowhere cut, even where another unit fits as well", () => {
    fc.assert(
      fc.property(fc.array(value), fc.constantFrom(...Object.values(rarer)), (values, count) => {
        const plainer = values.map((one) => one.replaceAll("#", "/"));
        const parsed = parseSqlBinds(write(plainer, count));
        expect(plainer.filter((one) => !parsed.some((whole) => whole.includes(one)))).toEqual([]);
      }),
    );
  });

  test("of any text every unit is kept that is not the header of a value", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          value,
          fc.array(fc.oneof(value, fc.constant(" #1(2):"))).map((parts) => parts.join("")),
        ),
        (text) => {
          const parsed = parseSqlBinds(text);
          let at = 0;
          for (const one of parsed) {
            const found = text.indexOf(one, at);
            expect(found).toBeGreaterThanOrEqual(at);
            expect(text.slice(at, found)).toMatch(/^(?: ?#\d+\(\d+\):)*$/);
            at = found + one.length;
          }
          expect(text.slice(at)).toMatch(/^(?: ?#\d+\(\d+\):)*$/);
        },
      ),
    );
  });

  test("a large text takes time in proportion to its length", () => {
    const values = Array.from({ length: 50_000 }, (_, index) => `é${index} #${index + 2}(`);
    expect(parseSqlBinds(write(values, COUNTS["bytes of AL16UTF16"]))).toHaveLength(50_000);
  });
});
