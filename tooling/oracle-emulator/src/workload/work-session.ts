import type { VersionProfile } from "../version-profiles.ts";
import type { Person } from "./population.ts";
import type { Random } from "./random.ts";

/** A session of somebody who works: its columns are the same in all its rows, so they share their texts. */
export interface WorkSession {
  readonly person: Person;
  /** The audit session id, decimal. */
  readonly sessionId: string;
  readonly proxySessionId: string;
  readonly osProcess: string;
  readonly authenticationType: string | null;
  /** With LOGON_INFO, which only LOGON rows show. */
  readonly logonAuthenticationType: string | null;
  readonly clientIdentifier: string | null;
  /** ENTRY_ID and STATEMENT_ID that were used last; they only rise. */
  entry: number;
  statement: number;
}

export function openWorkSession(random: Random, person: Person, profile: VersionProfile): WorkSession {
  const authenticationType = authenticationTypeOf(random, person, profile);
  const shows = profile.major >= 19 && authenticationType !== null && person.authentication === "DATABASE";
  return {
    person,
    sessionId: newSessionId(random, profile),
    proxySessionId: person.proxy === undefined ? "0" : newSessionId(random, profile),
    osProcess: String(random.between(2000, 4_190_000)),
    authenticationType,
    logonAuthenticationType: shows && random.chance(0.5) ? authenticationType + LOGON_INFO : authenticationType,
    clientIdentifier: person.clientIdentifiers ? random.pick(person.clientIdentifiers) : null,
    entry: 0,
    statement: 0,
  };
}

/** As the Security Guide shows it; no real row with it was found. */
const LOGON_INFO = "(LOGON_INFO=((VERIFIER=12C-OK)(CLIENT_CAPABILITIES=O5L_NP,O7L_MR,O8L_LI)));";

/** Looks random, as Oracle's do; beyond 2^53 where the release has 60 bits (Oracle notes §1.3). */
export function newSessionId(random: Random, { sessionIdBits }: VersionProfile): string {
  if (sessionIdBits === 32) return String(random.between(1_000_000, 0xffff_fffe));
  const high = BigInt(random.between(0x0800_0000, 0x0fff_ffff));
  return String((high << 32n) | BigInt(random.bits()));
}

/** The shapes of Oracle notes §1.3: with and without the ADDRESS level, without a port, NULL. */
function authenticationTypeOf(random: Random, person: Person, { major }: VersionProfile): string | null {
  const { network, address, authentication } = person;
  if (network === "not shown") return null;
  const isLocal = network === "beq" || network === "unknown";
  const port = isLocal ? "" : `(PORT=${random.between(20_000, 65_000)})`;
  const groups = `(PROTOCOL=${network})(HOST=${address})${port}`;
  const shown = isLocal || major === 21 ? groups : `(ADDRESS=${groups})`;
  return `(TYPE=(${authentication}));(CLIENT ADDRESS=(${shown}));`;
}
