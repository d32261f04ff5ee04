/** NUMBER: decimal and exact, up to 38 digits and a little more. */

/** As `SqlValue` holds a NUMBER: a safe integer, another integer, or decimal text with a fraction (`.5`). */
export type ExactNumber = number | bigint | string;

/** value = units / 10^scale. */
interface Parts {
  readonly units: bigint;
  readonly scale: number;
}

const WRITTEN = /^([-+]?)(\d*)(?:\.(\d*))?(?:e([-+]?\d{1,3}))?$/i;

/** @throws RangeError when the text is no number */
export function canonicalNumber(text: string): ExactNumber {
  const plain = Number(text);
  if (Number.isSafeInteger(plain) && String(plain) === text) return plain;
  const parts = partsOfText(text);
  if (!parts) throw new RangeError(`${text} is no number`);
  return canonical(parts);
}

export function isNumberText(text: string): boolean {
  return partsOfText(text) !== undefined;
}

function partsOfText(text: string): Parts | undefined {
  const match = WRITTEN.exec(text);
  if (!match) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const units = BigInt(`${whole}${fraction}`) * (sign === "-" ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

function canonical({ units, scale }: Parts): ExactNumber {
  let [value, places] = [units, scale];
  while (places > 0 && value % 10n === 0n) {
    value /= 10n;
    places -= 1;
  }
  if (places === 0) return narrow(value);
  const digits = (value < 0n ? -value : value).toString().padStart(places, "0");
  const whole = digits.slice(0, -places).replace(/^0+/, "");
  return `${value < 0n ? "-" : ""}${whole}.${digits.slice(-places)}`;
}

function narrow(value: bigint): ExactNumber {
  const asNumber = Number(value);
  return Number.isSafeInteger(asNumber) ? asNumber : value;
}

function partsOf(value: ExactNumber): Parts {
  if (typeof value === "string") return partsOfText(value) ?? { units: 0n, scale: 0 };
  return { units: BigInt(value), scale: 0 };
}

/** Both as units of the same scale. */
function aligned(left: ExactNumber, right: ExactNumber) {
  const [a, b] = [partsOf(left), partsOf(right)];
  const scale = Math.max(a.scale, b.scale);
  const lift = (parts: Parts) => parts.units * 10n ** BigInt(scale - parts.scale);
  return { a: lift(a), b: lift(b), scale };
}

export function add(left: ExactNumber, right: ExactNumber): ExactNumber {
  if (typeof left === "number" && typeof right === "number") {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const { a, b, scale } = aligned(left, right);
  return canonical({ units: a + b, scale });
}

export function negate(value: ExactNumber): ExactNumber {
  if (typeof value === "number") return value === 0 ? 0 : -value;
  const { units, scale } = partsOf(value);
  return canonical({ units: -units, scale });
}

export function multiply(left: ExactNumber, right: ExactNumber): ExactNumber {
  const [a, b] = [partsOf(left), partsOf(right)];
  return canonical({ units: a.units * b.units, scale: a.scale + b.scale });
}

const DIVISION_DIGITS = 40;

/** To forty digits after the point. @throws RangeError when the divisor is zero */
export function divide(left: ExactNumber, right: ExactNumber): ExactNumber {
  const { a, b } = aligned(left, right);
  return canonical({ units: (a * 10n ** BigInt(DIVISION_DIGITS)) / b, scale: DIVISION_DIGITS });
}

/** MOD: with the sign of the dividend; MOD(n, 0) is n. */
export function modulo(left: ExactNumber, right: ExactNumber): ExactNumber {
  if (typeof left === "number" && typeof right === "number") {
    const rest = right === 0 ? left : left % right;
    return rest === 0 ? 0 : rest;
  }
  const { a, b, scale } = aligned(left, right);
  return b === 0n ? left : canonical({ units: a % b, scale });
}

export function compareNumbers(left: ExactNumber, right: ExactNumber): number {
  if (typeof left === "number" && typeof right === "number") return left < right ? -1 : Number(left > right);
  const { a, b } = aligned(left, right);
  return a < b ? -1 : Number(a > b);
}

/** Digits after the point that are kept; halves go away from zero unless they are cut. */
export function limitScale(value: ExactNumber, digits: number, how: "round" | "cut" | "down" | "up"): ExactNumber {
  const { units, scale } = partsOf(value);
  if (scale <= digits) return canonical({ units, scale });
  const factor = 10n ** BigInt(scale - digits);
  const rest = units % factor;
  let kept = units / factor;
  if (how === "round" && 2n * (rest < 0n ? -rest : rest) >= factor) kept += units < 0n ? -1n : 1n;
  if (how === "down" && rest < 0n) kept -= 1n;
  if (how === "up" && rest > 0n) kept += 1n;
  return canonical(digits >= 0 ? { units: kept, scale: digits } : { units: kept * 10n ** BigInt(-digits), scale: 0 });
}

/** Digits before the point; 0 for a fraction. */
export function wholeDigits(value: ExactNumber): number {
  const { units, scale } = partsOf(value);
  return Math.max(0, (units < 0n ? -units : units).toString().length - scale);
}

/** Its digits as TO_CHAR without a format gives them: `.5`, no trailing zeros. */
export function numberText(value: ExactNumber): string {
  return String(value);
}
