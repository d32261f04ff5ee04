/** xp_readerrorlog number, kind, text, text: lines of the SQL Server error log that contain both texts (undocumented). */
import type { Procedure } from "../sql/context.ts";
import { ServerError } from "../sql/server-error.ts";
import { datetime, nvarchar, type SqlValue } from "../sql-types.ts";
import { timeText } from "../time-text.ts";
import { canReadErrorLog } from "./principal-functions.ts";

/** Only the present log, of the engine; older ones and the agent's are empty. */
const PRESENT = 0;
const OF_THE_ENGINE = 1;

export const READ_ERROR_LOG: Procedure = (args, context) => {
  if (!canReadErrorLog(context)) {
    const text =
      "The EXECUTE permission was denied on the object 'xp_readerrorlog', database 'mssqlsystemresource', schema 'sys'.";
    throw new ServerError(229, text, 14, 5);
  }
  const [number = PRESENT, kind = OF_THE_ENGINE, ...wanted] = args.map(({ value }) => value);
  const isServed = Number(number) === PRESENT && Number(kind) === OF_THE_ENGINE;
  const texts = wanted.slice(0, 2).map((text) => String(text ?? "").toLowerCase());
  const rows: SqlValue[][] = (isServed ? context.engine.trail.errorLog : [])
    .filter(({ text }) => texts.every((part) => text.toLowerCase().includes(part)))
    .map(({ at, text }) => [timeText(at, 3), "spid7s", text]);
  const columns = [
    { name: "LogDate", type: datetime, nullable: true },
    { name: "ProcessInfo", type: nvarchar(50), nullable: true },
    { name: "Text", type: nvarchar(4000), nullable: true },
  ];
  return { status: 0, columns, rows };
};
