/** Who is primary: switchover, failover, reinstatement, snapshot standbys (Oracle notes §§3.1 to 3.4). */
import { follows, lastShipment, shipRedo } from "./replicate.ts";
import { endAllSessions } from "./session-locks.ts";
import {
  type DatabaseHistory,
  type OpenMode,
  primaryOf,
  type Site,
  scnAt,
  siteNamed,
  type World,
  withSite,
} from "./world.ts";
import { advance, commitAll } from "./write-rows.ts";

/**
 * Both sides agree: nothing is lost, the old primary becomes a standby of the new one. Sessions of both end, and with
 * them their locks; files stay where they are.
 */
export function switchover(world: World, to: string, now: number): World {
  const from = world.primary;
  if (from === to) return advance(world, now);
  const finished = advance(withSite(world, commitAll(siteNamed(world, from))), now);
  const old = siteNamed(finished, from);
  const promoted = followerNamed(finished, to);
  const [switchover, numbered] = nextNumber(finished);
  const history = { ...old.history, switchover };
  const changed = [
    {
      ...endAllSessions(promoted),
      role: "PRIMARY" as const,
      openMode: "READ WRITE" as const,
      containers: old.containers,
      becamePrimaryScn: scnAt(now),
    },
    {
      ...endAllSessions(old),
      role: "PHYSICAL STANDBY" as const,
      openMode: standbyMode(old),
      appliedTo: lastShipment(finished) + 1,
    },
  ].reduce(withSite, numbered);
  return begin(changed, to, history, now);
}

export interface FailoverOptions {
  /** What the standby has not applied yet never reached it; otherwise all redo did, and nothing is lost. */
  readonly losesRedo: boolean;
  /** The old primary goes on, not knowing (split brain), or is gone. */
  readonly oldPrimary?: "open" | "down";
}

/**
 * The standby takes over alone. The rows that it does not have are gone in its history; the old primary keeps them
 * until it is reinstated. Another standby that is ahead of the new primary follows no longer.
 */
export function failover(world: World, to: string, now: number, options: FailoverOptions): World {
  const begun = advance(world, now);
  const old = primaryOf(begun);
  const promoted = followerNamed(begun, to);
  const [activation, numbered] = nextNumber(begun);
  const history = { resetlogsChange: scnAt(now), activation, switchover: old.history.switchover };
  const appliedTo = options.losesRedo ? promoted.appliedTo : lastShipment(begun);
  const left: Site = { ...old, isDiverged: true };
  const changed = [
    {
      ...endAllSessions(promoted),
      role: "PRIMARY" as const,
      openMode: "READ WRITE" as const,
      containers: options.losesRedo ? promoted.containers : old.containers,
      becamePrimaryScn: scnAt(now),
    },
    options.oldPrimary === "open" ? left : { ...endAllSessions(left), openMode: "DOWN" as const },
    ...begun.sites
      .filter((site) => follows(begun, site) && site.uniqueName !== to)
      .map((site) => (site.appliedTo > appliedTo ? { ...site, isDiverged: true } : site)),
  ].reduce(withSite, numbered);
  return begin(changed, to, history, now);
}

/** What diverged becomes a standby again: what it had alone is discarded, its files stay. */
export function reinstate(world: World, siteName: string, now: number): World {
  const begun = advance(world, now);
  const site = siteNamed(begun, siteName);
  if (siteName === begun.primary) return begun;
  return followAgain(begun, site, standbyMode(site), now);
}

/** CONVERT TO SNAPSHOT STANDBY: open for writing, with a history of its own. */
export function convertToSnapshotStandby(world: World, siteName: string, now: number): World {
  return openForWriting(world, siteName, "SNAPSHOT STANDBY", now);
}

/** RECOVER TO LOGICAL STANDBY: it writes a trail of its own; the primary's rows reach it no longer. */
export function convertToLogicalStandby(world: World, siteName: string, now: number): World {
  return openForWriting(world, siteName, "LOGICAL STANDBY", now);
}

function openForWriting(
  world: World,
  siteName: string,
  role: "SNAPSHOT STANDBY" | "LOGICAL STANDBY",
  now: number,
): World {
  const begun = advance(world, now);
  const site = followerNamed(begun, siteName);
  const [activation, numbered] = nextNumber(begun);
  return withSite(numbered, {
    ...endAllSessions(site),
    role,
    openMode: "READ WRITE",
    history: { ...site.history, resetlogsChange: scnAt(now), activation },
  });
}

/** CONVERT TO PHYSICAL STANDBY, from either: flashed back, so what it wrote to its table is discarded. */
export function convertToPhysicalStandby(
  world: World,
  siteName: string,
  now: number,
  openMode: OpenMode = "READ ONLY WITH APPLY",
): World {
  const begun = advance(world, now);
  const site = siteNamed(begun, siteName);
  if (site.role !== "SNAPSHOT STANDBY" && site.role !== "LOGICAL STANDBY")
    throw new Error(`oracle-emulator: ${siteName} is a ${site.role}`);
  return followAgain(begun, site, openMode, now);
}

/** Milliseconds by which a standby is behind; Infinity stops apply. What it shows is never taken back. */
export function setReplicationLag(world: World, siteName: string, replicationLag: number, now: number): World {
  const begun = advance(world, now);
  return advance(withSite(begun, { ...siteNamed(begun, siteName), replicationLag }), now);
}

/** From now on the standbys follow the new primary, in its history. */
function begin(world: World, primary: string, history: DatabaseHistory, now: number): World {
  const containers = siteNamed(world, primary).containers;
  const begun: World = { ...world, primary, shipments: [{ number: lastShipment(world) + 1, at: now, containers }] };
  const sites = begun.sites.map((site) =>
    site.uniqueName === primary || follows(begun, site) ? { ...site, history } : site,
  );
  return shipRedo({ ...begun, sites }, now);
}

/** Flashed back to where it left the primary, and recovered: it shows what the primary is now. */
function followAgain(world: World, site: Site, openMode: OpenMode, now: number): World {
  const { containers, history } = primaryOf(world);
  const following: Site = {
    ...endAllSessions(site),
    role: "PHYSICAL STANDBY",
    openMode,
    isDiverged: false,
    containers,
    history,
    pending: site.pending.filter(({ branch }) => branch === "files"),
    appliedTo: lastShipment(world),
  };
  return advance(withSite(world, following), now);
}

function followerNamed(world: World, name: string): Site {
  const site = siteNamed(world, name);
  if (!follows(world, site)) throw new Error(`oracle-emulator: ${name} is no standby that follows ${world.primary}`);
  return site;
}

function standbyMode({ openMode }: Site): OpenMode {
  return openMode === "MOUNTED" ? "MOUNTED" : "READ ONLY WITH APPLY";
}

function nextNumber(world: World): readonly [string, World] {
  const lastNumber = world.lastNumber + 1;
  return [String(BigInt(world.dbid) + BigInt(lastNumber)), { ...world, lastNumber }];
}
