/** What may happen to publishers and their stream, whatever the database. */
import { systemClock } from "@das/core";
import type { AuditedDatabase } from "../databases/audited-database.ts";
import type { Scene } from "../scene.ts";

type AnyScene = Scene<AuditedDatabase>;

/** Milliseconds until it is clear that something does not happen. */
const PATIENCE = 120_000;
const SOME_EVENTS = 50;
/** People go on working, or cannot. */
export async function aWhile(): Promise<void> {
  await systemClock.sleep(1_500);
}

/** One for each instance that there is. */
export async function startPublishers(scene: AnyScene): Promise<void> {
  for (const instance of scene.database.instances.keys()) await scene.start(instance);
}

/** Of every source the stream says where a publisher that takes over would go on. */
export async function everySourceEstablished(scene: AnyScene): Promise<void> {
  await scene.untilEstablished(AbortSignal.timeout(PATIENCE));
}

export async function somethingPublished(scene: AnyScene): Promise<void> {
  await scene.untilPublished(scene.published + SOME_EVENTS, AbortSignal.timeout(PATIENCE));
}

export async function everythingPublished(scene: AnyScene): Promise<void> {
  await scene.settle(AbortSignal.timeout(PATIENCE));
}

/** Nobody has made the stream yet when the publishers start. */
export async function streamComesLater(scene: AnyScene): Promise<void> {
  for (const instance of scene.database.instances.keys()) await scene.start(instance, { createStream: false });
  await aWhile();
  scene.aws.kinesis.createStream(scene.streamName, { shards: 2 });
}

/** The publisher's host is lost with all that was on it; another one takes its place. */
export async function publisherMoves(scene: AnyScene): Promise<void> {
  await scene.kill(scene.publisherOf("a"));
  await scene.start("a");
}

/** The new publisher is there before the old one stops, as when an orchestrator replaces a container. */
export async function publisherMovesWithOverlap(scene: AnyScene): Promise<void> {
  const before = scene.publisherOf("a");
  await scene.start("a");
  await aWhile();
  await scene.stop(before);
}

/** Stopped, and started with a configuration that says where the database is by now. */
export async function restartPublishers(scene: AnyScene): Promise<void> {
  for (const instance of scene.database.instances.keys()) {
    await scene.stop(scene.publisherOf(instance));
    await scene.start(instance);
  }
}
