import type { CheckFinding } from "@das/core";
import { describeStatement, TRAIL_FILES, TRAIL_TABLE } from "../statements.ts";
import { type Answer, type Inquiry, mapAnswer, textOf } from "./answer.ts";
import { about } from "./finding.ts";
import { grantHere } from "./grant-here.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { isLost, type TrailAccess, type TrailFacts } from "./trail-access.ts";

/** What the reader's user may do. */
export interface RightsFacts {
  /** Of each need, by its word: whether the question that takes the right is answered. */
  readonly needs: ReadonlyMap<string, Answer<unknown>>;
  /** Roles that are on in this session, also those that others brought. */
  readonly roles: Answer<readonly string[]>;
  /** System privileges of this session, by grant or by role. */
  readonly privileges: Answer<readonly string[]>;
  /** Roles and system privileges that were granted to the user itself. */
  readonly grants: Answer<readonly string[]>;
  /** Privileges on objects that were granted to the user itself: `READ ON SYS.V_$DATABASE`. */
  readonly objectGrants: Answer<readonly string[]>;
}

interface Need {
  /** For ids. */
  readonly word: string;
  /** As GRANT takes it. */
  readonly right: string;
  readonly why: string;
  /**
   * `reading`: no row reaches the stream without; `direct`: the view may do instead; `watching`: what could go wrong
   * is not seen without.
   */
  readonly use: "reading" | "direct" | "watching";
}

/** Oracle notes §4.2, in its order; CREATE SESSION is held by whoever asks. */
export const NEEDS: readonly Need[] = [
  {
    word: "audit-viewer",
    right: "AUDIT_VIEWER",
    why: "It shows the columns of AUDSYS.UNIFIED_AUDIT_TRAIL, of which every event is made",
    use: "reading",
  },
  {
    word: "database",
    right: "READ ON SYS.V_$DATABASE",
    why: "It shows the database's id, its role and its history, by which sources are named and owned",
    use: "reading",
  },
  {
    word: "instance",
    right: "READ ON SYS.V_$INSTANCE",
    why: "It shows whether the instance is one of a cluster, whose instances each have files of their own",
    use: "watching",
  },
  {
    word: "containers",
    right: "READ ON SYS.V_$CONTAINERS",
    why: "It shows the GUID of the container, by which sources are named, and from the root the PDBs",
    use: "reading",
  },
  {
    word: "parameter",
    right: "READ ON SYS.V_$PARAMETER",
    why: "It shows settings that keep SQL text out of the trail without a trace",
    use: "watching",
  },
  {
    word: "aud-unified",
    right: `READ ON ${TRAIL_TABLE.toUpperCase()}`,
    why: "Through the view each poll opens every spillover file, and a standby's rows cannot be told from the primary's",
    use: "direct",
  },
  {
    word: "gv-unified-audit-trail",
    right: `READ ON ${TRAIL_FILES.toUpperCase()}`,
    why: "It shows the rows in this instance's spillover files, which no other database has",
    use: "direct",
  },
  {
    word: "audit-unified-policies",
    right: "READ ON SYS.AUDIT_UNIFIED_POLICIES",
    why: "It shows what each policy records",
    use: "watching",
  },
  {
    word: "audit-unified-enabled-policies",
    right: "READ ON SYS.AUDIT_UNIFIED_ENABLED_POLICIES",
    why: "It shows whether any policy is enabled, and for whom",
    use: "watching",
  },
  {
    word: "dba-tab-partitions",
    right: "READ ON SYS.DBA_TAB_PARTITIONS",
    why: "It shows how much of the table each poll has to read",
    use: "watching",
  },
  {
    word: "dba-audit-mgmt-last-arch-ts",
    right: "READ ON SYS.DBA_AUDIT_MGMT_LAST_ARCH_TS",
    why: "It shows up to where the trail may be purged: a purge that overtakes the publisher is seen only when rows are gone",
    use: "watching",
  },
  {
    word: "dba-audit-mgmt-config-params",
    right: "READ ON SYS.DBA_AUDIT_MGMT_CONFIG_PARAMS",
    why: "It shows where the table lies: when that is full, rows go into files",
    use: "watching",
  },
  {
    word: "dba-audit-mgmt-cleanup-jobs",
    right: "READ ON SYS.DBA_AUDIT_MGMT_CLEANUP_JOBS",
    why: "It shows the jobs that purge the trail, and whether they delete what was not published",
    use: "watching",
  },
  {
    word: "dbms-lock",
    right: "EXECUTE ON SYS.DBMS_LOCK",
    why: "Its lock lets one publisher read at a time: a publisher does not read without it",
    use: "reading",
  },
];

