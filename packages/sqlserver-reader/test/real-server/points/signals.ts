/** SQL Server notes §10.10: the signals from which losses are told, and the lock of a holder that is gone. */
import { Administrator, literal } from "../administrator.ts";
import { beyondReach, either, type UnverifiedPoint } from "./unverified-point.ts";

export const SIGNAL_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 10,
    question: "sys.dm_xe_sessions shows the audit's session <audit>$A, with its counters, to the reader",
    settle: async (server) => {
      await using audit = await server.createAudit();
      const reader = await server.reader();
      await using session = await Administrator.connect(reader.address);
      const { rows, errors } = await session.attempt(
        `SELECT dropped_event_count, dropped_buffer_count, blocked_event_fire_time FROM sys.dm_xe_sessions WHERE name = ${literal(`${audit.name}$A`)}`,
      );
      // Where it does not, a failed write is a loss that only the error log shows: check says so.
      return either(errors.length > 0 ? `error ${errors.join(", ")}` : rows.length === 1 ? "yes" : "no");
    },
  },
  {
    section: 10,
    question: "xp_readerrorlog answers the reader, and the administrator",
    settle: async (server) => {
      const reader = await server.reader();
      await using session = await Administrator.connect(reader.address);
      const says = async (asked: Administrator) => {
        const { rows, errors } = await asked.attempt("EXEC sys.xp_readerrorlog 0, 1, N'Audit'");
        return errors.length > 0 ? `error ${errors.join(", ")}` : `${rows.length} lines`;
      };
      return either(`${await says(session)}, and ${await says(server.administrator)}`);
    },
  },
  {
    section: 10,
    question: "a second STATE = ON starts a new file",
    settle: async (server) => {
      await using audit = await server.createAudit();
      await audit.append(1);
      const before = (await audit.look()).at(-1)?.path;
      await server.administrator.attempt(`ALTER SERVER AUDIT [${audit.name}] WITH (STATE = ON)`);
      await audit.append(1);
      return either((await audit.look()).at(-1)?.path === before ? "no" : "yes");
    },
  },
  beyondReach(
    10,
    "the server ends the session, and frees the lock, of a host that died within",
    "needs a host that dies without closing its connection",
  ),
];
