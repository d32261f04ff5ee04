import type { Logger, Provisioner } from "@das/core";
import { openProvisioner as openOracleProvisioner } from "@das/oracle-reader";
import { openProvisioner as openSqlServerProvisioner } from "@das/sqlserver-reader";
import type { Configuration, OracleConfiguration } from "../configuration/schema.ts";
import { placeOfInstance } from "./open-reader.ts";
import { oracleConnection } from "./oracle.ts";
import type { Environment } from "./setting-file.ts";
import { isSqlServer, sqlServerAuditDirectory, sqlServerConnection } from "./sqlserver.ts";

export interface ProvisionerSettings {
  readonly administrator: { readonly user: string; readonly password: string };
  readonly logger: Logger;
}

/**
 * What provisions the instances of a resource.
 * @param instanceId the instance that is the primary; undefined: the first of the configuration
 * @throws ConfigurationError when there is no such instance, or a secret is missing
 */
export function openProvisioner(
  configuration: Configuration,
  instanceId: string | undefined,
  environment: Environment,
  { administrator, logger }: ProvisionerSettings,
): Provisioner {
  const first = instanceId === undefined ? 0 : placeOfInstance(configuration, instanceId);
  const places = configuration.instances.map((_, index) => index);
  const ordered = [first, ...places.filter((index) => index !== first)];
  const resourceId = configuration.resource.id;
  if (isSqlServer(configuration)) {
    const instances = ordered.map((index) => ({
      ...sqlServerConnection(configuration, index, environment),
      ...sqlServerAuditDirectory(configuration, index),
    }));
    return openSqlServerProvisioner({ resourceId, instances, administrator, logger });
  }
  const { instances } = configuration as OracleConfiguration;
  return openOracleProvisioner({
    resourceId,
    instances: ordered.map((index) => oracleConnection(configuration as OracleConfiguration, index, environment)),
    containers: instances[first]?.containers ?? [],
    administrator,
    logger,
  });
}
