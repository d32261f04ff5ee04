import { type AuditReader, ConfigurationError, type Logger } from "@das/core";
import type { Configuration, OracleConfiguration } from "../configuration/schema.ts";
import { openOracleReader, oracleConnection } from "./oracle.ts";
import type { Environment } from "./setting-file.ts";
import { isSqlServer, openSqlServerReader, sqlServerConnection } from "./sqlserver.ts";

/**
 * The reader of one instance.
 * @param replicas places of other instances of the resource, for a check to compare this one with
 * @throws ConfigurationError when there is no such instance, or a secret is missing
 */
export function openReader(
  configuration: Configuration,
  instanceId: string,
  environment: Environment,
  logger: Logger,
  replicas: readonly number[] = [],
): AuditReader<unknown> {
  const index = configuration.instances.findIndex(({ id }) => id === instanceId);
  if (index < 0) {
    throw new ConfigurationError({
      who: "das",
      what: `there is no instance "${instanceId}" in the configuration, only ${configuration.instances.map(({ id }) => `"${id}"`).join(", ")}`,
      remedy: "Name one of these with --instance",
      code: "instance-unknown",
    });
  }
  return isSqlServer(configuration)
    ? openSqlServerReader(configuration, index, environment, logger, replicas)
    : openOracleReader(configuration as OracleConfiguration, index, environment, logger, replicas);
}

/** @throws ConfigurationError when a secret or a file that connecting to the instance takes cannot be read */
export function demandConnection(configuration: Configuration, index: number, environment: Environment): void {
  if (isSqlServer(configuration)) sqlServerConnection(configuration, index, environment);
  else oracleConnection(configuration as OracleConfiguration, index, environment);
}
