import type { CheckFinding, CheckTopic } from "@das/core";
import { ownerOf } from "../provision/names.ts";
import type { Answer, Inquiry } from "./answer.ts";
import { exceptedOf } from "./enabled-policies.ts";
import { about } from "./finding.ts";
import { type InstanceFacts, ROOT } from "./instance-facts.ts";
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

export async function lookAtOwnProcedures(inquiry: Inquiry, instance: InstanceFacts): Promise<OwnProcedures> {
  const owner = ownerOf(instance);
  const probe = (call: string) => inquiry.compile(`BEGIN IF FALSE THEN ${owner}.${call}; END IF; END;`);
  return { canary: await probe("das_canary"), advance: await probe("das_advance(NULL)") };
}

/** A procedure of the owner's, and how it is installed by hand; `das start` does the same. */
interface Procedure {
  readonly name: string;
  readonly otherwise: string;
  readonly installation: readonly string[];
  readonly afterwards: readonly string[];
}

function canaryOf(instance: InstanceFacts): Procedure {
  const owner = ownerOf(instance);
  return {
    name: `${owner}.DAS_CANARY`,
    otherwise: "no canary is installed",
    installation: [creationOf(instance), `CREATE OR REPLACE PROCEDURE ${owner}.das_canary AS BEGIN NULL; END;\n/`],
    afterwards: [
      `CREATE AUDIT POLICY das_canary_pol ACTIONS EXECUTE ON ${owner}.das_canary;\nAUDIT POLICY das_canary_pol;`,
    ],
  };
}

/** It may advance the timestamp to no later than a day ago, and nothing else. */
function advanceOf(instance: InstanceFacts): Procedure {
  const owner = ownerOf(instance);
  return {
    name: `${owner}.DAS_ADVANCE`,
    otherwise: "the archive timestamp is the administrators' to advance",
    installation: [
      creationOf(instance),
      `GRANT AUDIT_ADMIN TO ${owner} WITH DELEGATE OPTION;
GRANT EXECUTE ON AUDSYS.DBMS_AUDIT_MGMT TO ${owner};
CREATE OR REPLACE PROCEDURE ${owner}.das_advance(p_ts VARCHAR2) AS
  v TIMESTAMP := TO_TIMESTAMP(p_ts, 'YYYY-MM-DD HH24:MI:SS.FF6');
BEGIN
  IF v > SYS_EXTRACT_UTC(SYSTIMESTAMP) - INTERVAL '24' HOUR THEN RAISE_APPLICATION_ERROR(-20001, 'retention'); END IF;
  AUDSYS.DBMS_AUDIT_MGMT.SET_LAST_ARCHIVE_TIMESTAMP(51, v);
END;
/
GRANT AUDIT_ADMIN TO PROCEDURE ${owner}.das_advance;`,
    ],
    afterwards: [],
  };
}

function creationOf(instance: InstanceFacts): string {
  const everywhere = instance.containerId === ROOT ? " CONTAINER=ALL" : "";
  return `-- once: CREATE USER ${ownerOf(instance)} NO AUTHENTICATION${everywhere}\n-- (up to 12.2 with a password, and locked)`;
}

/** For information, unless the configuration counts on them: the stream works without either. */
export function judgeOwnProcedures(
  { canary, advance }: OwnProcedures,
  wanted: WantedProcedures,
  policies: Answer<readonly Policy[]>,
  instance: InstanceFacts,
): readonly CheckFinding[] {
  const { user } = instance;
  const [canaryProcedure, advanceProcedure] = [canaryOf(instance), advanceOf(instance)];
  const canaryTopic = about(
    "canary",
    "Its row, every few minutes, proves policies, table, disk and reader together; without it silence may be quiet or broken",
  );
  const advanceTopic = about(
    "purge-hand-over",
    "The publisher can advance the archive timestamp to what is on the stream, through this narrow procedure and no other right",
  );
  const handOver = judge(advanceTopic, advance, wanted.handOver, advanceProcedure, user);
  const { name, afterwards } = canaryProcedure;
  if (canary.known && wanted.canary && policies.known && !policies.value.some((each) => records(each, user, name))) {
    return [
      canaryTopic.failure(`no enabled policy records ${name}, whose row is waited for`, afterwards.join("\n")),
      handOver,
    ];
  }
  return [judge(canaryTopic, canary, wanted.canary, canaryProcedure, user), handOver];
}

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
function records({ enablements, options }: Policy, user: string, canary: string): boolean {
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
      return type === "STANDARD ACTION" || (type === "OBJECT ACTION" && object === canary);
    })
  );
}
