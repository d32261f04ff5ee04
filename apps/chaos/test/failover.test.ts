import { expect, test } from "vitest";
import type { AuditedDatabase } from "../src/databases/audited-database.ts";
import { OracleDataGuard } from "../src/databases/oracle-data-guard.ts";
import { SqlServerGroup } from "../src/databases/sqlserver-group.ts";
import * as oracle from "../src/happenings/oracle.ts";
import * as publishing from "../src/happenings/publishing.ts";
import * as sqlserver from "../src/happenings/sqlserver.ts";
import type { Verdict } from "../src/judge/judge.ts";
import { Scene } from "../src/scene.ts";

const RATE = 100;
/** Milliseconds: only a hang takes so long. */
const PATIENCE = 300_000;

type Figure = number | "some" | "any";
const SOME = "some";
/** While two sites have the same rows one may put what the other puts, too: it is told apart by its identity. */
const ANY = "any";

const NO_LOSS: readonly string[] = [];
/** Nobody can know whether the old primary had redo that the new one never saw. */
const FAILOVER = ["a failover may have lost redo"];
/** What was in the buffers of an instance that crashed is gone, and nobody can know whether anything was. */
const CRASH = ["instance restarted without a record of its shutdown"];

/**
 * The failover matrix. In every line people work before, during and after; nothing is missing from the stream that no
 * loss window declares, nothing is doubled after a consumer's dedupe, and nobody did anything about the publishers but
 * what the line says.
 */
// biome-ignore format: it is a table
const MATRIX = [
  //                                                                                                                     missing, and in no loss window
  //                                                                                                                     |  missing, and in a loss window that the stream tells
  //                                                                                                                     |  |     given more than once
  //                                                                                                                     |  |     |  put more than once, but for calls that a kill left without an answer
  //                                                                                                                     |  |     |  |    loss windows
  // what happens                                                 by way of                                              |  |     |  |    |         who reads the Oracle table, or each SQL Server audit, in the end
  onDataGuard("switchover",                                       whileFeeding(oracle.switchover),                       0, 0,    0, ANY, NO_LOSS,  "b"),
  onDataGuard("switchover and back",                              whileFeeding(oracle.switchoverAndBack),                0, 0,    0, ANY, NO_LOSS,  "a"),
  onDataGuard("failover, the standby has all redo",               whileFeeding(oracle.failoverWithoutLoss),              0, 0,    0, ANY, FAILOVER, "b"),
  onDataGuard("failover, redo is lost that was published",        whileFeeding(oracle.failoverThatLosesPublishedRedo),   0, 0,    0, ANY, FAILOVER, "b"),
  onDataGuard("failover, redo is lost that nobody published",     whileFeeding(oracle.failoverThatLosesUnpublishedRedo), 0, SOME, 0, ANY, FAILOVER, "b"),
  onDataGuard("a standby with its own sessions restarts",         whileFeeding(oracle.standbyRestarts),                  0, 0,    0, 0,   NO_LOSS,  "a"),
  onDataGuard("the old primary is reinstated",                    whileFeeding(oracle.reinstatedOldPrimary),             0, 0,    0, ANY, FAILOVER, "b"),
  onDataGuard("two primaries for a while",                        whileFeeding(oracle.twoPrimaries),                     0, 0,    0, ANY, FAILOVER, "b"),
  onPrimary("publishers are started while the primary is down",   oracle.startedWhileDown,                               0, 0,    0, 0,   NO_LOSS,  "a"),
  onPrimary("the primary goes down and comes back",               whileFeeding(oracle.primaryGoesDown),                  0, 0,    0, 0,   NO_LOSS,  "a"),
  onPrimary("the stream does not exist yet",                      publishing.streamComesLater,                           0, 0,    0, 0,   NO_LOSS,  "a"),
  onPrimary("the instance, its host and the PDB are renamed",     whileFeeding(oracle.everythingIsRenamed),              0, 0,    0, 0,   NO_LOSS,  "a"),
  onPrimary("a publisher moves to another host",                  whileFeeding(publishing.publisherMoves),               0, 0,    0, 0,   NO_LOSS,  "a"),
  onPrimary("a publisher is replaced by one that overlaps",       whileFeeding(publishing.publisherMovesWithOverlap),    0, 0,    0, 0,   NO_LOSS,  "a"),
  onGroup(2, "the replicas of an availability group swap roles",  whileFeeding(sqlserver.rolesSwap),                     0, 0,    0, 0,   NO_LOSS,  "a b"),
  onGroup(2, "the primary replica crashes and comes back",        whileFeeding(sqlserver.primaryCrashes),                0, 0,    0, 0,   CRASH,    "a b"),
  onGroup(1, "a replica is added while others run",               whileFeeding(sqlserver.replicaIsAdded),                0, 0,    0, 0,   NO_LOSS,  "a b"),
  onCluster("a failover cluster instance moves to another node",  whileFeeding(sqlserver.clusterFailsOver),              0, 0,    0, 0,   CRASH,    "a"),
  onGroup(1, "publishers are started while the instance is down", sqlserver.startedWhileDown,                            0, 0,    0, 0,   NO_LOSS,  "a"),
  onGroup(1, "the instance goes down and comes back",             whileFeeding(sqlserver.instanceGoesDown),              0, 0,    0, 0,   NO_LOSS,  "a"),
  onGroup(1, "the stream does not exist yet",                     publishing.streamComesLater,                           0, 0,    0, 0,   NO_LOSS,  "a"),
  onGroup(1, "the instance is renamed",                           whileFeeding(sqlserver.instanceIsRenamed),             0, 0,    0, 0,   NO_LOSS,  "a"),
  onGroup(1, "a publisher moves to another host",                 whileFeeding(publishing.publisherMoves),               0, 0,    0, 0,   NO_LOSS,  "a"),
  onGroup(1, "a publisher is replaced by one that overlaps",      whileFeeding(publishing.publisherMovesWithOverlap),    0, 0,    0, 0,   NO_LOSS,  "a"),
] as const;

