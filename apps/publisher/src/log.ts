import type { Logger } from "@das/core";
import { type DestinationStream, pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";

/** The log on standard error: one JSON object a line, or lines for people when it is a terminal. */
export function openLog(level: string, base: object): Logger {
  const destination: DestinationStream = process.stderr.isTTY
    ? pretty({ destination: 2, sync: true, ignore: "pid,hostname,resource,instance", translateTime: "SYS:HH:MM:ss" })
    : pino.destination({ dest: 2, sync: true });
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, base, timestamp: stdTimeFunctions.isoTime, formatters }, destination);
}
