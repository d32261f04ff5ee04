import type { AuditReader } from "@das/core";
import { type ConnectionOptions, OracleReader } from "@das/oracle-reader";
import type { OracleConfiguration } from "../configuration/schema.ts";
import { readSecret } from "../configuration/secret.ts";
import type { ReaderSettings } from "./open-reader.ts";
import { type Environment, readSettingFile } from "./setting-file.ts";

export function openOracleReader(
  configuration: OracleConfiguration,
  index: number,
  environment: Environment,
  { logger, startAt, nativeAuditFields, replicas }: ReaderSettings,
): AuditReader<unknown> {
  const { containers, serverHost, canary, purgeAfterHours } = configuration.instances[
    index
  ] as OracleConfiguration["instances"][number];
  return new OracleReader({
    connection: oracleConnection(configuration, index, environment),
    resourceId: configuration.resource.id,
    containers,
    replicas: replicas.map((other) => oracleConnection(configuration, other, environment)),
    ...(serverHost !== undefined && { serverHost }),
    nativeAuditFields: nativeAuditFields === "include",
    startAt,
    canary,
    ...(purgeAfterHours !== undefined && { purgeAfterHours }),
    logger,
  }) as AuditReader<unknown>;
}

/**
 * How to reach one instance of the configuration.
 * @throws ConfigurationError when its secret, its certificate or its wallet cannot be read
 */
export function oracleConnection(
  configuration: OracleConfiguration,
  index: number,
  environment: Environment,
): ConnectionOptions {
  const instance = configuration.instances[index] as OracleConfiguration["instances"][number];
  const setting = `instances[${index}]`;
  const { mode, caFile, certificateName, walletFile, walletPassword } = instance.tls;
  return {
    instanceId: instance.id,
    host: instance.host,
    port: instance.port,
    service: instance.service,
    user: instance.user,
    password: readSecret(instance.password, `${setting}.password`, environment),
    tls: mode,
    ...(caFile !== undefined && { certificateAuthority: readSettingFile(caFile, `${setting}.tls.caFile`) }),
    ...(certificateName !== undefined && { certificateName }),
    ...(walletFile !== undefined && { wallet: readSettingFile(walletFile, `${setting}.tls.walletFile`) }),
    ...(walletPassword !== undefined && {
      walletPassword: readSecret(walletPassword, `${setting}.tls.walletPassword`, environment),
    }),
  };
}
