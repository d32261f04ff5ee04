import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitRecords } from "../src/index.ts";

function split(data: string | Uint8Array): string[] {
  return [...splitRecords(Buffer.from(data))].map((piece) => Buffer.from(piece).toString());
}

describe("splitRecords", () => {
  test.each([
    ["one object", '{"a":1}', ['{"a":1}']],
    ["back to back", '{"a":1}{"b":2}{"c":3}', ['{"a":1}', '{"b":2}', '{"c":3}']],
    ["newlines", '{"a":1}\n{"b":2}\r\n\n{"c":3}\n', ['{"a":1}', '{"b":2}', '{"c":3}']],
    ["}{ inside a string", '{"a":"}{"}{"b":"{"}', ['{"a":"}{"}', '{"b":"{"}']],
    ["an escaped quote", String.raw`{"a":"\"}{"}{"b":2}`, [String.raw`{"a":"\"}{"}`, '{"b":2}']],
    ["an escaped backslash before the quote", String.raw`{"a":"\\"}{"b":2}`, [String.raw`{"a":"\\"}`, '{"b":2}']],
    ["nested objects", '{"a":{"b":{}}}{"c":[{}]}', ['{"a":{"b":{}}}', '{"c":[{}]}']],
  ])("%s", (_, data, pieces) => {
    expect(split(data)).toEqual(pieces);
  });

  test.each([
    ["nothing", "", [""]],
    ["blanks alone", " \n", [" \n"]],
    ["an object that does not end", '{"a":1}{"b":{', ['{"a":1}', '{"b":{']],
    ["a string that does not end", '{"a":1}{"b', ['{"a":1}', '{"b']],
    ["what is no object", 'oops {"a":1} 7', ["oops ", '{"a":1}', "7"]],
    ["a stray brace", '}{"a":1}', ["}", '{"a":1}']],
  ])("%s is not swallowed", (_, data, pieces) => {
    expect(split(data)).toEqual(pieces);
  });

  test("any objects, with any blanks between them, come out one by one", () => {
    const separator = fc.constantFrom("", "\n", "\r\n", " ", "\n\n\t");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.dictionary(fc.string(), fc.jsonValue()), separator), { minLength: 1 }),
        (parts) => {
          const objects = parts.map(([object]) => JSON.stringify(object));

          expect(split(parts.map(([, blanks], index) => objects[index] + blanks).join(""))).toEqual(objects);
        },
      ),
    );
  });

  test("of any bytes, only blanks are left out", () => {
    const bytes = fc.array(fc.constantFrom(...Buffer.from('{}"\\ \na'), 0xc3), { maxLength: 40 });
    fc.assert(
      fc.property(bytes, (codes) => {
        const data = Buffer.from(codes);
        let position = 0;
        for (const piece of splitRecords(data)) {
          expect(data.toString("latin1", position, piece.byteOffset - data.byteOffset).trim()).toBe("");
          position = piece.byteOffset - data.byteOffset + piece.byteLength;
        }
        expect(data.toString("latin1", position).trim()).toBe("");
      }),
      { numRuns: 2_000 },
    );
  });
});
