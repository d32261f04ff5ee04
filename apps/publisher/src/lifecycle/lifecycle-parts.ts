import type { Clock, Provisioner } from "@das/core";
import type { AwsClients } from "../aws/clients.ts";
import type { Configuration } from "../configuration/schema.ts";

/** What a change of a stream's life works with. */
export interface LifecycleParts {
  readonly configuration: Configuration;
  readonly provisioner: Provisioner;
  /** The administrator, as the stream tells it. */
  readonly administrator: string;
  readonly aws: AwsClients;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
}
