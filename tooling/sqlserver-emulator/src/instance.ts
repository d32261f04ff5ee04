/** What the instance says about itself, as plain data that a test changes at will. */

import type { SqlType, SqlValue } from "./sql-types.ts";

export interface ServerLogin {
  readonly name: string;
  readonly password: string;
  readonly principalId: number;
  readonly sid: string;
  readonly isSysadmin: boolean;
  /** Server permissions that were granted, in their full names. */
  readonly permissions: readonly string[];
  /** Of them, those that came WITH GRANT OPTION. */
  readonly grantable?: readonly string[];
  /** Those that were denied, which no grant outweighs. */
  readonly denied?: readonly string[];
  /** Server roles besides sysadmin: fixed ones, and those of `Instance.serverRoles`. */
  readonly serverRoles?: readonly string[];
  readonly isDisabled?: boolean;
  /** Made from a certificate: it holds permissions for what the certificate signed, and nobody logs in with it. */
  readonly certificate?: string;
}

/** Made by CREATE SERVER ROLE. */
export interface ServerRole {
  readonly name: string;
  readonly principalId: number;
  readonly permissions: readonly string[];
  readonly denied: readonly string[];
}

/** Made by CREATE USER or CREATE ROLE; what every database has (`dbo`, `public`, `db_owner`, …) is not listed. */
export interface DatabasePrincipal {
  readonly id: number;
  readonly name: string;
  readonly kind: "user" | "role";
  /** Of the login that a user stands for. */
  readonly sid: string | null;
  /** Roles of the same database. */
  readonly memberOf: readonly string[];
  /** Permissions on the database. */
  readonly permissions: readonly string[];
  readonly denied: readonly string[];
}

export interface Database {
  readonly id: number;
  readonly name: string;
  /** sys.databases.state_desc; default ONLINE. */
  readonly state?: "ONLINE" | "OFFLINE" | "RESTORING" | "RECOVERING";
  readonly principals?: readonly DatabasePrincipal[];
  /** In an availability group: is this replica its primary? Absent when it is in none. */
  readonly isPrimaryReplica?: boolean;
  /** Of a secondary replica: may it be read? Default true. */
  readonly isReadable?: boolean;
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
  /** As it was made. */
  readonly definition?: string;
  /** Permissions that its signature lends to whoever executes it (SQL Server notes §6.1). */
  readonly lends: readonly string[];
  /** Logins that may execute it; absent: everybody. A sysadmin may. */
  readonly executableBy?: readonly string[];
  /** The certificate whose login's permissions it has besides those that it `lends`. */
  readonly signedBy?: string;
}

/** Made by CREATE TABLE in database master. */
export interface UserTable {
  /** `dbo.rds_das_state`. */
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
  readonly rows: readonly (readonly SqlValue[])[];
  /** Users and roles that SELECT was granted to. */
  readonly readableBy: readonly string[];
}

export interface Certificate {
  readonly name: string;
  /** Of its private key; undefined when that was removed. */
  readonly password: string | undefined;
}

export interface ServerTrigger {
  readonly name: string;
  readonly isDisabled: boolean;
  /** Its T-SQL, when it was made by CREATE TRIGGER; without it, the rules of `PolicyLock` are played. */
  readonly definition?: string;
  /** What it fires for, in upper case, and what it does then. */
  readonly program?: { readonly events: readonly string[]; readonly body: string };
}

/** What the server trigger `rds_das_lock` goes by, while there is one without T-SQL that is not disabled (SQL Server notes §7.2). */
export interface PolicyLock {
  readonly policy: "locked" | "unlocked";
  /** The login that it lets pass: the provisioner's. */
  readonly owner: string;
  /** Does its ROLLBACK undo ALTER SERVER AUDIT … STATE, or does it only look so? (Not known of the real engine.) */
  readonly rollback: "undoes" | "looks undone";
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
  readonly serverRoles: readonly ServerRole[];
  readonly databases: readonly Database[];
  readonly availabilityGroups: readonly AvailabilityGroup[];
  readonly serverTriggers: readonly ServerTrigger[];
  readonly lock: PolicyLock;
  /** Drives that a failover cluster shares, as `F`. */
  readonly sharedDrives: readonly string[];
  /** Of a failover cluster; the first one owns the instance. */
  readonly clusterNodes: readonly string[];
  readonly procedures: readonly StoredProcedure[];
  readonly tables: readonly UserTable[];
  readonly certificates: readonly Certificate[];
  /** With which message a read without the right is refused (not known of the real engine). */
  readonly refusal: 229 | 297 | 300;
  /** How sys.dm_server_audit_status spells the current file's path. */
  readonly pathSpelling: "as written" | "other case" | "other separators" | "null";
  /** Does a read that fails send its columns first? (Not known of the real engine.) */
  readonly readErrors: "before columns" | "after columns";
  /** Folders that xp_fileexist does not find, with the separator at their end; it finds every other one. */
  readonly missingFolders: readonly string[];
  /** What a non-sysadmin gets who lists files: the files, an error, or nothing (not known of the real engine). */
  readonly listing: "granted" | "refused" | "empty";
  /** Does sys.dm_exec_describe_first_result_set know the columns of sys.fn_get_audit_file? (Not known.) */
  readonly describesAuditFiles: boolean;
}
