import { COST_POINTS } from "./points/costs.ts";
import { FILE_POINTS } from "./points/files.ts";
import { LOCK_POINTS } from "./points/lock.ts";
import { OFFSET_POINTS } from "./points/offsets.ts";
import { PREDICATE_POINTS } from "./points/predicate.ts";
import { REPLICA_POINTS } from "./points/replicas.ts";
import { RIGHTS_POINTS } from "./points/rights.ts";
import { SIGNAL_POINTS } from "./points/signals.ts";
import { SPLIT_POINTS } from "./points/split-rows.ts";
import type { UnverifiedPoint } from "./points/unverified-point.ts";
import { VERSION_POINTS } from "./points/versions.ts";

/** All of SQL Server notes §10, in its order. */
export const UNVERIFIED_POINTS: readonly UnverifiedPoint[] = [
  ...OFFSET_POINTS,
  ...SPLIT_POINTS,
  ...LOCK_POINTS,
  ...REPLICA_POINTS,
  ...PREDICATE_POINTS,
  ...VERSION_POINTS,
  ...FILE_POINTS,
  ...RIGHTS_POINTS,
  ...SIGNAL_POINTS,
  ...COST_POINTS,
];
