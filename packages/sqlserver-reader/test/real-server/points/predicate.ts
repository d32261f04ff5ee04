/** SQL Server notes §10.6: which rows of the reader the audit's predicate keeps out. */
import { systemClock } from "@das/core";
import { Administrator, identifier, type Row } from "../administrator.ts";
import type { TestLogin } from "../real-server.ts";
import type { UnverifiedPoint } from "./unverified-point.ts";

/** Milliseconds. */
const LOGOUTS_TAKE = 2_000;

async function logInAndOut({ address }: TestLogin): Promise<void> {
  await using session = await Administrator.connect(address);
  await session.run("SELECT 1 AS one");
}

export const PREDICATE_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 6,
    question: "with [session_server_principal_name] <> the reader, rows of the reader that are still written",
    settle: async (server) => {
      const reader = await server.createLogin("reader");
      const other = await server.createLogin("none");
      await using audit = await server.createAudit({
        groups: ["SUCCESSFUL_LOGIN_GROUP", "LOGOUT_GROUP", "FAILED_LOGIN_GROUP"],
        predicate: `[session_server_principal_name] <> N'${reader.name}'`,
      });
      await logInAndOut(reader);
      const refused = { ...reader, address: { ...reader.address, password: "wrong" } };
      const failed = await logInAndOut(refused).then(
        () => false,
        () => true,
      );
      await logInAndOut(other);
      const of = (rows: readonly Row[], { name }: TestLogin) =>
        rows
          .filter((row) => row.login === name)
          .map((row) => `${row.action} (session name "${row.session_name ?? "NULL"}")`);
      const columns =
        "RTRIM(action_id) AS action, server_principal_name AS login, session_server_principal_name AS session_name";
      // The other login comes after the reader: when its login is there, so is what the reader's login wrote. The end of
      // a session is noticed a little later.
      await audit.selectWhen(columns, (rows) => of(rows, other).length > 0);
      await systemClock.sleep(LOGOUTS_TAKE);
      const ofReader = of(await audit.select(columns), reader);
      return {
        says: ofReader.join(", ") || "none",
        // Whoever tries the reader's password must be seen.
        copes: failed && ofReader.some((text) => text.startsWith("LGIF")),
      };
    },
  },
  {
    section: 6,
    question: "an action under EXECUTE AS LOGIN = the reader is audited",
    settle: async (server) => {
      const reader = await server.createLogin("reader");
      await using audit = await server.createAudit({
        predicate: `[session_server_principal_name] <> N'${reader.name}'`,
      });
      await server.administrator.run(`EXECUTE AS LOGIN = N'${reader.name}';
EXEC sys.sp_audit_write @user_defined_event_id = 1, @succeeded = 1, @user_defined_information = N'as the reader';
REVERT`);
      await audit.append(1);
      const seen = (await audit.look()).some(({ information }) => information === "as the reader");
      return { says: seen ? "yes" : `no: a DBA hides behind ${identifier("the reader")}`, copes: seen };
    },
  },
];
