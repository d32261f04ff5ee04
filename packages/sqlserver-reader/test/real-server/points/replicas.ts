/** SQL Server notes §10.5: what takes more than one server to see. */
import { beyondReach, type UnverifiedPoint } from "./unverified-point.ts";

const NEEDS_REPLICAS = "needs an availability group of two replicas and a failover, which a test does not make";

export const REPLICA_POINTS: readonly UnverifiedPoint[] = [
  beyondReach(
    5,
    "a database specification on a readable secondary works right after a failover (by GUID), and its AUSC rows",
    NEEDS_REPLICAS,
  ),
  beyondReach(5, "SELECTs and logins at a readable secondary land in the secondary's own files", NEEDS_REPLICAS),
  beyondReach(5, "audits of a contained availability group remain objects of the instance", NEEDS_REPLICAS),
];
