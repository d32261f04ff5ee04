/** Databases and containers opened, closed, renamed, copied. */
import { endAllSessions } from "./session-locks.ts";
import {
  type Container,
  type ContainerOpenMode,
  containerOf,
  type OpenMode,
  type Site,
  siteNamed,
  type World,
  withContainer,
  withSite,
} from "./world.ts";
import { advance, commitAll } from "./write-rows.ts";

/** STARTUP, or ALTER DATABASE OPEN. After a start no file is held by PMON any more. */
export function openDatabase(world: World, siteName: string, openMode: Exclude<OpenMode, "DOWN">, now: number): World {
  const begun = advance(world, now);
  const site = siteNamed(begun, siteName);
  const files = site.openMode === "DOWN" ? site.files.map((file) => ({ ...file, heldByPmon: false })) : site.files;
  return advance(withSite(begun, { ...site, openMode, files }), now);
}

/** SHUTDOWN: an abort loses what was stamped and not committed, and what was audited with it was never done. */
export function closeDatabase(world: World, siteName: string, how: "immediate" | "abort", now: number): World {
  const begun = advance(world, now);
  const site = siteNamed(begun, siteName);
  const stopped: Site = how === "immediate" ? commitAll(site) : { ...site, pending: [] };
  return advance(withSite(begun, { ...endAllSessions(stopped), openMode: "DOWN" }), now);
}

/** ALTER PLUGGABLE DATABASE … OPEN. */
export function openPluggable(
  world: World,
  siteName: string,
  container: string,
  mode: Exclude<ContainerOpenMode, "MOUNTED">,
  now: number,
): World {
  return setContainerMode(advance(world, now), siteName, container, mode);
}

/** ALTER PLUGGABLE DATABASE … CLOSE: what its sessions have stamped is committed first. */
export function closePluggable(world: World, siteName: string, container: string, now: number): World {
  const site = siteNamed(world, siteName);
  const committed = advance(withSite(world, commitAll(site)), now);
  return setContainerMode(committed, siteName, container, "MOUNTED");
}

function setContainerMode(world: World, siteName: string, container: string, mode: ContainerOpenMode): World {
  const site = siteNamed(world, siteName);
  const { guid } = containerOf(site, container);
  return withSite(world, { ...site, containerModes: { ...site.containerModes, [guid]: mode } });
}

/** ALTER PLUGGABLE DATABASE … RENAME GLOBAL_NAME: the GUID stays, and so does the source. On the primary. */
export function renamePluggable(world: World, siteName: string, container: string, name: string, now: number): World {
  const site = siteNamed(world, siteName);
  const renamed = withContainer(site, { ...containerOf(site, container), name });
  return advance(withSite(world, renamed), now);
}

/** CREATE PLUGGABLE DATABASE … FROM: another GUID and DBID, with the trail of the old one in its table. Closed at first. */
export function clonePluggable(
  world: World,
  siteName: string,
  from: string,
  to: Pick<Container, "guid" | "name" | "dbid">,
  now: number,
): World {
  const begun = advance(world, now);
  const site = siteNamed(begun, siteName);
  const conId = Math.max(...site.containers.map((container) => container.conId)) + 1;
  const clone = { ...containerOf(site, from), ...to, conId };
  return advance(withSite(begun, { ...site, containers: [...site.containers, clone] }), now);
}

/** DROP PLUGGABLE DATABASE, or its unplugging: its table is gone. */
export function dropPluggable(world: World, siteName: string, container: string, now: number): World {
  const begun = advance(world, now);
  const site = siteNamed(begun, siteName);
  const containers = site.containers.filter(({ guid }) => guid !== container);
  return advance(withSite(begun, { ...site, containers }), now);
}
