import { type CheckedServer, type CheckFinding, checkTopic, type Engine } from "@das/core";
import {
  CLASSES,
  ORACLE_EDITIONS,
  ORACLE_OLDEST_UPDATE,
  ORACLE_RELEASE,
  REGIONS_WITHOUT,
  SQL_SERVER_VERSIONS,
} from "./supported-configurations.ts";

export interface HostedInstance {
  readonly engine: Engine;
  readonly region: string;
  /** `db.r5.large` or, as EC2 has it, `r5.large`. */
  readonly instanceClass: string;
  /** undefined: not known. */
  readonly server: CheckedServer | undefined;
}

/** Would RDS start an activity stream here? A warning at most: das does not need it to. */
export function judgeSupported(instance: HostedInstance): CheckFinding {
  const { ok, warning } = checkTopic(
    "supported-configuration",
    'Where RDS has no activity streams its start fails with "You can\'t start a database activity stream in this configuration"; das works all the same',
  );
  const { engine, region, instanceClass, server } = instance;
  const obstacles = [
    ...classObstacles(engine, instanceClass),
    ...regionObstacles(region),
    ...(server ? (engine === "oracle" ? oracleObstacles(server) : sqlServerObstacles(server)) : []),
  ];
  if (obstacles.length === 0)
    return ok(`RDS, too, has activity streams in this configuration (${instanceClass}, ${region})`);
  return warning(`RDS would have no activity stream here: ${obstacles.join("; ")}`);
}

function classObstacles(engine: Engine, instanceClass: string): readonly string[] {
  return isSupportedClass(engine, instanceClass) ? [] : [`${instanceClass} is not among its instance classes`];
}

/** Family, size, and what Oracle's memory-optimized classes have besides. */
const CLASS = /^(?:db\.)?(?<family>[a-z0-9-]+)\.(?<size>(?:\d+x|x)?large)(?<extra>\.tpc\d+\.mem\d+x)?$/;

export function isSupportedClass(engine: Engine, instanceClass: string): boolean {
  const { family = "", extra } = CLASS.exec(instanceClass)?.groups ?? {};
  const { families, withThreadsAndMemory } = CLASSES[engine];
  return extra === undefined ? families.has(family) : withThreadsAndMemory.has(family);
}

function regionObstacles(region: string): readonly string[] {
  const name = REGIONS_WITHOUT.get(region);
  return name === undefined ? [] : [`none in ${region} (${name})`];
}

function sqlServerObstacles({ version }: CheckedServer): readonly string[] {
  const major = Number.parseInt(version, 10);
  return SQL_SERVER_VERSIONS.has(major)
    ? []
    : [`SQL Server ${version} is none of ${[...SQL_SERVER_VERSIONS.values()].join(", ")}`];
}

function oracleObstacles({ version, edition, isContainerDatabase }: CheckedServer): readonly string[] {
  const [release = 0, update = 0] = version.split(".").map(Number);
  // Before the connection is told the full version, 19c calls itself 19.0.
  const isOld = release === ORACLE_RELEASE && update > 0 && update < ORACLE_OLDEST_UPDATE;
  return [
    ...(release !== ORACLE_RELEASE || isOld ? [`Oracle ${version} is not 19c from 19.${ORACLE_OLDEST_UPDATE} on`] : []),
    ...(edition !== undefined && !ORACLE_EDITIONS.has(edition)
      ? [`the edition ${edition} is none of ${[...ORACLE_EDITIONS].join(", ")}`]
      : []),
    ...(isContainerDatabase ? ["it has pluggable databases"] : []),
  ];
}
