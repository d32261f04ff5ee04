/** ALTER SESSION SET …. */
import type { SessionSetting } from "./definitions/definition.ts";
import type { SessionState } from "./session-state.ts";
import { oracleError } from "./sql/messages.ts";
import { zoneOf } from "./sql/time-zone.ts";

/** Settings that change nothing that is played here. */
const IGNORED: ReadonlySet<string> = new Set([
  "NLS_NUMERIC_CHARACTERS",
  "NLS_CALENDAR",
  "NLS_LANGUAGE",
  "NLS_TERRITORY",
  "NLS_DATE_LANGUAGE",
  "NLS_SORT",
  "NLS_COMP",
  "NLS_LENGTH_SEMANTICS",
  "OPTIMIZER_MODE",
  "DDL_LOCK_TIMEOUT",
  "STATISTICS_LEVEL",
]);

/** @throws OracleError 922, 1882, 12705 */
export function applySetting({ name, value }: SessionSetting, session: SessionState, serverZone: string): void {
  switch (name) {
    case "TIME_ZONE": {
      const zone = /^(?:local|dbtimezone)$/i.test(value) ? serverZone : value;
      zoneOf(zone);
      session.timeZone = zone;
      return;
    }
    case "NLS_DATE_FORMAT":
      session.dateFormat = value;
      return;
    case "NLS_TIMESTAMP_FORMAT":
      session.timestampFormat = value;
      return;
    case "NLS_TIMESTAMP_TZ_FORMAT":
      session.zonedFormat = value;
      return;
    case "CURRENT_SCHEMA":
      session.currentSchema = value.toUpperCase();
      return;
    case "NLS_NUMERIC_CHARACTERS":
      // Numbers are shown with a point only: another one is not played.
      if (value !== ".,") throw oracleError(12705);
      return;
    case "NLS_CALENDAR":
      if (value.toUpperCase() !== "GREGORIAN") throw oracleError(12705);
      return;
    default:
      if (!IGNORED.has(name)) throw oracleError(2248);
  }
}
