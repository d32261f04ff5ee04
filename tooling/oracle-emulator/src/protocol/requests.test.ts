import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteWriter } from "./byte-writer.ts";
import { FUNCTION, MESSAGE_TYPE } from "./message-types.ts";
import { ProtocolError } from "./protocol-error.ts";
import { parseRequest, type RequestContext } from "./requests.ts";
import { TYPE_CODE } from "./types.ts";
import { makeChallenge } from "./verifier.ts";

const CONTEXT: RequestContext = {
  fieldVersion: 12,
  textStyle: "counted",
  bindsOf: (id) => (id === 7 ? { binds: [NUMBER_BIND], isPlsql: false } : undefined),
};
const NUMBER_BIND = { typeCode: TYPE_CODE.number, maxSize: 22, characterForm: 0, wantsLobLength: false };

describe("requests that are no requests", () => {
  const begin = fc.oneof(
    ...Object.values(FUNCTION).map((code) => fc.constant([MESSAGE_TYPE.function, code, 1])),
    ...[96, 105, 120, 135, 152].map((code) => fc.constant([MESSAGE_TYPE.piggyback, code, 1])),
    fc.constant([MESSAGE_TYPE.dataTypes]),
    fc.constant([MESSAGE_TYPE.protocol]),
    fc.constant([]),
  );
  for (const textStyle of ["counted", "bare"] as const) {
    test(`any bytes are read, refused or incomplete, and nothing else happens (texts ${textStyle})`, () => {
      fc.assert(
        fc.property(begin, fc.uint8Array({ maxLength: 200 }), (first, rest) => {
          try {
            const { length } = parseRequest(Buffer.from([...first, ...rest]), { ...CONTEXT, textStyle });
            expect(length).toBeLessThanOrEqual(first.length + rest.length);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }),
        { numRuns: 5000 },
      );
    });
  }

  test("what is not served is named", () => {
    const parse = (...bytes: number[]) => parseRequest(Buffer.from(bytes), CONTEXT);
    expect(() => parse(3, 162, 1)).toThrow("function 162");
    expect(() => parse(17, 154, 1)).toThrow("piggyback 154");
    expect(() => parse(77)).toThrow("message 77");
  });
});

describe("re-execution", () => {
  function reexecute(cursorId: number, value: readonly number[]): Buffer {
    const out = new ByteWriter();
    out.bytes(Buffer.of(MESSAGE_TYPE.function, FUNCTION.reexecuteAndFetch, 1));
    out.ub(cursorId);
    out.ub(100);
    out.ub(0);
    out.ub(0);
    out.bytes(Buffer.from(value));
    return out.take();
  }

  test("values are read by what the first execution told of them", () => {
    const { call, length } = parseRequest(reexecute(7, [7, 2, 0xc1, 6]), CONTEXT);
    expect(call).toMatchObject({ rows: 100, bindRows: [[{ type: "NUMBER", value: "5" }]] });
    expect(length).toBe(reexecute(7, [7, 2, 0xc1, 6]).length);
  });

  test("of a cursor that is not known they cannot be read", () => {
    expect(parseRequest(reexecute(8, []), CONTEXT).call).toMatchObject({ cursorId: 8, bindRows: undefined });
  });
});

test("a challenge is not solved by a wrong password, and not by nonsense", async () => {
  const challenge = await makeChallenge("right");
  expect(challenge.parameters.map(({ key }) => key)).toContain("AUTH_VFR_DATA");
  expect(await challenge.answer("00".repeat(32), "11".repeat(32))).toBeUndefined();
  await expect(challenge.answer("", "")).rejects.toThrow(ProtocolError);
});
