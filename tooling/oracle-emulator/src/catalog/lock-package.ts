/** DBMS_LOCK, as far as the reader uses it (Oracle notes §3.3). */
import { releaseLock, requestLock } from "../model/session-locks.ts";
import { OracleError } from "../oracle-error.ts";
import { boolean, number, varchar2 } from "../sql-types.ts";
import { packageOf, parameter } from "./packages.ts";

const X_MODE = 6;
/** DBMS_LOCK.REQUEST: one of the arguments is wrong. */
const PARAMETER_ERROR = 3;
const TIMED_OUT = 1;
const HIGHEST_ID = 1_073_741_823;

export const DBMS_LOCK = packageOf(
  "SYS",
  "DBMS_LOCK",
  { NL_MODE: 1, SS_MODE: 2, SX_MODE: 3, S_MODE: 4, SSX_MODE: 5, X_MODE, MAXWAIT: 32_767 },
  {
    REQUEST: {
      parameters: [
        parameter("ID", number),
        parameter("LOCKMODE", number, X_MODE),
        parameter("TIMEOUT", number, 32_767),
        parameter("RELEASE_ON_COMMIT", boolean, false),
      ],
      result: number,
      run: (args, { engine, session }) => {
        const id = Number(args.get("ID") ?? Number.NaN);
        if (!Number.isInteger(id) || id < 0 || id > HIGHEST_ID) return PARAMETER_ERROR;
        if (Number(args.get("LOCKMODE")) !== X_MODE) throw notPlayed("a lock mode other than X_MODE");
        if (args.get("RELEASE_ON_COMMIT") === true) throw notPlayed("release_on_commit");
        let result = TIMED_OUT;
        engine.shared.change((world) => {
          const answer = requestLock(world, engine.siteName, id, engine.lockOwner(session));
          result = answer.result;
          return answer.world;
        });
        if (result === TIMED_OUT && Number(args.get("TIMEOUT")) !== 0) throw notPlayed("waiting for a lock");
        return result;
      },
    },
    RELEASE: {
      parameters: [parameter("ID", number)],
      result: number,
      run: (args, { engine, session }) => {
        let result = 4;
        engine.shared.change((world) => {
          const answer = releaseLock(world, engine.siteName, Number(args.get("ID")), engine.lockOwner(session));
          result = answer.result;
          return answer.world;
        });
        return result;
      },
    },
    // Its handle is an OUT parameter, and it writes and commits, which a standby refuses (Oracle notes §3.3).
    ALLOCATE_UNIQUE: {
      parameters: [parameter("LOCKNAME", varchar2(128)), parameter("LOCKHANDLE", varchar2(128), null)],
      run: () => {
        throw notPlayed("DBMS_LOCK.ALLOCATE_UNIQUE");
      },
    },
  },
);

/** A test that needs it shall see so. */
function notPlayed(what: string): OracleError {
  return new OracleError(20000, `oracle-emulator: ${what} is not played`);
}
