import { type ProvisionedState, silentLogger, streamNameOf, systemClock } from "@das/core";
import { openAwsClients } from "../aws/clients.ts";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { openProvisioner } from "../engines/open-provisioner.ts";
import { placeOfInstance } from "../engines/open-reader.ts";
import { environment } from "../env.ts";
import { describeActivityStream } from "../lifecycle/describe-stream.ts";
import { streamNotFound } from "../lifecycle/refusals.ts";
import { askPassword } from "./ask-password.ts";
import { describeText } from "./describe-text.ts";
import { stopOnSignals } from "./stop-signals.ts";

export interface DescribeOptions {
  readonly config: string;
  readonly instance?: string;
  readonly adminUser?: string;
  readonly since?: Date;
  readonly json: boolean;
}

/** How far back sources and loss windows are read when nothing is said; milliseconds. */
const LOOK_BACK = 3_600_000;

/** `das describe`. @returns the exit code. @throws ConfigurationError, RefusedError */
export async function describeCommand(options: DescribeOptions): Promise<number> {
  const configuration = loadConfiguration(options.config);
  if (options.instance !== undefined) placeOfInstance(configuration, options.instance);
  using aws = openAwsClients(configuration.stream.region);
  using signal = stopOnSignals();
  const parts = { configuration, aws, clock: systemClock, random: Math.random, signal };
  const since = options.since ?? new Date(Date.now() - LOOK_BACK);
  const description = await describeActivityStream(parts, since);
  if (!description) throw streamNotFound(streamNameOf(configuration.resource.id));
  const database = options.adminUser === undefined ? undefined : await askDatabase(options.adminUser);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ...description, ...(database && { database }) }, undefined, 2)}\n`
      : describeText(description, database),
  );
  return 0;

  async function askDatabase(user: string): Promise<ProvisionedState> {
    const administrator = { user, password: await askPassword(user, environment) };
    const settings = { administrator, logger: silentLogger };
    await using provisioner = openProvisioner(configuration, options.instance, environment, settings);
    // Awaited here, because leaving closes the connection.
    return await provisioner.state(signal);
  }
}
