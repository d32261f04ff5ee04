import type { CheckFinding, Clock } from "@das/core";
import { type Answer, type Inquiry, mapAnswer, textOf } from "./answer.ts";
import { about } from "./finding.ts";

/** The server's clock beside ours. Milliseconds. */
export interface ClockFacts {
  /** Since 1970, by the server. */
  readonly server: number;
  /** Since 1970, by this host, half way between question and answer. */
  readonly host: number;
  /** How long the answer took: the difference is known to half of it. */
  readonly roundTrip: number;
}

const SERVER_TIME = "SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), 'YYYY-MM-DD HH24:MI:SS.FF6') FROM dual";

export async function lookAtClock(inquiry: Inquiry, clock: Clock): Promise<Answer<ClockFacts>> {
  const asked = clock.monotonic();
  const answer = await inquiry.ask(SERVER_TIME);
  const roundTrip = clock.monotonic() - asked;
  const host = clock.now() - roundTrip / 2;
  return mapAnswer(answer, ([row]) => ({ server: epochMilliseconds(textOf(row?.[0])), host, roundTrip }));
}

/** Of `yyyy-mm-dd hh:mi:ss[.ffffff]`, UTC. */
export function epochMilliseconds(text: string): number {
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, 23)}Z`);
}

/** `yyyy-mm-dd hh:mi:ss.fff000`, UTC. */
export function sqlTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23).replace("T", " ")}000`;
}

/** Milliseconds. Hosts that follow a time service agree to a fraction of it; what does not follow one drifts past it in days. */
const TOLERATED = 5_000;

export function judgeClock(clock: Answer<ClockFacts>): CheckFinding {
  const { ok, warning } = about(
    "clock",
    "Events bear the server's time: who compares them with other logs, or begins at a time, relies on it",
  );
  if (!clock.known) return warning(`the server's clock cannot be looked at (${clock.reason})`);
  const { server, host, roundTrip } = clock.value;
  const difference = server - host;
  if (Math.abs(difference) <= TOLERATED + roundTrip / 2) {
    return ok(`the clocks of server and this host agree (${seconds(difference)} apart)`);
  }
  const direction = difference > 0 ? "ahead of" : "behind";
  return warning(
    `the server's clock is ${seconds(difference)} ${direction} this host's`,
    "Let both follow a time service (w32tm /query /status; chronyc tracking)",
  );
}

function seconds(milliseconds: number): string {
  return `${(Math.abs(milliseconds) / 1000).toFixed(1)} s`;
}
