import type { CheckFinding } from "@das/core";

/** The findings that one look at one thing in AWS can have: what it is about, and why that matters. */
export interface Topic {
  ok(what: string): CheckFinding;
  /** @param repair the command or setting that repairs it, ready to paste */
  warning(what: string, repair?: string): CheckFinding;
  failure(what: string, repair?: string): CheckFinding;
}

/** @param id stable, for programs: `kms.key` */
export function about(id: string, why: string): Topic {
  const finding = (status: CheckFinding["status"], what: string, repair?: string): CheckFinding => ({
    id,
    status,
    what,
    why,
    ...(repair !== undefined && { repair }),
  });
  return {
    ok: (what) => finding("ok", what),
    warning: (what, repair) => finding("warning", what, repair),
    failure: (what, repair) => finding("failure", what, repair),
  };
}

/** Words, not a command to paste: the administrator's name is not known here. */
export const START = "das start, once and on the primary, creates and starts it (--config, --admin-user)";
