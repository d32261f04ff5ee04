/** Redo from the primary to its standbys: a standby shows what the primary was, so it never shows what it never was. */
import { primaryOf, type Shipment, type Site, type World } from "./world.ts";

/** Notes what the primary is now, and lets the standbys have what has reached them. */
export function shipRedo(world: World, now: number): World {
  const { containers } = primaryOf(world);
  const isNew = world.shipments.at(-1)?.containers !== containers;
  const shipments = isNew
    ? [...world.shipments, { number: lastShipment(world) + 1, at: now, containers }]
    : world.shipments;
  const sites = world.sites.map((site) => (follows(world, site) ? apply(site, shipments, now) : site));
  const kept = withoutApplied(world, shipments, now);
  if (kept === world.shipments && sites.every((site, index) => site === world.sites[index])) return world;
  return { ...world, sites, shipments: kept };
}

/** The number of what the primary is now. */
export function lastShipment({ shipments }: World): number {
  return shipments.at(-1)?.number ?? 0;
}

export function follows(world: World, site: Site): boolean {
  return site.role === "PHYSICAL STANDBY" && !site.isDiverged && site.uniqueName !== world.primary;
}

/** Not while the database is open read only without apply, or down: it catches up when it is opened again. */
function apply(site: Site, shipments: readonly Shipment[], now: number): Site {
  if (site.openMode !== "READ ONLY WITH APPLY" && site.openMode !== "MOUNTED") return site;
  const arrived = shipments.findLast(({ at, number }) => at <= now - site.replicationLag && number > site.appliedTo);
  return arrived ? { ...site, containers: arrived.containers, appliedTo: arrived.number } : site;
}

/** Those that some standby may still be about to apply, and what the primary is now. */
function withoutApplied(world: World, shipments: readonly Shipment[], now: number): readonly Shipment[] {
  let longest = 0;
  for (const site of world.sites) {
    if (follows(world, site) && Number.isFinite(site.replicationLag)) {
      longest = Math.max(longest, site.replicationLag);
    }
  }
  const first = shipments.findLastIndex(({ at }) => at <= now - longest);
  return first <= 0 ? shipments : shipments.slice(first);
}
