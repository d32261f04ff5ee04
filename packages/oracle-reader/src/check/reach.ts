import { type CheckFinding, DasError } from "@das/core";
import type { ConnectionOptions } from "../connection-options.ts";
import { numberOf } from "./answer.ts";
import { about } from "./finding.ts";
import { quoteName } from "./statement.ts";

const REACH = "Nothing can be read without a connection";
const LOGIN = "The publisher reads as this user; without it nothing reaches the stream";
const TLS = "The user's password and every audited statement travel on this connection";
const SESSION = "Times come in the session's time zone: in another one than UTC events would bear wrong times";

export function judgeConnected(options: ConnectionOptions): readonly CheckFinding[] {
  return [
    about("reach", REACH).ok(`${addressOf(options)} answers, and knows the service ${options.service}`),
    about("login", LOGIN).ok(`user ${options.user} is accepted`),
    // The connection looks at it itself, and is none where it is not so.
    about("session", SESSION).ok("the session's time zone is +00:00, its formats are the reader's"),
  ];
}

/** Which of the steps of connecting failed; anything that is no error of a connection is thrown on. */
export function judgeUnconnected(options: ConnectionOptions, error: unknown): readonly CheckFinding[] {
  if (!(error instanceof DasError)) throw error;
  const answers = about("reach", REACH).ok(`${addressOf(options)} answers`);
  const login = about("login", LOGIN);
  switch (error.code) {
    case "login-refused":
      return [answers, login.failure(error.what, loginRepair(options, numberOf(error)) ?? error.remedy)];
    case "right-missing":
      return [answers, login.failure(error.what, `GRANT CREATE SESSION TO ${nameOf(options)};`)];
    case "tls-refused":
    case "certificate-refused":
      return [answers, about("tls", TLS).failure(error.what, error.remedy)];
    case "session-refused":
      return [answers, login.ok(`user ${options.user} is accepted`), sessionRefused(error)];
    default:
      return [about("reach", REACH).failure(error.what, closedRepair(numberOf(error)) ?? error.remedy)];
  }
}

function sessionRefused(error: DasError): CheckFinding {
  return about("session", SESSION).failure(error.what, error.remedy);
}

function addressOf({ host, port = 1521 }: ConnectionOptions): string {
  return `${host}:${port}`;
}

/** As the dictionary has it. */
function nameOf({ user }: ConnectionOptions): string {
  return quoteName(user.startsWith('"') ? user.slice(1, -1) : user.toUpperCase());
}

function loginRepair(options: ConnectionOptions, number: number | undefined): string | undefined {
  const user = nameOf(options);
  switch (number) {
    case 28000:
      return `ALTER USER ${user} ACCOUNT UNLOCK;`;
    case 28001:
      return `ALTER USER ${user} IDENTIFIED BY "<new password>";`;
    default:
      return undefined;
  }
}

/** ORA-01033 is all that anybody but administrators hears of a database that is mounted. */
function closedRepair(number: number | undefined): string | undefined {
  if (number !== 1033) return undefined;
  return [
    "-- a standby that is only mounted lets nobody in: what is audited there",
    "-- reaches the stream once it is open (applying redo: Active Data Guard)",
    "ALTER DATABASE OPEN READ ONLY;",
  ].join("\n");
}
