import type { CheckFinding } from "@das/core";
import { about } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";

/** 12.2: rows go to the table at once. Before, they were queued in memory and lost with the instance (Oracle notes §2.1). */
const OLDEST = [12, 2] as const;

export function judgeVersion({ version, uniqueName }: InstanceFacts): CheckFinding {
  const { ok, failure } = about("version", "Oracle Database 12.2 and later are supported");
  const what = `${uniqueName} is Oracle Database ${version}`;
  if (isAtLeast(version, OLDEST)) return ok(what);
  return failure(`${what}, which is too old`, "Upgrade the database to 19c or later");
}

const EDITIONS: ReadonlyMap<string, string> = new Map([
  ["EE", "Enterprise Edition"],
  ["SE2", "Standard Edition 2"],
  ["XE", "Express Edition"],
  ["FREE", "Free"],
]);

/** For information: unified auditing, its partitions included, is in every edition. */
export function judgeEdition({ edition }: InstanceFacts): CheckFinding {
  const { ok, warning } = about(
    "edition",
    "Every edition has unified auditing; the edition is the name of the service in the events",
  );
  if (!edition.known) return warning(`the edition cannot be looked at (${edition.reason})`);
  return ok(EDITIONS.get(edition.value) ?? edition.value);
}

function isAtLeast(version: string, wanted: readonly number[]): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, number] of wanted.entries()) {
    const part = parts[index] ?? 0;
    if (part !== number) return part > number;
  }
  return true;
}
