import {
  type AuditReader,
  ConfigurationError,
  type Logger,
  type NativeAuditFields,
  type StartPosition,
} from "@das/core";
import type { Configuration, OracleConfiguration } from "../configuration/schema.ts";
import { openOracleReader, oracleConnection } from "./oracle.ts";
import type { Environment } from "./setting-file.ts";
import { isSqlServer, openSqlServerReader, sqlServerConnection } from "./sqlserver.ts";

export interface ReaderSettings {
  readonly logger: Logger;
  /** Where a source begins that was never published. */
  readonly startAt: StartPosition;
  readonly nativeAuditFields: NativeAuditFields;
  /** Places of other instances of the resource, for a check to compare this one with. */
  readonly replicas: readonly number[];
}

/**
 * The reader of one instance.
 * @throws ConfigurationError when there is no such instance, or a secret is missing
 */
export function openReader(
  configuration: Configuration,
  instanceId: string,
  environment: Environment,
  {
    logger,
    startAt = configuration.publisher.startAt,
    nativeAuditFields = configuration.stream.nativeAuditFields === true ? "include" : "omit",
    replicas = [],
  }: Pick<ReaderSettings, "logger"> & Partial<ReaderSettings>,
): AuditReader<unknown> {
  const index = placeOfInstance(configuration, instanceId);
  const settings = { logger, startAt, nativeAuditFields, replicas };
  return isSqlServer(configuration)
    ? openSqlServerReader(configuration, index, environment, settings)
    : openOracleReader(configuration as OracleConfiguration, index, environment, settings);
}

/** @throws ConfigurationError, under the code of RDS's API (wire format §8), when there is no such instance */
export function placeOfInstance({ instances }: Configuration, instanceId: string): number {
  const index = instances.findIndex(({ id }) => id === instanceId);
  if (index >= 0) return index;
  throw new ConfigurationError({
    who: "das",
    what: `there is no instance "${instanceId}" in the configuration, only ${instances.map(({ id }) => `"${id}"`).join(", ")}`,
    remedy: "Name one of these with --instance",
    code: "DBInstanceNotFound",
  });
}

/** @throws ConfigurationError when a secret or a file that connecting to the instance takes cannot be read */
export function demandConnection(configuration: Configuration, index: number, environment: Environment): void {
  if (isSqlServer(configuration)) sqlServerConnection(configuration, index, environment);
  else oracleConnection(configuration as OracleConfiguration, index, environment);
}
