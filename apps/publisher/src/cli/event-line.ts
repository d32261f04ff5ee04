import { type DatabaseActivityEvent, STREAM_CLASS } from "@das/core";

export interface LineStyle {
  readonly color: boolean;
  /** Columns of the terminal; longer lines are cut. */
  readonly width: number;
}

type Color = "red" | "yellow" | "magenta" | "cyan" | "dim";
const SGR: Readonly<Record<Color, string>> = { red: "31", yellow: "33", magenta: "35", cyan: "36", dim: "2" };

/** Columns, in terminal cells; what is longer pushes the rest to the right. */
const COMMAND_WIDTH = 22;
const USER_WIDTH = 18;
const PLACE_WIDTH = 30;

/** One event as one line for people: when, what, who, on what, from where, and the statement as far as it fits. */
export function eventLine(event: DatabaseActivityEvent, style: LineStyle): string {
  const paint = (color: Color, text: string) => (style.color ? `\u001b[${SGR[color]}m${text}\u001b[0m` : text);
  const failed = hasFailed(event);
  const place = [event.databaseName, event.serverType === "ORACLE" ? event.objectType : null, event.objectName];
  const columns = [
    printable(event.logTime.slice(0, 23)),
    failed ? "✗" : " ",
    printable(event.command ?? "").padEnd(COMMAND_WIDTH),
    printable(event.dbUserName || "-").padEnd(USER_WIDTH),
    (printable(place.filter(Boolean).join(".")) || "-").padEnd(PLACE_WIDTH),
  ];
  const from = printable(event.remoteHost ?? "");
  const text = printable(event.errorMessage ?? event.commandText ?? "");
  const tail = [from && `[${from}]`, text].filter(Boolean).join(" ");
  const head = columns.join(" ");
  const room = style.width - head.length - 1;
  const shown = tail.length > room && room > 1 ? `${tail.slice(0, room - 1)}…` : tail;
  const [time = "", mark = "", command = "", ...rest] = columns;
  const painted = [
    paint("dim", time),
    failed ? paint("red", mark) : mark,
    paint(colorOf(event, failed), command),
    ...rest,
    paint("dim", shown),
  ];
  return painted.join(" ").trimEnd();
}

/** Exit codes have opposite polarity: 0 is success for Oracle, 1 for SQL Server (wire format §13.6). */
function hasFailed(event: DatabaseActivityEvent): boolean {
  return event.serverType === "ORACLE" ? Number(event.exitCode ?? 0) !== 0 : Number(event.exitCode) === 0;
}

const CHANGES = /^(CREATE|ALTER|DROP|GRANT|REVOKE|DENY|ADD|CHANGE|RESET|BACKUP|RESTORE|AUDIT|NOAUDIT|TRUNCATE)/;

function colorOf(event: DatabaseActivityEvent, failed: boolean): Color {
  if (event.class === STREAM_CLASS) return "magenta";
  if (failed) return "red";
  return CHANGES.test(event.command ?? "") ? "yellow" : "cyan";
}

/**
 * On one line, and without anything that a terminal would obey: an audited statement may hold escape sequences that
 * somebody put there for whoever reads the log.
 */
export function printable(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .trim();
}
