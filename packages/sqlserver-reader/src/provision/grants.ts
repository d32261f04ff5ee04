import type { PlannedStatement, ResourceId } from "@das/core";
import { hasSplitRights } from "../check/instance-facts.ts";
import { quoteName } from "../check/statement.ts";
import { loginSid } from "./audit-identity.ts";
import { READ } from "./names.ts";
import { CREATE_READ } from "./programs.ts";
import { planReader } from "./reader-rights.ts";
import { createSigned } from "./signed-procedure.ts";

export interface GrantsRequest {
  readonly resourceId: ResourceId;
  /** The publisher's login, or the administrator's, as configured. */
  readonly user: string;
  /** Of `GRANT_VERSIONS`. */
  readonly version: string;
  /** Default `reader`. The administrator's rights are for `das start`, `modify` and `stop`; sysadmin has them all. */
  readonly account?: "reader" | "administrator";
}

const MAJOR_VERSIONS: ReadonlyMap<string, number> = new Map([
  ["2016", 13],
  ["2017", 14],
  ["2019", 15],
  ["2022", 16],
  ["2025", 17],
]);

/** Versions whose statements are known, oldest first. */
export const GRANT_VERSIONS: readonly string[] = [...MAJOR_VERSIONS.keys()];

const NOTHING_GRANTED = {
  hasLogin: false,
  granted: new Set<string>(),
  user: undefined,
  lockRoleExists: false,
  isInLockRole: false,
};

/** Every statement that gives a login what it needs and nothing else, on each instance. Pure. */
export function grantsOf({ resourceId, user, version, account }: GrantsRequest): readonly PlannedStatement[] {
  const place = "database master";
  if (account === "administrator") {
    // Audits, logins, a server trigger, and rights that it passes on: whoever may do these may do everything.
    const sql = `GRANT CONTROL SERVER TO ${quoteName(user)} WITH GRANT OPTION;`;
    return [{ what: `let ${user} CONTROL SERVER, and pass on what it holds`, sql, place }];
  }
  const majorVersion = MAJOR_VERSIONS.get(version) ?? 0;
  const steps = [
    ...planReader(NOTHING_GRANTED, { majorVersion }, user, loginSid(resourceId, user)),
    ...(hasSplitRights({ majorVersion }) ? [] : createSigned(READ, CREATE_READ)),
  ];
  return steps.map(({ what, sql }) => ({ what, sql, place }));
}
