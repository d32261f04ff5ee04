/** What may happen to replicas of SQL Server, or to an instance of a failover cluster, while people work (SQL Server notes §5). */
import type { SqlServerGroup } from "../databases/sqlserver-group.ts";
import type { Scene } from "../scene.ts";
import { aWhile, somethingPublished, startPublishers } from "./publishing.ts";

type Group = Scene<SqlServerGroup>;

export async function rolesSwap({ database }: Group): Promise<void> {
  database.switchRoles();
}

/** The primary crashes, the secondary takes its role, and the crashed one comes back as a secondary. */
export async function primaryCrashes(scene: Group): Promise<void> {
  const { database } = scene;
  await database.server("a").shutDown("crash");
  database.switchRoles();
  await somethingPublished(scene);
  await database.server("a").startUp();
}

/** The node dies, and the publisher on it; the instance starts on the other node, where a spare publisher waits. */
export async function clusterFailsOver(scene: Group): Promise<void> {
  const { database } = scene;
  const onFirstNode = scene.publisherOf("a");
  await scene.start("a");
  await aWhile();
  await scene.kill(onFirstNode);
  await database.server("a").shutDown("crash");
  await database.server("a").startUp({ node: "NODE2" });
}

/** The publisher of the first replica runs on with a configuration that does not know of the second. */
export async function replicaIsAdded(scene: Group): Promise<void> {
  await scene.database.addReplica();
  await scene.start("b");
}

/** Nothing listens where the instance should be, when the publishers start. */
export async function startedWhileDown(scene: Group): Promise<void> {
  const server = scene.database.server("a");
  await server.shutDown("clean");
  await startPublishers(scene);
  await aWhile();
  await server.startUp();
}

export async function instanceGoesDown({ database }: Group): Promise<void> {
  const server = database.server("a");
  await server.shutDown("clean");
  await aWhile();
  await server.startUp();
}

/** sp_dropserver, sp_addserver and a restart: the rows bear another name from then on. */
export async function instanceIsRenamed(scene: Group): Promise<void> {
  const server = scene.database.server("a");
  await scene.pause();
  await server.shutDown("clean");
  const name = "RENAMED";
  server.changeInstance({ serverName: name, oldServerName: name, machineName: name, physicalNode: name });
  server.change((trail) => ({ ...trail, serverInstanceName: name }));
  await server.startUp();
  scene.play();
}
