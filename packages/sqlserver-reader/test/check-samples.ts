import { answered } from "../src/check/answer.ts";
import type { InstanceFacts } from "../src/check/instance-facts.ts";
import type { ServerAudit } from "../src/check/server-audits.ts";

/** Facts of a server as it should be; tests change what they are about. */

export const INSTANCE: InstanceFacts = {
  serverName: "DB01",
  registeredName: "DB01",
  productVersion: "16.0.4105.2",
  majorVersion: 16,
  edition: "Enterprise Edition (64-bit)",
  engineEdition: 3,
  isClustered: false,
  platform: "Windows",
  login: "rds_das_reader",
};

export const INSTANCE_2016: InstanceFacts = { ...INSTANCE, productVersion: "13.0.6300.2", majorVersion: 13 };

export const GUID = "0B2CD8E1-4C6F-5A0B-9D5C-6B7A3E1F2D40";
export const OTHER_GUID = "11111111-2222-3333-4444-555555555555";

export const AUDIT: ServerAudit = {
  name: "RDS_DAS_AUDIT",
  guid: GUID,
  target: "FILE",
  enabled: true,
  queueDelay: 1000,
  onFailure: "CONTINUE",
  predicate: "([session_server_principal_name]<>N'rds_das_reader')",
  maxSize: 50,
  maxRolloverFiles: 200,
  maxFiles: undefined,
  reservesDiskSpace: false,
  directory: "D:\\das\\",
};

export const CHANGES: ServerAudit = {
  ...AUDIT,
  name: "RDS_DAS_AUDIT_CHANGES",
  guid: "7F1E9A32-8D54-5C17-A2B6-0C4D9E8F7A51",
  predicate: "",
  maxSize: 10,
  maxRolloverFiles: 100,
};

export const STARTED = answered(
  new Map([["RDS_DAS_AUDIT", { status: "STARTED", currentPath: `D:\\das\\${fileName(0n)}`, currentSize: 5_632 }]]),
);

/** A file of the first audit's set. */
export function fileName(fileTime: bigint, guid = GUID): string {
  return `RDS_DAS_AUDIT_${guid}_0_${fileTime}.sqlaudit`;
}
