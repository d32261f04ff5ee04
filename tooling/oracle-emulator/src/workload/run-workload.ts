import type { Clock } from "@das/core";
import type { AuditRow } from "../model/audit-row.ts";
import { follows } from "../model/replicate.ts";
import { type Container, primaryOf, rootOf, type Site, siteNamed, type World } from "../model/world.ts";
import { type AuditOptions, audit } from "../model/write-rows.ts";
import type { Workload } from "./workload.ts";

/** Where the activity is; the primary and its first PDB, or its root where there is none. */
export interface WorkloadPlace {
  readonly site?: string;
  /** Where no site is named: it moves with the role; of standbys to the first that is open. Default the primary. */
  readonly role?: "primary" | "standby";
  /** GUID. */
  readonly container?: string;
}

/** The container that people work in. */
export function workContainer(site: Site): Container {
  return site.containers.find(({ conId }) => conId >= 3) ?? rootOf(site);
}

/** Undefined while nobody can work there. */
function siteOf(world: World, { site, role = "primary" }: WorkloadPlace): Site | undefined {
  const isOpen = ({ openMode }: Site) => openMode !== "DOWN";
  const isReadable = (each: Site) => follows(world, each) && each.openMode.startsWith("READ");
  if (site === undefined && role === "standby") return world.sites.find(isReadable);
  const found = site === undefined ? primaryOf(world) : siteNamed(world, site);
  return isOpen(found) ? found : undefined;
}

/** The rows go where the site lets them: into its table, or into its files; nowhere while nobody can work there. */
export function appendWorkload(
  world: World,
  rows: readonly AuditRow[],
  now: number,
  place: WorkloadPlace = {},
  options: AuditOptions = {},
): World {
  const site = siteOf(world, place);
  if (!site) return world;
  return audit(world, site.uniqueName, place.container ?? workContainer(site).guid, rows, now, options);
}

const ROWS_PER_STEP = 500;

/** A backlog: `count` rows whose times are spread evenly over the span before `now`. */
export function preloadWorkload(
  world: World,
  workload: Workload,
  count: number,
  span: number,
  now: number,
  place: WorkloadPlace = {},
): World {
  let changed = world;
  for (let made = 0; made < count; made += ROWS_PER_STEP) {
    const from = now - span + (span * made) / count;
    const step = Math.min(ROWS_PER_STEP, count - made);
    const to = now - span + (span * (made + step)) / count;
    const rows = workload.generate(step, Math.floor(from), Math.floor(to));
    changed = appendWorkload(changed, rows, Math.floor(to), place);
  }
  return changed;
}

export interface RunningWorkload {
  /** Rows a second; 0 pauses. */
  rate: number;
  readonly generated: number;
  /** Resolves when nothing more is generated. */
  stop(): Promise<void>;
}

/** What the workload needs of an emulator. */
export interface WorkloadTarget {
  /** True time. */
  now(): number;
  readonly world: World;
  change(transition: (world: World, now: number) => World): void;
}

const TICK = 50;

/**
 * Generates at a rate until it is stopped, by the clock of the site where the activity is. When the site ends its
 * sessions, or the role that is followed moves to another one, everybody logs on again there.
 */
export function runWorkload(
  target: WorkloadTarget,
  workload: Workload,
  rate: number,
  clock: Clock,
  place: WorkloadPlace = {},
  options: AuditOptions = {},
): RunningWorkload {
  const stopping = new AbortController();
  const running = { rate, generated: 0, stop };

  async function loop(): Promise<void> {
    let owed = 0;
    let before = clock.monotonic();
    let connectedTo: string | undefined;
    while (!stopping.signal.aborted) {
      await clock.sleep(TICK, stopping.signal);
      const now = clock.monotonic();
      const site = siteOf(target.world, place);
      const connection = site && `${site.uniqueName} ${site.sessionPeriod}`;
      if (connectedTo !== undefined && connectedTo !== connection) workload.disconnect?.();
      connectedTo = connection;
      // What nobody could do is not made up for.
      owed = site ? owed + (running.rate * (now - before)) / 1000 : 0;
      const count = Math.floor(owed);
      if (site && count > 0 && !stopping.signal.aborted) {
        const to = target.now() + site.clockShift;
        const rows = workload.generate(count, Math.floor(to - (now - before)), to);
        target.change((world, at) => appendWorkload(world, rows, at, place, options));
        owed -= rows.length;
        running.generated += rows.length;
      }
      before = now;
    }
  }
  const ended = loop();

  function stop(): Promise<void> {
    stopping.abort();
    return ended;
  }
  return running;
}
