import type { ActivityEvent } from "@das/consumer";
import type { Engine } from "@das/core";
import type { AuditedRows } from "./audited-rows.ts";

/** Of the activity so much is where the database can only be read. */
export const STANDBY_SHARE = 0.2;

/** Emulated servers of one logical database, whose activity is audited. */
export interface AuditedDatabase extends AsyncDisposable {
  readonly engine: Engine;
  /** Of the reader, on every instance. */
  readonly password: string;
  /** By its id: an instance of a das configuration, as YAML without its indentation; the password is in `DAS_PASSWORD`. */
  readonly instances: ReadonlyMap<string, string>;
  /** What was audited so far. */
  audited(): AuditedRows;
  /** A row's key, of its event as any consumer sees it: made here, and not with the reader's own mapping or identity. */
  keyOf(event: ActivityEvent): string;
  /** People work from now on, at so many audited actions a second. */
  play(rate: number, seed: number): Activity;
  /** Another instance becomes primary, by agreement: nothing is lost, and who was connected has to connect again. */
  switchRoles(): void;
}

export interface Activity {
  stop(): Promise<void>;
}
