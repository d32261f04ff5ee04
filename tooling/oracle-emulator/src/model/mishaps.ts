/** What happens to a database, rather than what it does. */
import type { AuditRow } from "./audit-row.ts";
import { isWithin, removeRows, type TimeBounds } from "./audit-table.ts";
import { changeContainer, type Site, siteNamed, type World, withSite } from "./world.ts";
import { advance } from "./write-rows.ts";

/** The clock is set: later rows are stamped by it, earlier ones stay as they are. @param by milliseconds, added */
export function shiftClock(world: World, siteName: string, by: number): World {
  const site = siteNamed(world, siteName);
  return withSite(world, { ...site, clockShift: site.clockShift + by });
}

/** The tablespace of the table is full, offline or read only: rows go into files. */
export function setTableWritable(world: World, siteName: string, tableWritable: boolean, now: number): World {
  return change(world, siteName, now, { tableWritable });
}

/** The disk of the files is full: with the table not writable either, audited statements fail with ORA-02002. */
export function setFilesWritable(world: World, siteName: string, filesWritable: boolean, now: number): World {
  return change(world, siteName, now, { filesWritable });
}

/** Rows vanish without a trace: a flashback, an attack through the file system. */
export function deleteRows(
  world: World,
  siteName: string,
  container: string,
  isGone: (row: AuditRow) => boolean,
  now: number,
  bounds: TimeBounds = {},
): World {
  const changed = changeContainer(advance(world, now), siteName, container, (found) => ({
    ...found,
    table: removeRows(found.table, isGone, bounds),
  }));
  const site = siteNamed(changed, siteName);
  const files = site.files.flatMap((file) => {
    if (file.container !== container) return [file];
    const rows = file.rows.filter((row) => !(isWithin(row, bounds) && isGone(row)));
    return rows.length === 0 ? [] : [rows.length === file.rows.length ? file : { ...file, rows }];
  });
  return advance(withSite(changed, { ...site, files }), now);
}

/** As a restart after relinking leaves it. */
export function setUnifiedAuditing(
  world: World,
  siteName: string,
  unifiedAuditing: Site["unifiedAuditing"],
  now: number,
): World {
  return change(world, siteName, now, { unifiedAuditing });
}

/** ALTER SYSTEM SET. @param name lower case */
export function setParameter(world: World, siteName: string, name: string, value: string | null, now: number): World {
  const { parameters } = siteNamed(world, siteName);
  return change(world, siteName, now, { parameters: { ...parameters, [name]: value } });
}

function change(world: World, siteName: string, now: number, changed: Partial<Site>): World {
  const begun = advance(world, now);
  return withSite(begun, { ...siteNamed(begun, siteName), ...changed });
}
