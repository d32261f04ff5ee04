import { ConfigurationError, type PlannedStatement } from "@das/core";
import { GRANT_VERSIONS as ORACLE_VERSIONS, grantsOf as oracleGrants } from "@das/oracle-reader";
import { GRANT_VERSIONS as SQL_SERVER_VERSIONS, grantsOf as sqlServerGrants } from "@das/sqlserver-reader";
import type { Configuration, OracleConfiguration } from "../configuration/schema.ts";
import { isSqlServer } from "./sqlserver.ts";

/** The statements of one account, and the instances on which they are the same. */
export interface AccountGrants {
  readonly user: string;
  readonly instances: readonly string[];
  readonly statements: readonly PlannedStatement[];
}

/** Whose statements are wanted; default: the publishers'. */
export interface GrantsFor {
  readonly administrator?: string;
  /** Whoever configures Database Vault. */
  readonly vaultOwner?: string;
}

/**
 * What accounts need in the databases of a resource, and nothing else.
 * @param version undefined: that is an error which names those that there are. @throws ConfigurationError
 */
export function grantsOf(
  configuration: Configuration,
  version: string | undefined,
  { administrator, vaultOwner }: GrantsFor = {},
): readonly AccountGrants[] {
  const isKnownOf = isSqlServer(configuration) ? SQL_SERVER_VERSIONS : ORACLE_VERSIONS;
  if (version === undefined || !isKnownOf.includes(version)) throw versionUnknown(version, isKnownOf);
  if (isSqlServer(configuration) && vaultOwner !== undefined) throw noVault();
  const account = administrator === undefined ? "reader" : "administrator";
  const each = isSqlServer(configuration)
    ? configuration.instances.map(({ id, user }) => ({
        id,
        user: administrator ?? user,
        statements: sqlServerGrants({
          resourceId: configuration.resource.id,
          user: administrator ?? user,
          version,
          account,
        }),
      }))
    : (configuration as OracleConfiguration).instances.map(({ id, user, containers, canary, purgeAfterHours }) => ({
        id,
        user: vaultOwner ?? administrator ?? user,
        statements: oracleGrants({
          // The rules are about the publisher's account, whoever makes them.
          user: vaultOwner === undefined ? (administrator ?? user) : user,
          version,
          containers,
          canary,
          purge: purgeAfterHours !== undefined,
          account: vaultOwner === undefined ? account : "vault owner",
        }),
      }));
  const grouped = Map.groupBy(each, ({ user, statements }) => JSON.stringify([user, statements]));
  return [...grouped.values()].map((group) => ({
    user: group[0]?.user ?? "",
    instances: group.map(({ id }) => id),
    statements: group[0]?.statements ?? [],
  }));
}

function versionUnknown(version: string | undefined, known: readonly string[]): ConfigurationError {
  return new ConfigurationError({
    who: "das grants",
    what: version === undefined ? "it is not said for which version of the database" : `there is no version ${version}`,
    remedy: `Give --engine-version with one of ${known.join(", ")}`,
    code: "version-unknown",
  });
}

function noVault(): ConfigurationError {
  return new ConfigurationError({
    who: "das grants",
    what: "SQL Server has no Database Vault",
    remedy: "Leave --vault-owner out",
    code: "option-invalid",
  });
}
