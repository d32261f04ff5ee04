import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readDateTime, writeDate, writeTimestamp, writeTimestampWithTimeZone } from "./date-time.ts";
import { readNumber, writeNumber } from "./number.ts";
import { IncompleteMessage, ProtocolError } from "./protocol-error.ts";

function written(write: (out: ByteWriter) => void): Buffer {
  const out = new ByteWriter(1);
  write(out);
  return out.take();
}

function readerOf(write: (out: ByteWriter) => void): ByteReader {
  return new ByteReader(written(write));
}

describe("integers", () => {
  test.each([
    [0, "00"],
    [1, "0101"],
    [255, "01ff"],
    [256, "020100"],
    [65_535, "02ffff"],
    [65_536, "0400010000"],
    [0xffff_ffff, "04ffffffff"],
    [0x1_0000_0000, "080000000100000000"],
  ])("%d is %s", (value, hex) => {
    expect(written((out) => out.ub(value)).toString("hex")).toBe(hex);
    expect(readerOf((out) => out.ub(value)).ub()).toBe(value);
  });

  test("the sign is in the length", () => {
    expect(written((out) => out.sb(-127)).toString("hex")).toBe("817f");
    expect(written((out) => out.sb(6)).toString("hex")).toBe("0106");
    expect(written((out) => out.sb(0)).toString("hex")).toBe("00");
  });

  test("negative ones and those beyond 2^53 are refused where none can be", () => {
    expect(() => new ByteReader(Buffer.of(0x81, 1)).ub()).toThrow(ProtocolError);
    expect(() => new ByteReader(Buffer.from("08ffffffffffffffff", "hex")).ub()).toThrow(ProtocolError);
  });
});

describe("CLR", () => {
  test.each([0, 1, 39, 40, 41, 84, 85, 252, 253, 32_767, 32_768, 100_000])("%d characters come back", (length) => {
    for (const unit of ["a", "ß", "😀", "\0"]) {
      const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
      const bytes = Buffer.from(text);
      expect(readerOf((out) => out.clrText(text)).clr()).toEqual(length === 0 ? null : bytes);
      expect(readerOf((out) => out.text(text)).text()).toBe(bytes.toString());
    }
  });

  test("up to 252 bytes begin with their length, more come in chunks", () => {
    expect(written((out) => out.clrText("x".repeat(252)))[0]).toBe(252);
    expect(
      written((out) => out.clrText("x".repeat(253)))
        .subarray(0, 3)
        .toString("hex"),
    ).toBe("fe01fd");
    const chunks = written((out) => out.clr(Buffer.alloc(40_000)));
    expect(chunks.length).toBe(1 + 3 + 32_767 + 3 + (40_000 - 32_767) + 1);
  });

  test("any texts in a row come back, and anything cut off is incomplete", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 300 })), (texts) => {
        const bytes = written((out) => {
          for (const text of texts) out.text(text);
        });
        const reader = new ByteReader(bytes);
        for (const text of texts) expect(reader.text()).toBe(text);
        expect(reader.atEnd).toBe(true);
        const cut = new ByteReader(bytes.subarray(0, -1));
        const readAll = () => texts.map(() => cut.text());
        if (bytes.length > 0) expect(readAll).toThrow(IncompleteMessage);
      }),
    );
  });
});

