import type { CheckFinding } from "@das/core";
import { HEAL, READ } from "../provision/names.ts";
import { type Answer, type Inquiry, mapAnswer } from "./answer.ts";
import { about } from "./finding.ts";
import { hasSplitRights, type InstanceFacts } from "./instance-facts.ts";
import { grant, quoteName, quoteText } from "./statement.ts";

/** What the reader's login may do. */
export interface RightsFacts {
  /** Server permissions that it holds, by grant, by role or because another one implies them. */
  readonly held: ReadonlySet<string>;
  readonly isSysadmin: boolean;
  readonly isSecurityadmin: boolean;
  /** May it execute the certificate-signed `master.dbo.rds_das_read`? */
  readonly mayExecuteReadProcedure: boolean;
  /** May it execute the one that puts back what drifted, `master.dbo.rds_das_heal`? */
  readonly mayExecuteHealProcedure: boolean;
}

interface Need {
  /** For ids. */
  readonly word: string;
  readonly right: string;
  readonly why: string;
}

const OTHER_DATABASES: Need = {
  word: "connect-any-database",
  right: "CONNECT ANY DATABASE",
  why: "Which database audit specifications there are is asked in each database; the reader is a user of none",
};
const DEFINITIONS: Need = {
  word: "view-any-definition",
  right: "VIEW ANY DEFINITION",
  why: "Without it the views of audits and specifications are empty, as if there were none",
};

/** SQL Server notes §6.1. */
const NEEDS_UNTIL_2019: readonly Need[] = [
  {
    word: "view-server-state",
    right: "VIEW SERVER STATE",
    why: "It shows whether an audit runs, which file it writes, and what it dropped",
  },
  DEFINITIONS,
  OTHER_DATABASES,
];
const NEEDS_SINCE_2022: readonly Need[] = [
  {
    word: "view-server-security-audit",
    right: "VIEW SERVER SECURITY AUDIT",
    why: "sys.fn_get_audit_file, from which every event comes, takes it",
  },
  {
    word: "view-server-security-state",
    right: "VIEW SERVER SECURITY STATE",
    why: "It shows whether an audit runs and which file it writes",
  },
  {
    word: "view-server-performance-state",
    right: "VIEW SERVER PERFORMANCE STATE",
    why: "It shows what an audit dropped and how long sessions waited for it",
  },
  DEFINITIONS,
  OTHER_DATABASES,
];

/** Rights with which whoever has the reader's password could change the audit, or read what it protects. */
const DANGEROUS = ["CONTROL SERVER", "ALTER ANY SERVER AUDIT", "SELECT ALL USER SECURABLES"] as const;

const ASKED = [
  ...new Set([...NEEDS_UNTIL_2019, ...NEEDS_SINCE_2022].map(({ right }) => right)),
  ...DANGEROUS,
  "VIEW ANY ERROR LOG",
] as const;

/** A permission that this version does not know gives NULL, which counts as not held. */
const RIGHTS = `SELECT ${ASKED.map((right) => `HAS_PERMS_BY_NAME(NULL, NULL, ${quoteText(right)})`).join(",\n       ")},
       IS_SRVROLEMEMBER(N'sysadmin'), IS_SRVROLEMEMBER(N'securityadmin'),
       ${[READ, HEAL].map(({ name }) => `HAS_PERMS_BY_NAME(N'master.${name}', N'OBJECT', N'EXECUTE')`).join(", ")}`;

export async function lookAtRights(inquiry: Inquiry): Promise<Answer<RightsFacts>> {
  return mapAnswer(await inquiry.ask(RIGHTS), ([row = []]) => {
    const values = row.map((value) => Number(value) === 1);
    const [isSysadmin = false, isSecurityadmin = false, mayRead = false, mayHeal = false] = values.slice(ASKED.length);
    return {
      held: new Set(ASKED.filter((_, index) => values[index])),
      isSysadmin,
      isSecurityadmin,
      mayExecuteReadProcedure: mayRead,
      mayExecuteHealProcedure: mayHeal,
    };
  });
}

/** One finding for each right that this version needs, in the order in which they are granted. */
export function judgeRights(instance: InstanceFacts, rights: Answer<RightsFacts>): readonly CheckFinding[] {
  if (!rights.known) {
    const { warning } = about("rights", "The reader needs exactly these rights, and no more");
    return [warning(`the login's own rights cannot be looked at (${rights.reason})`)];
  }
  const { login } = instance;
  const needs = hasSplitRights(instance) ? NEEDS_SINCE_2022 : NEEDS_UNTIL_2019;
  return needs.map(({ word, right, why }) => {
    const { ok, failure } = about(`right.${word}`, why);
    return rights.value.held.has(right)
      ? ok(`${login} holds ${right}`)
      : failure(`${login} lacks ${right}`, grant(right, login));
  });
}

/** As the reader decides it when it connects. */
export function readsByProcedure(instance: InstanceFacts, { held, mayExecuteReadProcedure }: RightsFacts): boolean {
  return !hasSplitRights(instance) && mayExecuteReadProcedure && !held.has("CONTROL SERVER");
}

/** Whoever steals the reader's password should get what was audited, and nothing else. */
export function judgeLeastPrivilege(instance: InstanceFacts, rights: Answer<RightsFacts>): readonly CheckFinding[] {
  if (!rights.known) return [];
  const { ok, warning } = about(
    "least-privilege",
    "Whoever gets hold of the reader's password should see the audit, not change it, nor read the databases",
  );
  const { login } = instance;
  const name = quoteName(login);
  const { held, isSysadmin, isSecurityadmin } = rights.value;
  const needed = (hasSplitRights(instance) ? NEEDS_SINCE_2022 : NEEDS_UNTIL_2019).map(({ right }) => right);
  const keep = grant(needed.join(", "), login);
  const roles = [...(isSysadmin ? ["sysadmin"] : []), ...(isSecurityadmin && !isSysadmin ? ["securityadmin"] : [])];
  if (roles.length > 0) {
    const leave = roles.map((role) => `ALTER SERVER ROLE ${quoteName(role)} DROP MEMBER ${name};`);
    return [warning(`${login} is a member of ${roles.join(" and ")}`, [keep, ...leave].join("\n"))];
  }
  // CONTROL SERVER implies the others, which are then not held apart from it.
  const dangers = held.has("CONTROL SERVER") ? ["CONTROL SERVER"] : DANGEROUS;
  const excess = dangers.filter((right) => held.has(right));
  if (excess.length === 0) return [ok(`${login} holds nothing that this version does not want`)];
  const what = `${login} holds ${excess.join(" and ")}, which reading does not take`;
  const first = hasSplitRights(instance) ? "" : `-- once das start has installed ${READ.name}\n`;
  return [warning(what, `${keep}\n${first}REVOKE ${excess.join(", ")} FROM ${name};`)];
}
