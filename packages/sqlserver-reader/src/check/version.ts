import type { CheckFinding } from "@das/core";
import { about } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";

/** SQL Server 2016: the first version whose rows carry all that an event needs. */
const OLDEST_MAJOR_VERSION = 13;
/** 2016 SP1, which brought database audit specifications to every edition. */
const SQL_SERVER_2016_SP1 = [13, 0, 4001] as const;
/** SERVERPROPERTY('EngineEdition') of Enterprise, Developer and Evaluation. */
const ENTERPRISE = 3;

/** Other products with the same protocol: their audits write elsewhere and have no file function of this kind. */
const OTHER_PRODUCTS: ReadonlyMap<number, string> = new Map([
  [5, "Azure SQL Database"],
  [6, "Azure Synapse Analytics"],
  [8, "Azure SQL Managed Instance"],
  [9, "Azure SQL Edge"],
  [11, "Azure Synapse serverless SQL pool or Microsoft Fabric"],
  [12, "SQL database in Microsoft Fabric"],
]);

export function judgeVersion(instance: InstanceFacts): CheckFinding {
  const { ok, failure } = about("version", "SQL Server 2016 and later are supported, on Windows and Linux");
  const { serverName, productVersion, majorVersion, platform, engineEdition } = instance;
  const other = OTHER_PRODUCTS.get(engineEdition);
  if (other !== undefined) return failure(`${serverName} is ${other}, which is not supported`);
  const what = `${serverName} is SQL Server ${productVersion} on ${platform}`;
  if (majorVersion >= OLDEST_MAJOR_VERSION) return ok(what);
  return failure(`${what}, which is too old`, "Upgrade the instance to SQL Server 2016 SP1 or later");
}

export function judgeEdition({ edition, engineEdition, productVersion }: InstanceFacts): CheckFinding {
  const { ok, warning } = about(
    "edition",
    "Before 2016 SP1 only Enterprise Edition has database audit specifications: others audit no access to tables",
  );
  if (engineEdition === ENTERPRISE || isAtLeast(productVersion, SQL_SERVER_2016_SP1)) return ok(edition);
  return warning(
    `${edition} ${productVersion} has no database audit specifications`,
    "Install the latest service pack of SQL Server 2016 (SP1 or later)",
  );
}

function isAtLeast(version: string, wanted: readonly number[]): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, number] of wanted.entries()) {
    const part = parts[index] ?? 0;
    if (part !== number) return part > number;
  }
  return true;
}
