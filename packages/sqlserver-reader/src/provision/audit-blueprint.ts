import { AUDIT_CHANGES_NAME, AUDIT_NAME } from "../statements.ts";

/** A server audit of the stream with its server specification (SQL Server notes §§1, 6.1). */
export interface AuditBlueprint {
  readonly audit: string;
  readonly specification: string;
  /** The groups that it records when start makes it. */
  readonly groups: readonly string[];
  /** MB. */
  readonly maxSize: number;
  readonly maxRolloverFiles: number;
  /** Is it the users' to change while the policy is unlocked? */
  readonly isUsers: boolean;
}

export const STREAM_AUDIT: AuditBlueprint = {
  audit: AUDIT_NAME,
  specification: "RDS_DAS_SERVER_AUDIT_SPEC",
  groups: ["FAILED_LOGIN_GROUP"],
  maxSize: 50,
  maxRolloverFiles: 200,
  isUsers: true,
};

/** Watches changes of audits and specifications, so that the two audits watch each other. */
export const CHANGES_AUDIT: AuditBlueprint = {
  audit: AUDIT_CHANGES_NAME,
  specification: "RDS_DAS_CHANGES_AUDIT_SPEC",
  groups: ["AUDIT_CHANGE_GROUP"],
  maxSize: 10,
  maxRolloverFiles: 100,
  isUsers: false,
};

export const BLUEPRINTS: readonly AuditBlueprint[] = [STREAM_AUDIT, CHANGES_AUDIT];

/** As the server compares them. */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
