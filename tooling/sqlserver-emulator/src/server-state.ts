import type { Instance } from "./instance.ts";
import type { AuditTrail } from "./model/audit-trail.ts";

/** Everything that statements change: plain data, which transitions make anew. */
export interface ServerState {
  readonly trail: AuditTrail;
  readonly instance: Instance;
}