describe("NUMBER", () => {
  test.each([
    ["0", "0180"],
    ["-0", "0180"],
    ["0.000", "0180"],
    ["1", "02c102"],
    ["5", "02c106"],
    ["10", "02c10b"],
    ["100", "02c202"],
    ["123", "03c20218"],
    ["-1", "033e6466"],
    ["-123", "043d644e66"],
    [".5", "02c033"],
    ["0.05", "02c006"],
    ["0.0012", "02bf0d"],
    ["1E+40", "02d502"],
    ["12.50", "03c10d33"],
  ])("%s is %s", (text, hex) => {
    expect(written((out) => writeNumber(out, text)).toString("hex")).toBe(hex);
  });

  test("38 nines, either sign, are whole; beyond 40 digits is an error", () => {
    for (const text of ["9".repeat(38), `-${"9".repeat(38)}`, `-${"9".repeat(40)}`]) expect(back(text)).toBe(text);
    for (const text of ["9".repeat(41), "1E+126", "1E-131", "1e", "", "-", "12a", "1.2.3", "0x1"])
      expect(() => written((out) => writeNumber(out, text))).toThrow(RangeError);
  });

  test("what is written is read as SQL writes it", () => {
    const digits = fc.stringMatching(/^\d{1,20}$/);
    fc.assert(
      fc.property(fc.boolean(), digits, fc.option(digits), (negative, whole, fraction) => {
        const text = `${negative ? "-" : ""}${whole}${fraction === null ? "" : `.${fraction}`}`;
        expect(back(text)).toBe(canonical(whole, fraction ?? "", negative));
      }),
      { numRuns: 1000 },
    );
  });

  test("any bytes are read or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 22 }), (bytes) => {
        try {
          expect(readNumber(Buffer.from(bytes))).toMatch(/^-?\d*(\.\d+)?$/);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  function back(text: string): string {
    return readNumber(readerOf((out) => writeNumber(out, text)).clr() ?? Buffer.alloc(0));
  }

  function canonical(whole: string, fraction: string, negative: boolean): string {
    const [before, after] = [whole.replace(/^0+/, ""), fraction.replace(/0+$/, "")];
    if (before === "" && after === "") return "0";
    return `${negative ? "-" : ""}${before}${after === "" ? "" : `.${after}`}`;
  }
});

describe("times", () => {
  test("are written as the notes say", () => {
    expect(written((out) => writeDate(out, "2026-11-22 13:14:15")).toString("hex")).toBe("07787e0b160e0f10");
    expect(written((out) => writeTimestamp(out, "2026-11-22 13:14:15.123456")).toString("hex")).toBe(
      "0b787e0b160e0f10075bca00",
    );
    expect(written((out) => writeTimestamp(out, "2026-11-22 13:14:15.000000")).length).toBe(8);
    // On the wire it is the time of UTC.
    expect(written((out) => writeTimestampWithTimeZone(out, "2026-11-22 00:30:00.000000 +05:30")).toString("hex")).toBe(
      "0d787e0b1514010100000000195a",
    );
  });

  test("come back, whatever the zone", () => {
    const when = fc.date({
      min: new Date("0001-01-02T00:00:00Z"),
      max: new Date("9999-12-30T00:00:00Z"),
      noInvalidDate: true,
    });
    const zone = fc.integer({ min: -12 * 60, max: 14 * 60 });
    fc.assert(
      fc.property(when, fc.integer({ min: 0, max: 999_999_999 }), zone, (date, nanoseconds, minutes) => {
        const time = date.toISOString().slice(0, 19).replace("T", " ");
        const fraction = String(nanoseconds).padStart(9, "0");
        const sign = minutes < 0 ? "-" : "+";
        const size = Math.abs(minutes);
        const offset = `${sign}${String(Math.trunc(size / 60)).padStart(2, "0")}:${String(size % 60).padStart(2, "0")}`;
        const text = `${time}.${fraction} ${offset}`;
        expect(back((out) => writeTimestampWithTimeZone(out, text))).toBe(text);
        expect(back((out) => writeDate(out, time))).toBe(time);
        const plain = nanoseconds === 0 ? time : `${time}.${fraction}`;
        expect(back((out) => writeTimestamp(out, `${time}.${fraction}`))).toBe(plain);
      }),
    );
  });

  test("what is no time is refused", () => {
    for (const text of ["", "2026-11-22", "2026-11-22T00:00:00", "22-NOV-26"])
      expect(() => written((out) => writeDate(out, text))).toThrow(RangeError);
    expect(() => readDateTime(Buffer.alloc(8))).toThrow(ProtocolError);
  });

  function back(write: (out: ByteWriter) => void): string {
    return readDateTime(readerOf(write).clr() ?? Buffer.alloc(0));
  }
});
