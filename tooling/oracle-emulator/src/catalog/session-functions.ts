/** Functions that tell something about the session, the instance and the time. */
import { timestampText } from "../model/audit-row.ts";
import { containerOf, siteClock, timeOfScn } from "../model/world.ts";
import type { ScalarFunction, SqlContext } from "../sql/context.ts";
import { oracleError } from "../sql/messages.ts";
import { SERVER_ZONE } from "../sql/server-zone.ts";
import { offsetText, toZone, zonedText, zoneOf } from "../sql/time-zone.ts";
import { date, number, raw, type SqlType, type SqlValue, timestamp, varchar2, zonedTimestamp } from "../sql-types.ts";

function telling(
  type: SqlType,
  evaluate: (context: SqlContext, args: readonly SqlValue[]) => SqlValue,
  most = 0,
): ScalarFunction {
  return { least: 0, most, type: () => type, evaluate: (args, context) => evaluate(context, args) };
}

function clock({ now }: SqlContext): string {
  return timestampText(now);
}

const textOrNull = (value: string) => value || null;

/** SYS_CONTEXT('USERENV', …), by the parameter in upper case. */
const USER_ENVIRONMENT: Readonly<Record<string, (context: SqlContext) => SqlValue>> = {
  ACTION: ({ session }) => session.action,
  AUTHENTICATED_IDENTITY: ({ session }) => session.user,
  AUTHENTICATION_METHOD: () => "PASSWORD",
  CDB_NAME: ({ engine, site }) => (site.containers.length > 1 ? engine.shared.world.databaseName : null),
  CLIENT_IDENTIFIER: ({ session }) => session.clientIdentifier,
  CLIENT_INFO: ({ session }) => session.clientInfo,
  CLIENT_PROGRAM_NAME: ({ session }) => textOrNull(session.logOn.program),
  CON_ID: ({ session, site }) => String(containerOf(site, session.container).conId),
  CON_NAME: ({ session, site, engine }) =>
    containerOf(site, session.container).name || engine.shared.world.databaseName,
  CURRENT_SCHEMA: ({ session }) => session.currentSchema,
  CURRENT_USER: ({ rights }) => rights.user,
  DATABASE_ROLE: ({ site }) => site.role,
  DB_DOMAIN: () => null,
  DB_NAME: ({ session, site, engine }) =>
    containerOf(site, session.container).conId > 1
      ? containerOf(site, session.container).name
      : engine.shared.world.databaseName,
  DB_UNIQUE_NAME: ({ site }) => site.uniqueName,
  HOST: ({ session }) => textOrNull(session.logOn.machine),
  INSTANCE: ({ engine }) => String(engine.instanceNumber),
  INSTANCE_NAME: ({ engine }) => engine.instance.name,
  IP_ADDRESS: ({ session }) => session.logOn.clientAddress,
  ISDBA: ({ session }) => (session.user === "SYS" ? "TRUE" : "FALSE"),
  LANG: () => "US",
  LANGUAGE: () => "AMERICAN_AMERICA.AL32UTF8",
  MODULE: ({ session }) => session.module,
  NETWORK_PROTOCOL: ({ session }) => session.logOn.protocol,
  NLS_CALENDAR: () => "GREGORIAN",
  ORACLE_HOME: () => "/opt/oracle/product/dbhome_1",
  OS_USER: ({ session }) => textOrNull(session.logOn.osUser),
  SERVER_HOST: ({ engine }) => engine.instance.host,
  SERVICE_NAME: ({ session, engine }) => session.logOn.target.serviceName ?? engine.identity.serviceName,
  SESSIONID: ({ session }) => session.auditSessionId,
  SESSION_USER: ({ session }) => session.user,
  SID: ({ session }) => String(session.sid),
  TERMINAL: ({ session }) => textOrNull(session.logOn.terminal),
  UNIFIED_AUDIT_SESSIONID: ({ session }) => session.auditSessionId,
};

const SYS_CONTEXT: ScalarFunction = {
  least: 2,
  most: 3,
  takes: [varchar2(30), varchar2(128), number],
  type: () => varchar2(256),
  evaluate: ([namespace = null, parameter = null], context) => {
    if (String(namespace).toUpperCase() !== "USERENV") return null;
    const name = String(parameter).toUpperCase();
    const read = Object.hasOwn(USER_ENVIRONMENT, name) ? USER_ENVIRONMENT[name] : undefined;
    // A parameter that there is not is an error, not NULL.
    if (!read) throw oracleError(2003);
    return read(context);
  },
};

/** The database keeps five days of what change number was when; it is not asked to be more exact than it is. */
const SCN_MEMORY = 5 * 86_400_000;

const SCN_TO_TIMESTAMP: ScalarFunction = {
  least: 1,
  most: 1,
  takes: [number],
  type: () => timestamp,
  evaluate: ([scn = null], { site, engine }) => {
    if (scn === null) return null;
    const now = engine.shared.now();
    const time = timeOfScn(BigInt(String(scn)));
    if (time > now || time < now - SCN_MEMORY) throw oracleError(8181);
    return toZone(timestampText(siteClock(site, time)), SERVER_ZONE).time;
  },
};

function sessionZone({ formats }: SqlContext): string {
  const { fixed } = zoneOf(formats.timeZone);
  return fixed === undefined ? formats.timeZone : offsetText(fixed);
}

export const SESSION_FUNCTIONS: readonly (readonly [string, ScalarFunction])[] = [
  ["SYS_CONTEXT", SYS_CONTEXT],
  ["SCN_TO_TIMESTAMP", SCN_TO_TIMESTAMP],
  ["SYSDATE", telling(date, (context) => toZone(clock(context), SERVER_ZONE).time.slice(0, 19))],
  ["SYSTIMESTAMP", telling(zonedTimestamp, (context) => zonedText(clock(context), SERVER_ZONE))],
  ["CURRENT_DATE", telling(date, (context) => toZone(clock(context), context.formats.timeZone).time.slice(0, 19))],
  ["CURRENT_TIMESTAMP", telling(zonedTimestamp, (context) => zonedText(clock(context), context.formats.timeZone), 1)],
  ["LOCALTIMESTAMP", telling(timestamp, (context) => toZone(clock(context), context.formats.timeZone).time, 1)],
  ["SESSIONTIMEZONE", telling(varchar2(75), sessionZone)],
  ["DBTIMEZONE", telling(varchar2(6), () => SERVER_ZONE)],
  ["USER", telling(varchar2(128), ({ session }) => session.user)],
  ["UID", telling(number, ({ session }) => session.sid)],
  [
    "SYS_GUID",
    telling(raw(16), ({ engine, now }) =>
      BigInt(Math.floor(now) * 1000 + engine.shared.nextNumber())
        .toString(16)
        .toUpperCase()
        .padStart(32, "0"),
    ),
  ],
  [
    "CON_NAME_TO_ID",
    {
      ...telling(number, ({ site }, [name]) => site.containers.find((each) => each.name === name)?.conId ?? null, 1),
      least: 1,
    },
  ],
];
