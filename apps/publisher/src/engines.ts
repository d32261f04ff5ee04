import { readFileSync } from "node:fs";
import { type AuditReader, ConfigurationError, type Logger } from "@das/core";
import { type ConnectionOptions, SqlServerReader } from "@das/sqlserver-reader";
import type { Configuration, SqlServerConfiguration } from "./configuration/schema.ts";
import { readSecret } from "./configuration/secret.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The reader of one instance.
 * @param replicas other instances of the resource, for a check to compare this one with
 * @throws ConfigurationError when there is no such instance, its secret is missing, or nothing reads its engine yet
 */
export function openReader(
  configuration: Configuration,
  instanceId: string,
  environment: Environment,
  logger: Logger,
  replicas: readonly ConnectionOptions[] = [],
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
  if (!isSqlServer(configuration)) {
    throw new ConfigurationError({
      who: "das",
      what: "resource.engine is oracle, which this version does not read yet",
      remedy: "Use a version that does",
      code: "engine-unknown",
    });
  }
  const { serverHost, sharedWith } = configuration.instances[index] as SqlServerConfiguration["instances"][number];
  return new SqlServerReader({
    connection: sqlServerConnection(configuration, index, environment),
    replicas,
    ...(serverHost !== undefined && { serverHost }),
    sharedWith,
    startAt: configuration.publisher.startAt,
    logger,
  }) as AuditReader<unknown>;
}

// The configuration's engine stands one level below what would discriminate the union.
export function isSqlServer(configuration: Configuration): configuration is SqlServerConfiguration {
  return configuration.resource.engine === "sqlserver";
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
    ...(caFile !== undefined && { certificateAuthority: readCertificate(caFile, `${setting}.tls.caFile`) }),
    ...(serverName !== undefined && { certificateName: serverName }),
  };
}

function readCertificate(path: string, setting: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigurationError({
      who: "das",
      what: `${setting}: the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`,
      remedy: "Check the path and that this process may read it",
      code: "certificate-unreadable",
      cause: error,
    });
  }
}
