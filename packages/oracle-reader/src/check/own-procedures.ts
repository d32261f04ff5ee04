import type { CheckFinding, CheckTopic } from "@das/core";
import type { Answer, Inquiry } from "./answer.ts";
import { exceptedOf } from "./enabled-policies.ts";
import { about } from "./finding.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { ALL_USERS, type Policy } from "./policies.ts";
import { grant } from "./statement.ts";

/** May the procedures of `das_owner` be executed, where they are installed? (Oracle notes §§2.4 e, 4.2) */
export interface OwnProcedures {
  readonly canary: Answer<boolean>;
  readonly advance: Answer<boolean>;
}

/** Which of them the configuration wants. */
export interface WantedProcedures {
  readonly canary: boolean;
  readonly handOver: boolean;
}

const CANARY_PROBE = "BEGIN IF FALSE THEN das_owner.das_canary; END IF; END;";
const ADVANCE_PROBE = "BEGIN IF FALSE THEN das_owner.das_advance(NULL); END IF; END;";

export async function lookAtOwnProcedures(inquiry: Inquiry): Promise<OwnProcedures> {
  return { canary: await inquiry.compile(CANARY_PROBE), advance: await inquiry.compile(ADVANCE_PROBE) };
}

const OWNER = "-- once: CREATE USER das_owner NO AUTHENTICATION\n-- (up to 12.2 with a password, and locked)";

const CANARY_POLICY = `CREATE AUDIT POLICY das_canary_pol ACTIONS EXECUTE ON das_owner.das_canary;
AUDIT POLICY das_canary_pol;`;

const CANARY = "CREATE OR REPLACE PROCEDURE das_owner.das_canary AS BEGIN NULL; END;\n/";

/** It may advance the timestamp to no later than a day ago, and nothing else. */
const ADVANCE = `GRANT AUDIT_ADMIN TO das_owner WITH DELEGATE OPTION;
GRANT EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT TO das_owner;
CREATE OR REPLACE PROCEDURE das_owner.das_advance(p_ts VARCHAR2) AS
  v TIMESTAMP := TO_TIMESTAMP(p_ts, 'YYYY-MM-DD HH24:MI:SS.FF6');
BEGIN
  IF v > SYS_EXTRACT_UTC(SYSTIMESTAMP) - INTERVAL '24' HOUR THEN RAISE_APPLICATION_ERROR(-20001, 'retention'); END IF;
  AUDSYS.DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(51, v);
END;
/
GRANT AUDIT_ADMIN TO PROCEDURE das_owner.das_advance;`;

/** For information, unless the configuration counts on them: the stream works without either. */
export function judgeOwnProcedures(
  { canary, advance }: OwnProcedures,
  wanted: WantedProcedures,
  policies: Answer<readonly Policy[]>,
  { user }: InstanceFacts,
): readonly CheckFinding[] {
  const canaryTopic = about(
    "canary",
    "Its row, every few minutes, proves policies, table, disk and reader together; without it silence may be quiet or broken",
  );
  const advanceTopic = about(
    "purge-hand-over",
    "The publisher can advance the archive timestamp to what is on the stream, through this narrow procedure and no other right",
  );
  if (canary.known && wanted.canary && policies.known && !policies.value.some((policy) => records(policy, user))) {
    return [
      canaryTopic.failure("no enabled policy records DAS_OWNER.DAS_CANARY, whose row is waited for", CANARY_POLICY),
      judge(advanceTopic, advance, wanted.handOver, ADVANCE_PROCEDURE, user),
    ];
  }
  return [
    judge(canaryTopic, canary, wanted.canary, CANARY_PROCEDURE, user),
    judge(advanceTopic, advance, wanted.handOver, ADVANCE_PROCEDURE, user),
  ];
}

interface Procedure {
  readonly name: string;
  readonly otherwise: string;
  readonly installation: readonly string[];
  readonly afterwards: readonly string[];
}

const CANARY_PROCEDURE: Procedure = {
  name: "DAS_OWNER.DAS_CANARY",
  otherwise: "no canary is installed",
  installation: [OWNER, CANARY],
  afterwards: [CANARY_POLICY],
};
const ADVANCE_PROCEDURE: Procedure = {
  name: "DAS_OWNER.DAS_ADVANCE",
  otherwise: "the archive timestamp is the administrators' to advance",
  installation: [OWNER, ADVANCE],
  afterwards: [],
};

function judge(
  { ok, warning, failure }: CheckTopic,
  answer: Answer<boolean>,
  isWanted: boolean,
  { name, otherwise, installation, afterwards }: Procedure,
  user: string,
): CheckFinding {
  if (answer.known) return ok(`${name} is installed and may be executed`);
  if (!answer.refused) return warning(`whether ${name} may be executed cannot be looked at (${answer.reason})`);
  const what = `${name} is not there for the reader`;
  if (!isWanted) return ok(`${what}: ${otherwise}`);
  const repair = [...installation, grant(`EXECUTE ON ${name}`, user), ...afterwards].join("\n");
  return failure(`${what}, and the configuration counts on it`, repair);
}

/** Does a policy leave a row when the reader executes the canary? */
function records({ enablements, options }: Policy, user: string): boolean {
  const excepted = exceptedOf(enablements);
  const isFor = enablements.some(
    ({ way, entity, success }) =>
      success && (way === "except" ? !excepted.includes(user) : entity === ALL_USERS || entity === user),
  );
  return (
    isFor &&
    options.known &&
    options.value.some(({ name, type, object }) => {
      if (name !== "ALL" && name !== "EXECUTE") return false;
      return type === "STANDARD ACTION" || (type === "OBJECT ACTION" && object === CANARY_PROCEDURE.name);
    })
  );
}
