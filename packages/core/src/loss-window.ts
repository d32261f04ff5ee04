import { ENGINE_TRAITS, type Engine } from "./engine.ts";
import type { DatabaseActivityEvent, OracleEvent, SqlServerEvent } from "./event.ts";
import type { InstanceDescription } from "./instance.ts";
import type { UtcTime } from "./time.ts";

/** A span of time in which activity may be missing from the stream. */
export interface LossWindow {
  /** A short constant phrase; with the trail and the start it identifies the window. */
  readonly cause: string;
  readonly startTime: UtcTime;
  /** null while it still runs; told once more when it ends. */
  readonly endTime: UtcTime | null;
}

/** What happens to the stream itself and is told on it. */
export type StreamCommand = "START" | "STOP" | "MODIFY" | "FAILOVER" | "POLICY DRIFT" | "LOSS WINDOW" | "REPEAT";

/** The class of every event that is about the stream and not from the trail. No engine has a class of this name. */
export const STREAM_CLASS = "ActivityStream";

export interface StreamNotice {
  readonly command: StreamCommand;
  readonly cause: string;
  readonly startTime: UtcTime;
  readonly endTime: UtcTime | null;
}

/** A loss window as what is told on the stream, in its place in the order. */
export function lossNotice(window: LossWindow): StreamNotice {
  return { command: "LOSS WINDOW", cause: window.cause, startTime: window.startTime, endTime: window.endTime };
}

/** A notice in the engine's own event shape: all 29 fields, in the wire order, so that any consumer can read it. */
export function streamEvent(
  engine: Engine,
  notice: StreamNotice,
  instance: InstanceDescription,
): DatabaseActivityEvent {
  return engine === "oracle" ? oracleStreamEvent(notice, instance) : sqlServerStreamEvent(notice, instance);
}

const ZERO_STATEMENT_ID = `0x${"0".repeat(32)}`;

function logTimeOf(notice: StreamNotice): UtcTime {
  return notice.endTime ?? notice.startTime;
}

function oracleStreamEvent(notice: StreamNotice, instance: InstanceDescription): OracleEvent {
  return {
    clientApplication: "das",
    command: notice.command,
    commandText: null,
    databaseName: instance.databaseName,
    dbProtocol: ENGINE_TRAITS.oracle.dbProtocol,
    dbUserName: "DAS",
    endTime: notice.endTime,
    errorMessage: notice.cause,
    exitCode: 0,
    logTime: logTimeOf(notice),
    netProtocol: null,
    objectName: null,
    objectType: null,
    paramList: [],
    pid: 0,
    remoteHost: null,
    remotePort: null,
    rowCount: null,
    serverHost: instance.serverHost,
    serverType: ENGINE_TRAITS.oracle.serverType,
    serverVersion: instance.serverVersion,
    serviceName: instance.serviceName,
    sessionId: 0,
    startTime: notice.startTime,
    statementId: 0,
    substatementId: null,
    transactionId: null,
    class: STREAM_CLASS,
    type: "record",
  };
}

function sqlServerStreamEvent(notice: StreamNotice, instance: InstanceDescription): SqlServerEvent {
  return {
    class: STREAM_CLASS,
    clientApplication: "das",
    command: notice.command,
    commandText: "",
    databaseName: "",
    dbProtocol: ENGINE_TRAITS.sqlserver.dbProtocol,
    dbUserName: "DAS",
    endTime: notice.endTime,
    errorMessage: notice.cause,
    exitCode: 1,
    logTime: logTimeOf(notice),
    netProtocol: null,
    objectName: "",
    objectType: "",
    paramList: null,
    pid: null,
    remoteHost: null,
    remotePort: null,
    rowCount: null,
    serverHost: instance.serverHost,
    serverType: ENGINE_TRAITS.sqlserver.serverType,
    serverVersion: instance.serverVersion,
    serviceName: instance.serviceName,
    sessionId: 0,
    startTime: notice.startTime,
    statementId: ZERO_STATEMENT_ID,
    substatementId: 1,
    transactionId: "0",
    type: "record",
  };
}
