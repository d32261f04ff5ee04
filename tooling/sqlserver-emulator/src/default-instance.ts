/** What an emulator is unless it is told otherwise: one stand-alone instance with the audits as they are provisioned. */
import type { DatabasePrincipal, Instance, ServerLogin } from "./instance.ts";
import { addSpecification, createAudit, startAudit } from "./model/audit-state.ts";
import { type AuditTrail, emptyTrail, type TrailBehaviour } from "./model/audit-trail.ts";
import type { VersionProfile } from "./version-profiles.ts";

/** SQL Server notes §1; the second one watches changes of audits. */
export const STREAM_AUDIT = "RDS_DAS_AUDIT";
export const CHANGES_AUDIT = "RDS_DAS_AUDIT_CHANGES";

const READER_ROLE = "rds_das_readers";
const MEGABYTE = 1024 * 1024;

export interface DefaultAuditOptions {
  readonly directory: string;
  readonly auditGuid: string;
  readonly changesGuid: string;
  readonly maxFileSize: number;
  readonly maxRolloverFiles: number;
  readonly queueDelay: number;
}

export const DEFAULT_AUDITS: DefaultAuditOptions = {
  directory: "D:\\das\\",
  auditGuid: "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40",
  changesGuid: "7F1E9A32-8D54-5C17-A2B6-0C4D9E8F7A51",
  maxFileSize: 50 * MEGABYTE,
  maxRolloverFiles: 200,
  queueDelay: 1000,
};

/** The reader that SQL Server notes §6.1 provisions: it may look, and hold the lock of its role. */
export function readerLogin(profile: VersionProfile, name: string, password: string): ServerLogin {
  return {
    name,
    password,
    principalId: 270,
    sid: "0x8f3d1b6ac27e4f0f9a51c0de5eed0001",
    isSysadmin: false,
    permissions: ["VIEW SERVER STATE", "VIEW ANY DEFINITION", "CONNECT ANY DATABASE", profile.readPermission],
  };
}

/** The role that the reader's lock is named for, and its only member. */
function lockPrincipals(reader: ServerLogin): readonly DatabasePrincipal[] {
  const without = { permissions: [], denied: [] };
  return [
    { ...without, id: 5, name: reader.name, kind: "user", sid: reader.sid, memberOf: [READER_ROLE] },
    { ...without, id: 6, name: READER_ROLE, kind: "role", sid: null, memberOf: [] },
  ];
}

export function defaultInstance(serverName: string, reader: ServerLogin, now: number): Instance {
  const machineName = serverName.split("\\")[0] ?? serverName;
  const databases = ["master", "tempdb", "model", "msdb", "Sales", "HumanResources", "Clinic"];
  return {
    serverName,
    oldServerName: serverName,
    machineName,
    physicalNode: machineName,
    isClustered: false,
    isHadrEnabled: false,
    engineEdition: 3,
    edition: "Enterprise Edition (64-bit)",
    platform: "Windows",
    startedAt: now,
    logins: [
      reader,
      {
        name: "sa",
        password: reader.password,
        principalId: 1,
        sid: "0x01",
        isSysadmin: true,
        permissions: [],
      },
    ],
    serverRoles: [],
    databases: databases.map((name, index) => ({
      id: index + 1,
      name,
      ...(name === "master" && { principals: lockPrincipals(reader) }),
    })),
    availabilityGroups: [],
    serverTriggers: [{ name: "rds_das_lock", isDisabled: false }],
    lock: { policy: "locked", owner: "rds_das_owner", rollback: "undoes" },
    sharedDrives: [],
    clusterNodes: [],
    procedures: [],
    tables: [],
    certificates: [],
    refusal: 300,
    pathSpelling: "as written",
    readErrors: "before columns",
    missingFolders: [],
    listing: "granted",
    describesAuditFiles: true,
  };
}

/** As it is before the first start of a stream. */
export function withoutStream(instance: Instance): Instance {
  return {
    ...instance,
    logins: instance.logins.filter(({ isSysadmin }) => isSysadmin),
    databases: instance.databases.map(({ principals: _, ...database }) => database),
    serverTriggers: [],
  };
}

/** Both audits, running, with the default policy: failed logins, and changes of audits (SQL Server notes §1). */
export function defaultTrail(
  serverInstanceName: string,
  options: DefaultAuditOptions,
  readerName: string,
  behaviour: Partial<TrailBehaviour>,
  now: number,
): AuditTrail {
  const { directory, queueDelay } = options;
  const predicate = `([session_server_principal_name]<>N'${readerName.replaceAll("'", "''")}')`;
  let trail = emptyTrail(serverInstanceName, behaviour);
  trail = createAudit(
    trail,
    {
      name: STREAM_AUDIT,
      guid: options.auditGuid,
      directory,
      queueDelay,
      predicate,
      maxFileSize: options.maxFileSize,
      maxRolloverFiles: options.maxRolloverFiles,
    },
    now,
  );
  trail = createAudit(
    trail,
    {
      name: CHANGES_AUDIT,
      guid: options.changesGuid,
      directory,
      queueDelay,
      maxFileSize: 10 * MEGABYTE,
      maxRolloverFiles: 100,
    },
    now,
  );
  const group = (action: string) => ({ action, isGroup: true });
  const server = { database: null, enabled: true };
  trail = addSpecification(
    trail,
    {
      ...server,
      name: "RDS_DAS_SERVER_AUDIT_SPEC",
      auditGuid: options.auditGuid,
      details: [group("FAILED_LOGIN_GROUP")],
    },
    now,
  );
  trail = addSpecification(
    trail,
    {
      ...server,
      name: "RDS_DAS_CHANGES_AUDIT_SPEC",
      auditGuid: options.changesGuid,
      details: [group("AUDIT_CHANGE_GROUP")],
    },
    now,
  );
  return startAudit(startAudit(trail, STREAM_AUDIT, now), CHANGES_AUDIT, now);
}
