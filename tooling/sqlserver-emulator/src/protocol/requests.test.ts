import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteWriter } from "./byte-writer.ts";
import { agreedVersion, parseLogin } from "./login7.ts";
import { ProtocolError } from "./packets.ts";
import { ENCRYPTION, negotiateEncryption, parsePreloginEncryption, preloginAnswer } from "./prelogin.ts";
import { parseBatch, parseRpc, parseTransactionRequest } from "./requests.ts";

const bytes = fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each));

describe("requests that are no requests", () => {
  for (const [name, parse] of [
    ["RPC", parseRpc],
    ["batch", parseBatch],
    ["transaction", parseTransactionRequest],
    ["PRELOGIN", parsePreloginEncryption],
    ["LOGIN7", parseLogin],
  ] as const) {
    test(`${name}: any bytes are read or refused, and nothing else happens`, () => {
      fc.assert(
        fc.property(bytes, (payload) => {
          try {
            parse(payload);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }),
        { numRuns: 1000 },
      );
    });
  }
});

/** An RPC with one parameter of the given TYPE_INFO and value. */
function rpc(typeAndValue: readonly number[]): Buffer {
  const out = new ByteWriter();
  out.u32(4);
  out.text("p");
  out.u16(0);
  out.shortText("@a");
  out.u8(0);
  out.bytes(Buffer.from(typeAndValue));
  return out.take();
}

describe("parameters in forms that the driver does not send", () => {
  test.each([
    ["fixed tinyint", [0x30, 200], 200],
    ["fixed bit", [0x32, 1], true],
    ["fixed smallint", [0x34, 0xff, 0xff], -1],
    ["fixed int", [0x38, 1, 0, 0, 0x80], -2_147_483_647],
    ["fixed bigint", [0x7f, 1, 0, 0, 0, 0, 0, 0, 0], 1],
    ["fixed real", [0x3b, 0, 0, 0x80, 0x3e], 0.25],
    ["fixed float", [0x3e, 0, 0, 0, 0, 0, 0, 0xd0, 0x3f], 0.25],
    ["fixed datetime", [0x3d, 1, 0, 0, 0, 0x2c, 1, 0, 0], "1900-01-02 00:00:01.000"],
    ["smalldatetime", [0x6f, 4, 4, 1, 0, 2, 0], "1900-01-02 00:02:00.000"],
    ["the untyped NULL", [0x1f], null],
    ["a NULL integer", [0x26, 4, 0], null],
    ["date", [0x28, 3, 0, 0, 0], "0001-01-01"],
    ["no date", [0x28, 0], null],
    ["time(0)", [0x29, 0, 3, 0x3d, 0, 0], "00:01:01"],
    ["datetime2(3)", [0x2a, 3, 7, 1, 0, 0, 0, 1, 0, 0], "0001-01-02 00:00:00.001"],
    ["datetimeoffset(0)", [0x2b, 0, 8, 1, 0, 0, 1, 0, 0, 0xa6, 0xff], "0001-01-02 00:00:01 -01:30"],
    ["decimal(5,2)", [0x6a, 5, 5, 2, 5, 0, 0x39, 0x30, 0, 0], "-123.45"],
    ["money", [0x6e, 8, 8, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x80], "-214748.3648"],
    ["smallmoney", [0x6e, 4, 4, 0x39, 0x30, 0, 0], "1.2345"],
    ["text", [0x23, 9, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0x68, 0x69], "hi"],
    ["no ntext", [0x63, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], null],
    ["image", [0x22, 9, 0, 0, 0, 1, 0, 0, 0, 0xab], "0xab"],
    [
      "varbinary(max) in two chunks",
      [0xa5, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 1, 1, 0, 0, 0, 2, 0, 0, 0, 0],
      "0x0102",
    ],
    ["no varchar(max)", [0xa7, 0xff, 0xff, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], null],
  ])("%s", (_name, typeAndValue, expected) => {
    expect(parseRpc(rpc(typeAndValue)).parameters).toMatchObject([{ name: "@a", value: expected }]);
  });

  test("a type that is not known is named", () => {
    expect(() => parseRpc(rpc([0xf1, 0, 0]))).toThrow("a parameter of type 0xf1");
  });

  test("a procedure by its number", () => {
    const out = new ByteWriter();
    out.u32(4);
    out.u16(0xffff);
    out.u16(12);
    out.u16(0);
    expect(parseRpc(out.take())).toEqual({ procedure: "procedure number 12", parameters: [] });
  });
});

describe("PRELOGIN and versions", () => {
  const { off, on, notSupported, required } = ENCRYPTION;
  test.each([
    ["off", [notSupported, notSupported, notSupported, notSupported]],
    ["on", [off, on, notSupported, on]],
    ["required", [required, required, required, required]],
  ] as const)("a server that is set to %s answers off, on, not supported and required with", (policy, answers) => {
    expect([off, on, notSupported, required].map((asked) => negotiateEncryption(policy, asked))).toEqual(answers);
  });

  test("the answer can be read as a request", () => {
    for (const encryption of [off, on, notSupported, required]) {
      expect(parsePreloginEncryption(preloginAnswer("16.0.4105.2", encryption))).toBe(encryption);
    }
  });

  test("the client's version is kept if it is spoken", () => {
    for (const version of [0x72090002, 0x730a0003, 0x730b0003, 0x74000004, 0x08000000])
      expect(agreedVersion(version)).toBe(version);
    expect(agreedVersion(0x75000000)).toBe(0x74000004);
    expect(() => agreedVersion(0x71000001)).toThrow("TDS version 71000001 is not spoken");
  });
});
