import { type Clock, type Logger, type Provisioner, silentLogger, systemClock } from "@das/core";
import { type OracleEmulator, type OracleEmulatorOptions, startOracleEmulator } from "@das/oracle-emulator";
import { Connection } from "../src/connection.ts";
import { type ConnectionOptions, OracleReader, openProvisioner } from "../src/index.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

function connectionTo({ host, port, serviceName, user, password }: OracleEmulator): ConnectionOptions {
  return { instanceId: "a", host, port, service: serviceName, user, password, tls: "off" };
}

/** A database, whoever administers it, and its publisher's reader. */
export async function startTarget(
  options: OracleEmulatorOptions = {},
  { containers = [], ...change }: Partial<ConnectionOptions> & { readonly containers?: readonly string[] } = {},
  logger: Logger = silentLogger,
) {
  const emulator = await startOracleEmulator({ tls: "off", ...options });
  const connection = { ...connectionTo(emulator), ...change };
  const { administratorPassword } = emulator;
  return {
    emulator,
    open: (user = "SYSTEM", password = administratorPassword): Provisioner =>
      openProvisioner({
        resourceId: RESOURCE,
        instances: [connection],
        containers,
        administrator: { user, password },
        logger,
      }),
    openReader: (clock: Clock) => new OracleReader({ connection, resourceId: RESOURCE, startAt: "now", clock }),
    /** What somebody does by hand; SYSTEM unless it is said otherwise. */
    run: async (
      statements: readonly string[],
      user = "SYSTEM",
      password = administratorPassword,
      service = connection.service,
    ) => {
      await using session = await Connection.open({ ...connection, user, password, service }, systemClock);
      for (const statement of statements) await session.call(statement, {});
    },
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}

/** Another DBA, with the same rights as SYSTEM. */
export const OTHER_DBA = ['CREATE USER mallory IDENTIFIED BY "mallory"', "GRANT DBA TO mallory"];
