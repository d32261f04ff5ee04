import { isCharacterType, isIntegerType, type SqlType, type SqlValue } from "../sql-types.ts";
import { numberOf } from "./compare.ts";
import { ServerError } from "./server-error.ts";

/** Style 0 shows `mon dd yyyy`; what is served is the exact form of style 121, and of 126 and 127. */
const EXACT_STYLES: ReadonlySet<number | undefined> = new Set([undefined, 21, 25, 121, 126, 127]);

/** CONVERT and CAST. Texts are cut to the length asked for, as the engine does it. */
export function convertValue(value: SqlValue, from: SqlType, to: SqlType, style?: number): SqlValue {
  if (value === null) return null;
  if (isCharacterType(to)) return cutText(textOf(value, from, style), to);
  if (isIntegerType(to)) return integerOf(value, to);
  switch (to.name) {
    case "bit":
      return (
        String(value).toLowerCase() === "true" ||
        (String(value).toLowerCase() !== "false" && Number(numberOf(value)) !== 0)
      );
    case "float":
      return Number(numberOf(value));
    case "uniqueidentifier":
      return String(value).toUpperCase();
    default:
      return value;
  }
}

function textOf(value: Exclude<SqlValue, null>, from: SqlType, style: number | undefined): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  if (from.name === "datetime2" || from.name === "datetime") {
    if (!EXACT_STYLES.has(style))
      throw new ServerError(281, `${style} is not a style that the emulator converts times to.`);
    return style === 126 || style === 127 ? String(value).replace(" ", "T") : String(value);
  }
  if (from.name === "varbinary" && style !== 1) return binaryText(String(value), style);
  return String(value);
}

/** Style 2 is hex without `0x`; style 0 takes the bytes for characters. */
function binaryText(hex: string, style: number | undefined): string {
  const digits = hex.slice(2);
  return style === 2 ? digits.toUpperCase() : Buffer.from(digits, "hex").toString("latin1");
}

function cutText(text: string, to: SqlType): string {
  if (to.length === undefined || to.length === "max") return text;
  const cut = text.length > to.length ? text.slice(0, to.length) : text;
  return to.name === "char" || to.name === "nchar" ? cut.padEnd(to.length) : cut;
}

function integerOf(value: Exclude<SqlValue, null>, to: SqlType): SqlValue {
  const number = numberOf(value);
  const whole = typeof number === "bigint" ? number : BigInt(Math.trunc(number));
  const { least, most } = RANGES[to.name as keyof typeof RANGES];
  if (whole < least || whole > most) {
    throw new ServerError(8115, `Arithmetic overflow error converting expression to data type ${to.name}.`);
  }
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
}

const RANGES = {
  tinyint: { least: 0n, most: 255n },
  smallint: { least: -(2n ** 15n), most: 2n ** 15n - 1n },
  int: { least: -(2n ** 31n), most: 2n ** 31n - 1n },
  bigint: { least: -(2n ** 63n), most: 2n ** 63n - 1n },
};
