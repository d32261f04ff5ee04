import { streamNameOf, systemClock } from "@das/core";
import { openAwsClients } from "../aws/clients.ts";
import { loadConfiguration } from "../configuration/load-configuration.ts";
import { placeOfInstance } from "../engines/open-reader.ts";
import { environment } from "../env.ts";
import { describeActivityStream } from "../lifecycle/describe-stream.ts";
import { streamNotFound } from "../lifecycle/refusals.ts";
import { askPassword } from "./ask-password.ts";
import { describeDatabases } from "./describe-databases.ts";
import { describeText } from "./describe-text.ts";
import { stopOnSignals } from "./stop-signals.ts";

export interface DescribeOptions {
  readonly config: string;
  readonly instance?: string;
  readonly adminUser?: string;
  readonly since?: Date;
  readonly json: boolean;
}

/** `das describe`. @returns the exit code. @throws ConfigurationError, RefusedError */
export async function describeCommand({ config, instance, adminUser, since, json }: DescribeOptions): Promise<number> {
  const configuration = loadConfiguration(config);
  if (instance !== undefined) placeOfInstance(configuration, instance);
  const administrator =
    adminUser === undefined ? undefined : { user: adminUser, password: await askPassword(adminUser, environment) };
  using aws = openAwsClients(configuration.stream.region);
  using signal = stopOnSignals();
  const parts = { configuration, aws, clock: systemClock, random: Math.random, signal };
  const [description, databases] = await Promise.all([
    describeActivityStream(parts, since),
    describeDatabases(configuration, instance, administrator, signal),
  ]);
  if (!description) throw streamNotFound(streamNameOf(configuration.resource.id));
  process.stdout.write(
    json ? `${JSON.stringify({ ...description, databases }, undefined, 2)}\n` : describeText(description, databases),
  );
  return 0;
}
