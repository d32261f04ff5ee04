import { DasError, type ProvisionedState, silentLogger } from "@das/core";
import type { Configuration } from "../configuration/schema.ts";
import { readSecret } from "../configuration/secret.ts";
import { openProvisioner } from "../engines/open-provisioner.ts";
import { environment } from "../env.ts";

/** What the database of one instance says, or why it said nothing. */
export type DescribedDatabase = { readonly instance: string } & (ProvisionedState | { readonly notSeen: string });

type Account = { readonly user: string; readonly password: string };

/**
 * Asks the database of each instance how its audit policy is.
 * @param instanceId the only one that is asked; undefined: all of them
 * @param administrator who asks; undefined: the reader of each, whose secret need not be at hand
 */
export function describeDatabases(
  configuration: Configuration,
  instanceId: string | undefined,
  administrator: Account | undefined,
  signal: AbortSignal,
): Promise<readonly DescribedDatabase[]> {
  const asked = configuration.instances.filter(({ id }) => instanceId === undefined || id === instanceId);
  return Promise.all(
    asked.map(async (instance) => {
      try {
        const alone = { ...configuration, instances: [instance] } as Configuration;
        const account = administrator ?? readerOf(instance);
        await using provisioner = openProvisioner(alone, undefined, environment, {
          administrator: account,
          logger: silentLogger,
        });
        return { instance: instance.id, ...(await provisioner.state(signal)) };
      } catch (error) {
        // An administrator who was named is to be let in; a database that is down hides nothing of the others.
        if (!(error instanceof DasError) || (administrator && !error.retryable)) throw error;
        return { instance: instance.id, notSeen: error.what };
      }
    }),
  );
}

function readerOf({ id, user, password }: Configuration["instances"][number]): Account {
  return { user, password: readSecret(password, `the password of instance ${id}`, environment) };
}
