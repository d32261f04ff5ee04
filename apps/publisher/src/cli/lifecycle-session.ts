import { streamNameOf, systemClock } from "@das/core";
import { openAwsClients } from "../aws/clients.ts";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { openProvisioner } from "../engines/open-provisioner.ts";
import { placeOfInstance } from "../engines/open-reader.ts";
import { environment } from "../env.ts";
import type { LifecycleParts } from "../lifecycle/lifecycle-parts.ts";
import { runSteps, type Step, stepsText } from "../lifecycle/steps.ts";
import type { StreamState } from "../lifecycle/stream-state.ts";
import { openLog } from "../log.ts";
import { askPassword } from "./ask-password.ts";
import { stopOnSignals } from "./stop-signals.ts";

/** What the commands that change a stream's life have in common. */
export interface LifecycleOptions {
  readonly config: string;
  readonly instance?: string;
  readonly adminUser: string;
  /** Seconds. */
  readonly timeout: number;
  readonly dryRun: boolean;
}

/**
 * Plans a change, shows it (`--dry-run`) or carries it out, and prints the answer as RDS's own commands do.
 * @param plan gives the steps, and tells the state that they end in
 * @param answer what is printed of that state
 * @returns the exit code
 * @throws ConfigurationError, RefusedError, UnavailableError
 */
export async function changeStream(
  options: LifecycleOptions,
  plan: (parts: LifecycleParts, ended: (state: StreamState) => void) => Promise<readonly Step[]>,
  answer: (state: StreamState, streamName: string) => object,
): Promise<number> {
  const configuration = loadConfiguration(options.config);
  // Before anybody types a password for nothing.
  if (options.instance !== undefined) placeOfInstance(configuration, options.instance);
  const administrator = { user: options.adminUser, password: await askPassword(options.adminUser, environment) };
  const logger = openLog("warn", { resource: configuration.resource.id });
  await using provisioner = openProvisioner(configuration, options.instance, environment, { administrator, logger });
  using aws = openAwsClients(configuration.stream.region);
  using signal = stopOnSignals();
  const parts: LifecycleParts = {
    configuration,
    provisioner,
    administrator: administrator.user,
    aws,
    clock: systemClock,
    random: Math.random,
    signal,
  };
  let ended: StreamState | undefined;
  const steps = await plan(parts, (state) => {
    ended = state;
  });
  if (options.dryRun) {
    process.stdout.write(stepsText(steps));
    return 0;
  }
  await runSteps(steps, provisioner, signal, (line) => process.stderr.write(`${line}\n`));
  if (ended)
    process.stdout.write(`${JSON.stringify(answer(ended, streamNameOf(configuration.resource.id)), undefined, 2)}\n`);
  return 0;
}
