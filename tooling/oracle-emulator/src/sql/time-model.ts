/** Format models of dates and times, taken apart. */
import { oracleError } from "./messages.ts";

export const MONTHS = "JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER".split(
  " ",
);

interface Element {
  readonly kind: "code" | "text" | "fm" | "fx";
  /** A code in upper case, or a text as it was written. */
  readonly text: string;
  readonly written: string;
}

const PATTERN =
  /(?<quoted>"[^"]*")|(?<code>SYYYY|YYYY|RRRR|YYY|RR|YY|Y|MONTH|MON|MM|MI|DDD|DD|DAY|DY|D|HH24|HH12|HH|SSSSS|SS|FF[1-9]?|X|AM|PM|A\.M\.|P\.M\.|TZH|TZM|TZR|TZD|IYYY|IW|WW|W|Q|J|FM|FX)|(?<text>[-/,.;: TZ]|\s)/giy;

const models = new Map<string, readonly Element[]>();

/** @throws OracleError 1821 */
export function parseModel(format: string): readonly Element[] {
  const known = models.get(format);
  if (known) return known;
  const elements: Element[] = [];
  for (let at = 0; at < format.length; at = PATTERN.lastIndex) {
    PATTERN.lastIndex = at;
    const groups = PATTERN.exec(format)?.groups;
    if (!groups) throw oracleError(1821);
    const { quoted, code, text } = groups;
    if (quoted !== undefined) elements.push({ kind: "text", text: quoted.slice(1, -1), written: quoted });
    else if (code !== undefined) {
      const upper = code.toUpperCase();
      elements.push({ kind: upper === "FM" ? "fm" : upper === "FX" ? "fx" : "code", text: upper, written: code });
    } else elements.push({ kind: "text", text: text ?? "", written: text ?? "" });
  }
  if (models.size > 500) models.clear();
  models.set(format, elements);
  return elements;
}
