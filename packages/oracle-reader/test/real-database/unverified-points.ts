import { BRANCH_POINTS } from "./points/branches.ts";
import { CLUSTER_POINTS } from "./points/clusters.ts";
import { LOAD_POINTS } from "./points/load.ts";
import { LOCK_POINTS } from "./points/lock.ts";
import { PREVENTION_POINTS } from "./points/prevention.ts";
import { PROTOCOL_POINTS } from "./points/protocol.ts";
import type { UnverifiedPoint } from "./points/unverified-point.ts";
import { VALUE_POINTS } from "./points/values.ts";
import { VIEW_POINTS } from "./points/view.ts";

/** All of Oracle notes §10, in its order. */
export const UNVERIFIED_POINTS: readonly UnverifiedPoint[] = [
  ...VIEW_POINTS,
  ...PREVENTION_POINTS,
  ...BRANCH_POINTS,
  ...CLUSTER_POINTS,
  ...LOAD_POINTS,
  ...VALUE_POINTS,
  ...PROTOCOL_POINTS,
  ...LOCK_POINTS,
].toSorted((a, b) => a.section - b.section);
