/** Oracle notes §7.2: NUMBER, digits to the base of 100 behind an exponent. */
import type { ByteWriter } from "./byte-writer.ts";
import { ProtocolError } from "./protocol-error.ts";

const MOST_PAIRS = 20;
/** The exponent byte of 0. */
const ZERO = 0x80;
/** Ends a negative number that is not full. */
const NEGATIVE_END = 102;
const EXPONENT_BIAS = 0xc0;

const MINUS = 0x2d;
const POINT = 0x2e;
const DIGIT_0 = 0x30;
const LARGEST_EXPONENT = 63;
const SMALLEST_EXPONENT = -64;

/** The digits of the number that is being written, without sign, point and leading zeros. */
const digits = new Uint8Array(256);

/** A CLR. `text`: `-12.5`, `.5`, `1E+40`, `1e-7`. @throws RangeError when it is no NUMBER */
export function writeNumber(out: ByteWriter, text: string): void {
  const { count, point, negative } = scan(text);
  if (count === 0) {
    out.u16(0x0100 | ZERO);
    return;
  }
  // A pair never crosses the point, so an odd number of digits before it begins with half a pair.
  const odd = (point & 1) !== 0;
  const exponent = (point + (odd ? 1 : 0)) / 2;
  const pairs = (count + (odd ? 1 : 0) + 1) >> 1;
  if (pairs > MOST_PAIRS || exponent > LARGEST_EXPONENT || exponent < SMALLEST_EXPONENT)
    throw new RangeError(`${text} is beyond what a NUMBER holds`);
  const ends = negative && pairs < MOST_PAIRS;
  out.u8(1 + pairs + (ends ? 1 : 0));
  const exponentByte = EXPONENT_BIAS + exponent;
  out.u8(negative ? ~exponentByte & 0xff : exponentByte);
  for (let pair = 0, at = odd ? -1 : 0; pair < pairs; pair += 1, at += 2) {
    const high = at >= 0 ? (digits[at] ?? 0) : 0;
    const low = at + 1 < count ? (digits[at + 1] ?? 0) : 0;
    const value = 10 * high + low;
    out.u8(negative ? 101 - value : value + 1);
  }
  if (ends) out.u8(NEGATIVE_END);
}

interface Scanned {
  /** How many digits, from the first to the last that is not 0. */
  readonly count: number;
  /** How many of them stand before the point; negative when zeros stand between it and the first. */
  readonly point: number;
  readonly negative: boolean;
}

function scan(text: string): Scanned {
  const negative = text.charCodeAt(0) === MINUS;
  let count = 0;
  let point = -1;
  let leadingZeros = 0;
  let seen = false;
  let index = negative ? 1 : 0;
  for (; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - DIGIT_0;
    if (digit >= 0 && digit <= 9) {
      seen = true;
      if (count > 0 || digit > 0) {
        digits[count] = digit;
        count += 1;
      } else if (point >= 0) {
        leadingZeros += 1;
      }
    } else if (text.charCodeAt(index) === POINT && point < 0) {
      point = count;
    } else {
      break;
    }
    if (count === digits.length) throw new RangeError("a NUMBER of more digits than it can hold");
  }
  let exponent = 0;
  if (index < text.length) {
    const rest = /^[eE]([+-]?\d+)$/.exec(text.slice(index));
    if (!rest) throw new RangeError(`${JSON.stringify(text)} is no number`);
    exponent = Number(rest[1]);
  }
  if (!seen) throw new RangeError(`${JSON.stringify(text)} is no number`);
  const before = point < 0 ? count : point;
  while (count > 0 && digits[count - 1] === 0) count -= 1;
  return { count, point: before - leadingZeros + exponent, negative };
}

/** As SQL writes it: all digits, no exponent, no zero before the point. */
export function readNumber(bytes: Buffer): string {
  const [first = 0] = bytes;
  if (first === ZERO && bytes.length === 1) return "0";
  const negative = (first & 0x80) === 0;
  const exponent = (negative ? ~first & 0xff : first) - EXPONENT_BIAS;
  let text = "";
  for (const byte of bytes.subarray(1)) {
    if (negative && byte === NEGATIVE_END) break;
    const pair = negative ? 101 - byte : byte - 1;
    if (pair < 0 || pair > 99) throw new ProtocolError("a NUMBER with a digit that is none");
    text += String(pair).padStart(2, "0");
  }
  if (text === "") throw new ProtocolError("a NUMBER without digits");
  const point = 2 * exponent;
  const whole = text.slice(0, Math.max(0, point)).padEnd(Math.max(0, point), "0").replace(/^0+/, "");
  const fraction = (point < 0 ? "0".repeat(-point) : "") + text.slice(Math.max(0, point));
  const digitsAfter = fraction.replace(/0+$/, "");
  return `${negative ? "-" : ""}${whole}${digitsAfter === "" ? "" : `.${digitsAfter}`}`;
}
