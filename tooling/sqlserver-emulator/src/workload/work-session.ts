import type { Person } from "./population.ts";
import type { Random } from "./random.ts";

/** A connection of somebody who works: its columns are the same in all its rows, so they share their texts. */
export interface WorkSession {
  readonly person: Person;
  readonly sessionId: number;
  readonly connectionId: string;
  readonly tlsVersion: number;
  readonly tlsVersionName: string;
}

const TLS_VERSIONS = [
  { tlsVersion: 771, tlsVersionName: "1.2" },
  { tlsVersion: 0, tlsVersionName: "" },
];

export function openWorkSession(random: Random, person: Person, taken: ReadonlySet<number>): WorkSession {
  let sessionId = random.between(51, 400);
  while (taken.has(sessionId)) sessionId += 1;
  return { person, sessionId, connectionId: random.guid(), ...random.pick(TLS_VERSIONS) };
}
