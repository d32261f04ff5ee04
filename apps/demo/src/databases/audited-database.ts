import type { ActivityEvent } from "@das/consumer";
import type { Engine } from "@das/core";

/** An emulated database whose activity is audited while the demo runs. */
export interface AuditedDatabase extends AsyncDisposable {
  readonly engine: Engine;
  /** For people. */
  readonly label: string;
  /** An instance of a das configuration, as YAML without its indentation; the password is in `DAS_PASSWORD`. */
  readonly instance: string;
  readonly password: string;
  /** PEM of the authority that signed its certificate; the configuration names a file that holds it. */
  readonly ca: string;
  /** How many rows were audited so far. */
  audited(): number;
  /** What tells each audited row from the others, in the form of `keyOf`. Complete once the workload has stopped. */
  keys(): Iterable<string>;
  /** The same of an event as any consumer sees it: made here, and not with the reader's own mapping or identity. */
  keyOf(event: ActivityEvent): string;
  /** Begins to audit made-up activity. */
  play(rate: number, seed: number): { stop(): Promise<void> };
}
