/** What may happen to an Oracle primary, `a`, and its standby, `b`, while people work (Oracle notes §3). */
import {
  closeDatabase,
  failover,
  openDatabase,
  reinstate,
  renamePluggable,
  type Site,
  setReplicationLag,
} from "@das/oracle-emulator";
import { type OracleDataGuard, SITES } from "../databases/oracle-data-guard.ts";
import type { Scene } from "../scene.ts";
import { aWhile, everythingPublished, restartPublishers, somethingPublished, startPublishers } from "./publishing.ts";

type DataGuard = Scene<OracleDataGuard>;

export async function switchover({ database }: DataGuard): Promise<void> {
  database.switchRoles();
}

export async function switchoverAndBack(scene: DataGuard): Promise<void> {
  scene.database.switchRoles();
  await somethingPublished(scene);
  scene.database.switchRoles();
}

/** The old primary is gone; the standby has everything that it wrote. */
export async function failoverWithoutLoss({ database }: DataGuard): Promise<void> {
  database.change((world, now) => failover(world, SITES.b, now, { losesRedo: false }));
}

/** The standby was behind, and what it lacks was on the stream already. */
export async function failoverThatLosesPublishedRedo(scene: DataGuard): Promise<void> {
  const { database } = scene;
  database.change((world, now) => setReplicationLag(world, SITES.b, Number.POSITIVE_INFINITY, now));
  await aWhile();
  await scene.pause();
  await everythingPublished(scene);
  database.change((world, now) => failover(world, SITES.b, now, { losesRedo: true }));
  scene.play();
}

/** The standby was behind, and the old primary's publisher was dead before. */
export async function failoverThatLosesUnpublishedRedo(scene: DataGuard): Promise<void> {
  const { database } = scene;
  await scene.pause();
  await everythingPublished(scene);
  await scene.kill(scene.publisherOf("a"));
  database.change((world, now) => setReplicationLag(world, SITES.b, Number.POSITIVE_INFINITY, now));
  scene.play();
  await aWhile();
  database.change((world, now) => failover(world, SITES.b, now, { losesRedo: true }));
}

/** What people do in the standby is in files of its own, which only its own publisher can read. */
export async function standbyRestarts(scene: DataGuard): Promise<void> {
  const { database } = scene;
  database.change((world, now) => closeDatabase(world, SITES.b, "immediate", now));
  await somethingPublished(scene);
  database.change((world, now) => openDatabase(world, SITES.b, "READ ONLY WITH APPLY", now));
}

/** The old primary comes back as a standby: its files are where they were, and it goes on writing some. */
export async function reinstatedOldPrimary(scene: DataGuard): Promise<void> {
  const { database } = scene;
  await failoverWithoutLoss(scene);
  await somethingPublished(scene);
  database.change((world, now) => reinstate(openDatabase(world, SITES.a, "MOUNTED", now), SITES.a, now));
  database.change((world, now) => openDatabase(world, SITES.a, "READ ONLY WITH APPLY", now));
}

/** The old primary is cut off but lives, and people go on working in both, until it is reinstated. */
export async function twoPrimaries(scene: DataGuard): Promise<void> {
  const { database } = scene;
  database.change((world, now) => failover(world, SITES.b, now, { losesRedo: true, oldPrimary: "open" }));
  const misled = database.playAt(SITES.a, scene.rate, 1_000);
  await aWhile();
  await aWhile();
  await misled.stop();
  await scene.pause();
  await everythingPublished(scene);
  database.change((world, now) => reinstate(world, SITES.a, now));
  scene.play();
}

/** The listener runs and the database does not, when the publishers start. */
export async function startedWhileDown(scene: DataGuard): Promise<void> {
  const { database } = scene;
  database.change((world, now) => closeDatabase(world, SITES.a, "immediate", now));
  await startPublishers(scene);
  await aWhile();
  database.change((world, now) => openDatabase(world, SITES.a, "READ WRITE", now));
}

/** First the whole host, then the database alone. */
export async function primaryGoesDown(scene: DataGuard): Promise<void> {
  const { database } = scene;
  await database.primary.closePort();
  database.primary.killConnections();
  await aWhile();
  await database.primary.openPort();
  await somethingPublished(scene);
  database.change((world, now) => closeDatabase(world, SITES.a, "abort", now));
  await aWhile();
  database.change((world, now) => openDatabase(world, SITES.a, "READ WRITE", now));
}

/** The PDB's service bears its name, so the configuration follows; the sources stay. */
export async function everythingIsRenamed(scene: DataGuard): Promise<void> {
  const { database } = scene;
  database.change((world, now) => renamePluggable(world, SITES.a, database.container, "RENAMEDPDB", now));
  database.change((world, now) => closeDatabase(world, SITES.a, "immediate", now));
  database.change((world) => ({ ...world, sites: world.sites.map(withOtherNames) }));
  database.change((world, now) => openDatabase(world, SITES.a, "READ WRITE", now));
  await restartPublishers(scene);
}

function withOtherNames(site: Site): Site {
  return { ...site, instances: site.instances.map((each) => ({ ...each, name: "RENAMED", host: "renamed-host" })) };
}
