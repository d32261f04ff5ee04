/** Times as TO_CHAR shows them. */
import { oracleError } from "./messages.ts";
import { MONTHS, parseModel } from "./time-model.ts";

const DAYS = "SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY".split(" ");

/**
 * @param time `YYYY-MM-DD HH24:MI:SS[.ffffff]`, as the clocks show it
 * @param offset `+HH:MM`, of a time with a zone
 */
export function formatTime(time: string, format: string, offset?: string): string {
  let fill = true;
  let result = "";
  for (const { kind, text, written } of parseModel(format)) {
    if (kind === "fm") fill = !fill;
    else if (kind === "text") result += text;
    else if (kind === "code") result += formatCode(text, written, time, fill, offset);
  }
  return result;
}

function formatCode(code: string, written: string, time: string, fill: boolean, offset: string | undefined): string {
  const digits = (value: string) => (fill ? value : value.replace(/^0+(?=\d)/, ""));
  const word = (value: string, width = value.length) => {
    const cased = inCaseOf(written, value);
    return fill ? cased.padEnd(width) : cased;
  };
  const hour = Number(time.slice(11, 13));
  switch (code) {
    case "YYYY":
    case "RRRR":
    case "IYYY":
      return digits(time.slice(0, 4));
    case "SYYYY":
      return ` ${time.slice(0, 4)}`;
    case "YYY":
      return digits(time.slice(1, 4));
    case "YY":
    case "RR":
      return digits(time.slice(2, 4));
    case "Y":
      return time.slice(3, 4);
    case "MM":
      return digits(time.slice(5, 7));
    case "MON":
      return word(monthName(time).slice(0, 3));
    case "MONTH":
      return word(monthName(time), 9);
    case "DD":
      return digits(time.slice(8, 10));
    case "DDD":
      return digits(String(dayOfYear(time)).padStart(3, "0"));
    case "D":
      return String(weekday(time) + 1);
    case "DY":
      return word((DAYS[weekday(time)] ?? "").slice(0, 3));
    case "DAY":
      return word(DAYS[weekday(time)] ?? "", 9);
    case "Q":
      return String(Math.ceil(Number(time.slice(5, 7)) / 3));
    case "WW":
      return digits(String(Math.ceil(dayOfYear(time) / 7)).padStart(2, "0"));
    case "W":
      return String(Math.ceil(Number(time.slice(8, 10)) / 7));
    case "J":
      return String(Math.floor(Date.parse(`${time.slice(0, 10)}T00:00:00Z`) / 86_400_000) + 2_440_588);
    case "HH24":
      return digits(time.slice(11, 13));
    case "HH":
    case "HH12":
      return digits(String(hour % 12 === 0 ? 12 : hour % 12).padStart(2, "0"));
    case "MI":
      return digits(time.slice(14, 16));
    case "SS":
      return digits(time.slice(17, 19));
    case "SSSSS":
      return digits(
        String(3600 * hour + 60 * Number(time.slice(14, 16)) + Number(time.slice(17, 19))).padStart(5, "0"),
      );
    case "X":
      return ".";
    case "AM":
    case "PM":
      return inCaseOf(written, hour < 12 ? "AM" : "PM");
    case "A.M.":
    case "P.M.":
      return inCaseOf(written, hour < 12 ? "A.M." : "P.M.");
    case "TZR":
      return demandZone(offset);
    case "TZH":
      return demandZone(offset).slice(0, 3);
    case "TZM":
      return demandZone(offset).slice(4);
  }
  if (code.startsWith("FF")) {
    // A DATE has no fraction to show.
    if (time.length < 21) throw oracleError(1821);
    return time
      .slice(20)
      .padEnd(9, "0")
      .slice(0, Number(code[2] ?? 6));
  }
  throw oracleError(1821);
}

function demandZone(offset: string | undefined): string {
  if (offset === undefined) throw oracleError(1821);
  return offset;
}

function inCaseOf(written: string, text: string): string {
  if (written === written.toUpperCase()) return text;
  return /^[A-Z]/.test(written) ? text.charAt(0) + text.slice(1).toLowerCase() : text.toLowerCase();
}

function monthName(time: string): string {
  return MONTHS[Number(time.slice(5, 7)) - 1] ?? "";
}

function weekday(time: string): number {
  return new Date(`${time.slice(0, 10)}T00:00:00Z`).getUTCDay();
}

function dayOfYear(time: string): number {
  const days = (date: string) => Date.parse(`${date}T00:00:00Z`) / 86_400_000;
  return days(time.slice(0, 10)) - days(`${time.slice(0, 4)}-01-01`) + 1;
}
