/** TO_CHAR and TO_NUMBER with a format model: 9 0 . , D G S MI PR $ FM TM and X. */
import { compareNumbers, type ExactNumber, limitScale, negate, numberText } from "./exact-number.ts";
import { oracleError } from "./messages.ts";

interface NumberModel {
  readonly fill: boolean;
  readonly sign: "blank" | "leading" | "trailing" | "minus at end" | "brackets";
  readonly dollar: boolean;
  readonly whole: string;
  readonly fraction: string;
}

function parseModel(format: string): NumberModel {
  const match = /^(FM)?(S)?(\$)?([09,G]*)(?:([.D])([09]*))?(S|MI|PR)?$/i.exec(format);
  if (!match || (match[2] && match[7])) throw oracleError(1481);
  const [, fm, leading, dollar, whole = "", , fraction = "", end = ""] = match;
  const trailing = end.toUpperCase();
  return {
    fill: fm === undefined,
    dollar: dollar !== undefined,
    whole: whole.toUpperCase().replaceAll("G", ","),
    fraction,
    sign: leading
      ? "leading"
      : trailing === "S"
        ? "trailing"
        : trailing === "MI"
          ? "minus at end"
          : trailing === "PR"
            ? "brackets"
            : "blank",
  };
}

/** @throws OracleError 1481 */
export function formatNumber(value: ExactNumber, format: string): string {
  if (/^TM9?$/i.test(format)) return numberText(value);
  const hex = /^(FM)?(0?)(X+)$/i.exec(format);
  if (hex) return formatHex(value, hex);
  const model = parseModel(format);
  const negative = compareNumbers(value, 0) < 0;
  const rounded = limitScale(negative ? negate(value) : value, model.fraction.length, "round");
  const [digits = "", fractionDigits = ""] = numberText(rounded).split(".");
  const places = model.whole.replaceAll(",", "");
  const width = model.whole.length + (model.fraction ? model.fraction.length + 1 : 0) + 1;
  if (digits.replace(/^0+/, "").length > places.length) return "#".repeat(width);
  const body = wholePart(digits, model) + fractionPart(fractionDigits, model);
  return withSign(model.dollar ? `$${body}` : body, negative, model, width + (model.dollar ? 1 : 0));
}

function formatHex(value: ExactNumber, [, fm, zero, places = ""]: RegExpExecArray): string {
  const digits = BigInt(limitScale(value, 0, "round")).toString(16);
  if (compareNumbers(value, 0) < 0 || digits.length > places.length + (zero ? 1 : 0))
    return "#".repeat(places.length + 1);
  const cased = places.includes("x") ? digits : digits.toUpperCase();
  const filled = zero ? cased.padStart(places.length + 1, "0") : cased;
  return fm ? filled : filled.padStart(places.length + (zero ? 2 : 1));
}

function wholePart(digits: string, { whole, fraction }: NumberModel): string {
  const places = whole.replaceAll(",", "");
  const firstZero = places.indexOf("0");
  const least = firstZero < 0 ? (fraction === "" ? 1 : 0) : places.length - firstZero;
  const significant = digits.replace(/^0+/, "").padStart(least, "0");
  let at = significant.length;
  let text = "";
  for (let index = whole.length - 1; index >= 0 && at > 0; index -= 1) {
    if (whole[index] === ",") text = `,${text}`;
    else {
      at -= 1;
      text = significant.charAt(at) + text;
    }
  }
  return text;
}

function fractionPart(digits: string, { fill, fraction }: NumberModel): string {
  if (fraction === "") return "";
  const padded = digits.padEnd(fraction.length, "0");
  const lastZero = fraction.lastIndexOf("0");
  const cut = fill ? padded : padded.slice(0, lastZero + 1) + padded.slice(lastZero + 1).replace(/0+$/, "");
  return `.${cut}`;
}

function withSign(body: string, negative: boolean, { sign, fill }: NumberModel, width: number): string {
  switch (sign) {
    case "leading":
      return pad(`${negative ? "-" : "+"}${body}`, width, fill);
    case "trailing":
      return pad(`${body}${negative ? "-" : "+"}`, width, fill);
    case "minus at end":
      return pad(`${body}${negative ? "-" : fill ? " " : ""}`, width, fill);
    case "brackets":
      return pad(negative ? `<${body}>` : fill ? ` ${body} ` : body, width + 1, fill);
    case "blank":
      return pad(`${negative ? "-" : ""}${body}`, width, fill);
  }
}

function pad(text: string, width: number, fill: boolean): string {
  return fill ? text.padStart(width) : text;
}