interface Line {
  readonly what: string;
  readonly play: () => Promise<Outcome>;
  readonly expected: Expected;
}

type Expected = readonly [
  missing: number,
  declared: Figure,
  doubled: number,
  unexplainedDoubles: Figure,
  lossWindows: readonly string[],
  readBy: string,
];

interface Outcome {
  readonly verdict: Verdict;
  /** Ids of the sources that there have to be, and no others. */
  readonly sources: readonly string[];
  readonly streams: readonly string[];
  /** By source: who read it before the publishers were stopped. */
  readonly readers: Verdict["sources"];
  readonly readBy: string;
  /** Milliseconds from the change to the arrival of the first event that was audited after it. */
  readonly takeover: number;
}

test.concurrent.for<Line>(MATRIX)("$what", { timeout: PATIENCE }, async (line, { annotate }) => {
  const { verdict, sources, streams, readers, readBy, takeover } = await line.play();
  const [missing, declared, doubled, unexplainedDoubles, lossWindows, reader] = line.expected;
  const context = JSON.stringify(verdict, null, 1);
  expect(verdict, context).toMatchObject({ missing, doubled, lossWindows, openHoles: 0 });
  expectFigure(verdict.declared, declared, context);
  expectFigure(verdict.unexplainedDoubles, unexplainedDoubles, context);
  expect({ sources: Object.keys(readers).toSorted(), readBy }).toEqual({ sources, readBy: reader });
  // What is an instance's own is read by its own publisher, whatever its role; by nobody while the instance is down.
  for (const [source, instances] of Object.entries(readers)) {
    const [, instance] = /^sqlserver:(\w+):|#(\w+)$/.exec(source)?.filter(Boolean) ?? [];
    if (instance !== undefined) expect([[], [instance]], source).toContainEqual(instances);
  }
  expect(streams).toHaveLength(1);
  await annotate(
    `${verdict.audited} audited, ${verdict.rawDoubles} doubles dropped, events again after ${takeover} ms`,
  );
});

function expectFigure(figure: number, expected: Figure, context: string): void {
  if (typeof expected === "number") expect(figure, context).toBe(expected);
  if (expected === "some") expect(figure, context).toBeGreaterThan(0);
}

function onDataGuard(what: string, happens: Happening<OracleDataGuard>, ...expected: Expected): Line {
  return lineOf(`Oracle: ${what}`, () => OracleDataGuard.start(), happens, expected);
}

function onPrimary(what: string, happens: Happening<OracleDataGuard>, ...expected: Expected): Line {
  return lineOf(`Oracle: ${what}`, () => OracleDataGuard.start(false), happens, expected);
}

function onGroup(replicas: number, what: string, happens: Happening<SqlServerGroup>, ...expected: Expected): Line {
  return lineOf(`SQL Server: ${what}`, () => SqlServerGroup.start(replicas), happens, expected);
}

function onCluster(what: string, happens: Happening<SqlServerGroup>, ...expected: Expected): Line {
  return lineOf(`SQL Server: ${what}`, () => SqlServerGroup.startCluster(), happens, expected);
}

type Happening<Database extends AuditedDatabase> = (scene: Scene<Database>) => Promise<void>;

function lineOf<Database extends AuditedDatabase>(
  what: string,
  start: () => Promise<Database>,
  happens: Happening<Database>,
  expected: Expected,
): Line {
  const reader = expected.at(-1);
  const play = async (): Promise<Outcome> => {
    await using scene = await Scene.open(await start(), { rate: RATE, seed: 1 });
    scene.play();
    await happens(scene);
    await publishing.somethingPublished(scene);
    await scene.pause();
    await publishing.everythingPublished(scene);
    const { database } = scene;
    const readBy = (readers: Verdict["sources"]) => database.mainSources.flatMap((id) => readers[id] ?? []).join(" ");
    await scene.until(() => readBy(scene.readers) === reader, AbortSignal.timeout(PATIENCE));
    // In the end the publishers are stopped, and say that they read nothing any more.
    const { readers } = scene;
    return {
      verdict: await scene.verdict(),
      sources: database.sources.toSorted(),
      readers,
      readBy: readBy(readers),
      streams: scene.aws.kinesis.streams(),
      takeover: scene.silence,
    };
  };
  return { what, play, expected };
}

/** It happens when every source has something on the stream. */
function whileFeeding<Database extends AuditedDatabase>(happens: Happening<Database>): Happening<Database> {
  return async (scene) => {
    await publishing.startPublishers(scene);
    await publishing.everySourceEstablished(scene);
    await publishing.somethingPublished(scene);
    scene.noteChange();
    await happens(scene);
  };
}
