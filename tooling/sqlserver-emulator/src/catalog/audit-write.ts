/** sys.sp_audit_write: a row of the user's own, for the audits that hear USER_DEFINED_AUDIT_GROUP. */
import { recordAction } from "../model/audited-action.ts";
import { sessionRow } from "../session-rows.ts";
import { numberOf } from "../sql/compare.ts";
import type { Procedure } from "../sql/context.ts";
import { ServerError } from "../sql/server-error.ts";

const LONGEST_INFORMATION = 4000;
const LEAST_EVENT_ID = -(2 ** 15);
const MOST_EVENT_ID = 2 ** 15 - 1;

/** An extended procedure takes its arguments by position, whatever they are called, and anybody may execute it. */
export const AUDIT_WRITE: Procedure = (args, context) => {
  const [eventId = null, succeeded = true, information = null] = args.map(({ value }) => value);
  if (eventId === null)
    throw new ServerError(
      201,
      "Procedure or function 'sp_audit_write' expects parameter '@user_defined_event_id', which was not supplied.",
      16,
      4,
    );
  const id = Number(numberOf(eventId));
  if (!(id >= LEAST_EVENT_ID && id <= MOST_EVENT_ID) || (information !== null && typeof information !== "string"))
    return { status: 1 };
  const { engine, session, statement } = context;
  const row = sessionRow(
    engine,
    session,
    {
      action_id: "UDAU",
      // Which class such a row has is not known.
      class_type: "DU",
      succeeded: succeeded === null || Number(numberOf(succeeded)) !== 0,
      user_defined_event_id: id,
      user_defined_information: String(information ?? "").slice(0, LONGEST_INFORMATION),
      statement,
    },
    "in database",
  );
  engine.changeTrail((trail, now) => recordAction(trail, "USER_DEFINED_AUDIT_GROUP", session.database, row, now));
  return { status: 0 };
};
