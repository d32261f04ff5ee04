import type { CheckFinding } from "@das/core";
import type { Answer, Inquiry } from "./answer.ts";
import { about } from "./finding.ts";

/** May the procedures of `das_owner` be executed, where they are installed? (Oracle notes §§2.4 e, 4.2) */
export interface OwnProcedures {
  readonly canary: Answer<boolean>;
  readonly advance: Answer<boolean>;
}

const CANARY_PROBE = "BEGIN IF FALSE THEN das_owner.das_canary; END IF; END;";
const ADVANCE_PROBE = "BEGIN IF FALSE THEN das_owner.das_advance(NULL); END IF; END;";

export async function lookAtOwnProcedures(inquiry: Inquiry): Promise<OwnProcedures> {
  return { canary: await inquiry.compile(CANARY_PROBE), advance: await inquiry.compile(ADVANCE_PROBE) };
}

/** For information: the stream works without either. */
export function judgeOwnProcedures({ canary, advance }: OwnProcedures): readonly CheckFinding[] {
  const canaryTopic = about(
    "canary",
    "Its row, every few minutes, proves policies, table, disk and reader together; without it silence may be quiet or broken",
  );
  const advanceTopic = about(
    "purge-hand-over",
    "The publisher can advance the archive timestamp to what is on the stream, through this narrow procedure and no other right",
  );
  return [
    judge(canaryTopic, canary, "DAS_OWNER.DAS_CANARY", "no canary is installed"),
    judge(advanceTopic, advance, "DAS_OWNER.DAS_ADVANCE", "the archive timestamp is the administrators' to advance"),
  ];
}

function judge(
  { ok, warning }: ReturnType<typeof about>,
  answer: Answer<boolean>,
  procedure: string,
  otherwise: string,
): CheckFinding {
  if (answer.known) return ok(`${procedure} is installed and may be executed`);
  if (answer.refused) return ok(`${procedure} is not there for the reader: ${otherwise}`);
  return warning(`whether ${procedure} may be executed cannot be looked at (${answer.reason})`);
}
