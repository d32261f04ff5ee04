import type { LogOn } from "./engine-session.ts";

/** What the engine knows of a session that is logged on. */
export interface SessionState {
  readonly sid: number;
  readonly serial: number;
  /** SYS_CONTEXT('USERENV', 'UNIFIED_AUDIT_SESSIONID'), SESSIONID of its audit records: decimal, up to 60 bits. */
  readonly auditSessionId: string;
  /** SESSION_USER. */
  readonly user: string;
  /** The PDB, the root or the whole of a non-CDB that it works in: its GUID. */
  readonly container: string;
  readonly logOn: LogOn;
  readonly loggedOnAt: number;
  /** OS_PROCESS: of the server process. */
  readonly processId: string;
  /** Unqualified names are looked up in this schema. */
  currentSchema: string;
  /** Roles that are on, with those that they bring. */
  roles: readonly string[];
  timeZone: string;
  dateFormat: string;
  timestampFormat: string;
  zonedFormat: string;
  clientIdentifier: string | null;
  clientInfo: string | null;
  module: string | null;
  action: string | null;
  /** Of the site, in which it began; it is gone with it. */
  readonly period: number;
  /** ALTER SYSTEM KILL SESSION: every further statement is ORA-00028. */
  isKilled: boolean;
}

/** As a session begins in an AMERICAN_AMERICA database. */
export const DEFAULT_FORMATS = {
  dateFormat: "DD-MON-RR",
  timestampFormat: "DD-MON-RR HH.MI.SSXFF AM",
  zonedFormat: "DD-MON-RR HH.MI.SSXFF AM TZR",
};