const LOCK_PROBE = "DECLARE r PLS_INTEGER; BEGIN IF FALSE THEN r := SYS.DBMS_LOCK.REQUEST(id => 0); END IF; END;";

const ROLES = "SELECT role FROM session_roles ORDER BY role";
const PRIVILEGES = "SELECT privilege FROM session_privs ORDER BY privilege";
const USER_ROLES =
  "SELECT granted_role FROM user_role_privs WHERE username = SYS_CONTEXT('USERENV','SESSION_USER') ORDER BY granted_role";
const USER_PRIVILEGES =
  "SELECT privilege FROM user_sys_privs WHERE username = SYS_CONTEXT('USERENV','SESSION_USER') ORDER BY privilege";
const OBJECT_GRANTS = `SELECT privilege, owner, table_name FROM user_tab_privs
WHERE grantee = SYS_CONTEXT('USERENV','SESSION_USER') ORDER BY owner, table_name, privilege`;

/** Each right is tried, as the reader will use it: by role, by grant or through PUBLIC is the same. */
export async function lookAtRights(inquiry: Inquiry, trail: TrailFacts): Promise<RightsFacts> {
  const needs = new Map<string, Answer<unknown>>();
  for (const { word, right } of NEEDS) needs.set(word, await tryRight(inquiry, trail, word, right));
  const roles = await inquiry.ask(USER_ROLES);
  const privileges = await inquiry.ask(USER_PRIVILEGES);
  const names = (answer: Awaited<ReturnType<Inquiry["ask"]>>) =>
    mapAnswer(answer, (rows) => rows.map(([name]) => textOf(name)));
  return {
    needs,
    roles: names(await inquiry.ask(ROLES)),
    privileges: names(await inquiry.ask(PRIVILEGES)),
    grants: roles.known
      ? mapAnswer(names(privileges), (more) => [...roles.value.map(([name]) => textOf(name)), ...more])
      : roles,
    objectGrants: mapAnswer(await inquiry.ask(OBJECT_GRANTS), (rows) =>
      rows.map(([privilege, owner, name]) => `${textOf(privilege)} ON ${textOf(owner)}.${textOf(name)}`),
    ),
  };
}

async function tryRight(inquiry: Inquiry, trail: TrailFacts, word: string, right: string): Promise<Answer<unknown>> {
  switch (word) {
    case "audit-viewer":
      return trail.view;
    case "aud-unified":
      return trail.table;
    case "gv-unified-audit-trail":
      return trail.files;
    case "dbms-lock":
      return inquiry.compile(LOCK_PROBE);
    default:
      return inquiry.describe(describeStatement(right.replace("READ ON ", "").toLowerCase()));
  }
}

/** One finding for each right that the reader needs, in the order in which they are granted. */
export function judgeRights(
  instance: InstanceFacts,
  { needs }: RightsFacts,
  access: TrailAccess,
): readonly CheckFinding[] {
  const { user } = instance;
  return NEEDS.map(({ word, right, why, use }) => {
    const { ok, warning, failure } = about(`right.${word}`, why);
    const answer = needs.get(word);
    if (answer?.known) return ok(`${user} holds ${right}`);
    const isEssential = use === "reading" || (use === "direct" && isLost(instance, access));
    const bad = isEssential ? failure : warning;
    if (answer && !answer.refused) return bad(`whether ${user} holds ${right} cannot be told (${answer.reason})`);
    return bad(`${user} lacks ${right}`, grantHere(right, instance));
  });
}
