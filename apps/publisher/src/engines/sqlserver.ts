import type { AuditReader } from "@das/core";
import { type ConnectionOptions, SqlServerReader } from "@das/sqlserver-reader";
import type { Configuration, SqlServerConfiguration } from "../configuration/schema.ts";
import { readSecret } from "../configuration/secret.ts";
import type { ReaderSettings } from "./open-reader.ts";
import { type Environment, readSettingFile } from "./setting-file.ts";

// The configuration's engine stands one level below what would discriminate the union.
export function isSqlServer(configuration: Configuration): configuration is SqlServerConfiguration {
  return configuration.resource.engine === "sqlserver";
}

export function openSqlServerReader(
  configuration: SqlServerConfiguration,
  index: number,
  environment: Environment,
  { logger, startAt, replicas }: ReaderSettings,
): AuditReader<unknown> {
  const { serverHost, sharedWith } = configuration.instances[index] as SqlServerConfiguration["instances"][number];
  return new SqlServerReader({
    connection: sqlServerConnection(configuration, index, environment),
    resourceId: configuration.resource.id,
    replicas: replicas.map((other) => sqlServerConnection(configuration, other, environment)),
    ...(serverHost !== undefined && { serverHost }),
    sharedWith,
    ...sqlServerAuditDirectory(configuration, index),
    startAt,
    logger,
  }) as AuditReader<unknown>;
}

/**
 * How to reach one instance of the configuration.
 * @throws ConfigurationError when its secret or its certificate cannot be read
 */
export function sqlServerConnection(
  configuration: SqlServerConfiguration,
  index: number,
  environment: Environment,
): ConnectionOptions {
  const instance = configuration.instances[index] as SqlServerConfiguration["instances"][number];
  const setting = `instances[${index}]`;
  const { mode, caFile, serverName, trustServerCertificate } = instance.tls;
  return {
    instanceId: instance.id,
    host: instance.host,
    port: instance.port,
    user: instance.user,
    password: readSecret(instance.password, `${setting}.password`, environment),
    tls: mode,
    trustServerCertificate,
    ...(caFile !== undefined && { certificateAuthority: readSettingFile(caFile, `${setting}.tls.caFile`) }),
    ...(serverName !== undefined && { certificateName: serverName }),
  };
}

/** Where the audits of one instance are to be written, if the configuration says it. */
export function sqlServerAuditDirectory(
  configuration: SqlServerConfiguration,
  index: number,
): { readonly auditDirectory?: string } {
  const auditDirectory = configuration.instances[index]?.auditDirectory;
  return auditDirectory === undefined ? {} : { auditDirectory };
}
