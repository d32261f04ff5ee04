/** What the instance says about itself, as plain data that a test changes at will. */

export interface ServerLogin {
  readonly name: string;
  readonly password: string;
  readonly principalId: number;
  readonly sid: string;
  readonly isSysadmin: boolean;
  /** Server permissions that were granted, in their full names. */
  readonly permissions: readonly string[];
  /** Roles of database master that the login's user is a member of. */
  readonly masterRoles: readonly string[];
}

export interface Database {
  readonly id: number;
  readonly name: string;
  /** In an availability group: is this replica its primary? Absent when it is in none. */
  readonly isPrimaryReplica?: boolean;
  readonly mirroring?: { readonly role: "PRINCIPAL" | "MIRROR"; readonly state: string };
}

export interface AvailabilityGroup {
  readonly name: string;
  readonly role: "PRIMARY" | "SECONDARY" | "RESOLVING";
  readonly operationalState?: string;
  readonly connectedState?: string;
}

/** A procedure of database master, as T-SQL that the emulator understands. */
export interface StoredProcedure {
  /** `dbo.rds_das_read`. */
  readonly name: string;
  /** As in CREATE PROCEDURE: `@pattern nvarchar(260), @offset bigint`. */
  readonly parameters: string;
  readonly body: string;
  /** Permissions that its signature lends to whoever executes it (SQL Server notes §6.1). */
  readonly lends: readonly string[];
}

export interface Instance {
  /** SERVERPROPERTY('ServerName'): of a failover cluster instance the virtual name. */
  readonly serverName: string;
  /** @@SERVERNAME, which keeps the old name after a rename. */
  readonly oldServerName: string;
  readonly machineName: string;
  /** SERVERPROPERTY('ComputerNamePhysicalNetBIOS'). */
  readonly physicalNode: string;
  readonly isClustered: boolean;
  readonly isHadrEnabled: boolean;
  /** SERVERPROPERTY('EngineEdition'): 2 Standard, 3 Enterprise, 4 Express. */
  readonly engineEdition: number;
  /** SERVERPROPERTY('Edition'). */
  readonly edition: string;
  readonly platform: "Windows" | "Linux";
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly logins: readonly ServerLogin[];
  /** Roles of database master. */
  readonly masterRoles: readonly string[];
  readonly databases: readonly Database[];
  readonly availabilityGroups: readonly AvailabilityGroup[];
  readonly serverTriggers: readonly { readonly name: string; readonly isDisabled: boolean }[];
  readonly procedures: readonly StoredProcedure[];
  /** With which message a read without the right is refused (not known of the real engine). */
  readonly refusal: 229 | 297 | 300;
  /** How sys.dm_server_audit_status spells the current file's path. */
  readonly pathSpelling: "as written" | "other case" | "other separators" | "null";
  /** Does a read that fails send its columns first? (Not known of the real engine.) */
  readonly readErrors: "before columns" | "after columns";
}

const COVERED_BY: Readonly<Record<string, readonly string[]>> = {
  "VIEW SERVER PERFORMANCE STATE": ["VIEW SERVER STATE"],
  "VIEW SERVER SECURITY STATE": ["VIEW SERVER STATE"],
  "VIEW ANY SECURITY DEFINITION": ["VIEW ANY DEFINITION"],
  "VIEW SERVER STATE": ["ALTER SERVER STATE"],
};

export function holdsPermission(login: ServerLogin, permission: string, lent: readonly string[] = []): boolean {
  const wanted = permission.toUpperCase();
  const held = [...login.permissions, ...lent];
  if (login.isSysadmin || held.includes("CONTROL SERVER") || held.includes(wanted)) return true;
  return wanted === "CONNECT SQL" || (COVERED_BY[wanted] ?? []).some((covering) => held.includes(covering));
}
