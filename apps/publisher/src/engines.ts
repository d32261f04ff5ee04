import { readFileSync } from "node:fs";
import { type AuditReader, ConfigurationError, type Logger } from "@das/core";
import { SqlServerReader } from "@das/sqlserver-reader";
import type { Configuration, SqlServerConfiguration } from "./configuration/schema.ts";
import { readSecret } from "./configuration/secret.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The reader of one instance.
 * @throws ConfigurationError when there is no such instance, its secret is missing, or nothing reads its engine yet
 */
export function openReader(
  configuration: Configuration,
  instanceId: string,
  environment: Environment,
  logger: Logger,
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
  if (configuration.resource.engine === "oracle") {
    throw new ConfigurationError({
      who: "das",
      what: "resource.engine is oracle, which this version does not read yet",
      remedy: "Use a version that does",
      code: "engine-unknown",
    });
  }
  return openSqlServerReader(configuration as SqlServerConfiguration, index, environment, logger);
}

function openSqlServerReader(
  configuration: SqlServerConfiguration,
  index: number,
  environment: Environment,
  logger: Logger,
): AuditReader<unknown> {
  const instance = configuration.instances[index] as SqlServerConfiguration["instances"][number];
  const setting = `instances[${index}]`;
  const { mode, caFile, serverName, trustServerCertificate } = instance.tls;
  return new SqlServerReader({
    connection: {
      instanceId: instance.id,
      host: instance.host,
      port: instance.port,
      user: instance.user,
      password: readSecret(instance.password, `${setting}.password`, environment),
      tls: mode,
      trustServerCertificate,
      ...(caFile !== undefined && { certificateAuthority: readCertificate(caFile, `${setting}.tls.caFile`) }),
      ...(serverName !== undefined && { certificateName: serverName }),
    },
    ...(instance.serverHost !== undefined && { serverHost: instance.serverHost }),
    startAt: configuration.publisher.startAt,
    logger,
  }) as AuditReader<unknown>;
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
