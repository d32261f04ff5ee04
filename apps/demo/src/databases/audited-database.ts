import type { ActivityEvent } from "@das/consumer";
import type { Engine } from "@das/core";

/** One of the two that hold the same data; each has a publisher. */
export interface AuditedInstance {
  /** In the configuration. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** Its entry in a das configuration but for id, password and certificate: YAML without its indentation. */
  readonly connection: string;
  /** PEM of the authority that signed its certificate. */
  readonly ca: string;
}

/** An emulated database on two instances, primary and standby, whose activity is audited while the demo runs. */
export interface AuditedDatabase extends AsyncDisposable {
  readonly engine: Engine;
  /** For people. */
  readonly label: string;
  readonly instances: readonly AuditedInstance[];
  /** Of the reader, on both instances. */
  readonly password: string;
  /** Of the instance that is primary now. */
  readonly primaryId: string;
  /** What the instance is now, in the engine's own word: `primary`, `secondary`, `standby`, `down`. */
  roleOf(instanceId: string): string;
  /** The primary goes down and the other instance takes over. @returns what happened, for people */
  failOver(): Promise<string>;
  /** The instance that went down comes back and follows the new primary. @returns what happened, for people */
  bringBack(): Promise<string>;
  /** Whether what the present primary writes is published from this source. */
  isOfPrimary(sourceId: string): boolean;
  /** How many rows were audited so far, on both instances. */
  audited(): number;
  /** What tells each audited row from the others, in the form of `keyOf`. Complete once the activity has stopped. */
  keys(): Iterable<string>;
  /** The same of an event as any consumer sees it: made here, and not with the reader's own mapping or identity. */
  keyOf(event: ActivityEvent): string;
  /** Begins to audit made-up activity: most of it on the primary, wherever that is, and some that reads the standby. */
  play(rate: number, seed: number): { stop(): Promise<void> };
}

/** Of a hundred rows so many are of those who only read, on the instance that is not primary. */
export const STANDBY_SHARE = 0.2;
