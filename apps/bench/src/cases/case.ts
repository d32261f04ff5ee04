import type { CaseLine } from "../report/case-line.ts";

/** How much a case does. */
export interface Scale {
  /** Rows of the audit that throughput, cpu and kms publish. */
  readonly backlogRows: number;
  /** How often each of their variants runs; the median counts. */
  readonly rounds: number;
  /** Rows of the audit that memory publishes. */
  readonly memoryRows: number;
  readonly latencySeconds: number;
  /** How long a publisher lives until resume kills it. */
  readonly lifeSeconds: number;
  /** Hours of the virtual clock under which kms counts. */
  readonly kmsHours: number;
}

export const FULL: Scale = {
  backlogRows: 100_000,
  rounds: 3,
  memoryRows: 1_000_000,
  latencySeconds: 20,
  lifeSeconds: 45,
  kmsHours: 24,
};

export const QUICK: Scale = {
  backlogRows: 20_000,
  rounds: 1,
  memoryRows: 100_000,
  latencySeconds: 5,
  lifeSeconds: 15,
  kmsHours: 6,
};

/** Events of the mix of which sizes and the floor are measured. */
export const SAMPLE_EVENTS = 20_000;

export type Case = (scale: Scale) => Promise<readonly CaseLine[]>;
