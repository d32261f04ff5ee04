import type { CheckFinding } from "./reader.ts";

/** The findings that one look at one thing can have: what it is about, and why that matters. */
export interface CheckTopic {
  ok(what: string): CheckFinding;
  /** @param repair the statement, command or setting that repairs it, ready to paste */
  warning(what: string, repair?: string): CheckFinding;
  failure(what: string, repair?: string): CheckFinding;
}

/** @param id stable, for programs: `sqlserver.audit-on` */
export function checkTopic(id: string, why: string): CheckTopic {
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
