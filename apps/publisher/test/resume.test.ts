import { AddTagsToStreamCommand, PutRecordCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import {
  type InnerRecord,
  type Logger,
  RecordError,
  STREAM_CLASS,
  silentLogger,
  streamNameOf,
  systemClock,
} from "@das/core";
import { DataKeyCache, open } from "@das/envelope";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { ReferenceReader, ReferenceTrail } from "@das/reader-conformance";
import { describe, expect, test } from "vitest";
import { type AwsClients, openAwsClients } from "../src/aws/clients.ts";
import { parseConfiguration } from "../src/configuration/load-configuration.ts";
import { tagsOf } from "../src/lifecycle/stream-state.ts";
import { runPublisher } from "../src/publisher.ts";
import { startedState } from "./started-state.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STREAM = streamNameOf(RESOURCE);
const SOURCE = "reference:a:trail";
const EVENTS_PER_RECORD = 10;

interface Publisher {
  readonly done: Promise<boolean>;
  /** Ends it cleanly: what was read is on the stream. */
  stop(): Promise<void>;
  /** Not one more call of it arrives, and none is answered. */
  kill(): Promise<void>;
}

interface Scene extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly trail: ReferenceTrail;
  readonly keyId: string;
  start(settings?: string, logger?: Logger): Publisher;
  /** The statements that stand on the stream, in the order of its shards. */
  statements(): Promise<string[]>;
  /** Events, at most, in PutRecords calls that were under way when a publisher was killed. */
  readonly unanswered: number;
  /** For what the publisher does not call itself. */
  readonly clients: AwsClients;
}

/** The real publisher and the real clients, with what they are told by the stream alone. */
async function openScene(shards = 2): Promise<Scene> {
  const aws = await startLocalAws({ durations: { create: 20 } });
  const key = aws.kms.createKey();
  aws.kinesis.createStream(STREAM, { shards });
  const trail = new ReferenceTrail();
  const connect = () => openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
  const clients = connect();
  let unanswered = 0;
  return {
    aws,
    trail,
    keyId: key.arn,
    clients,
    get unanswered() {
      return unanswered;
    },
    start: (settings = "", logger = silentLogger) => {
      const configuration = parseConfiguration(
        `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${aws.region}, kmsKeyId: ${key.arn} }
publisher: { stopSeconds: 1, maxEventsPerRecord: ${EVENTS_PER_RECORD}${settings && `, ${settings}`} }
instances: [{ id: a, host: unused, user: unused, password: { env: UNUSED } }]
`,
        "test.yaml",
      );
      const own = connect();
      const line = mortal(own);
      const stopping = new AbortController();
      const done = runPublisher(
        {
          configuration,
          instanceId: "a",
          openReader: () => new ReferenceReader(trail) as never,
          aws: line.clients,
          createStream: false,
          clock: systemClock,
          random: Math.random,
          logger,
        },
        stopping.signal,
      ).finally(() => own[Symbol.dispose]());
      const end = async (isClean: boolean) => {
        stopping.abort();
        expect(await done).toBe(isClean);
      };
      return {
        done,
        stop: () => end(true),
        kill: () => {
          unanswered += EVENTS_PER_RECORD * line.cut();
          return end(false);
        },
      };
    },
    statements: async () => {
      using keys = new DataKeyCache({ kms: clients.kms, resourceId: RESOURCE });
      const found: string[] = [];
      for (const { data } of aws.kinesis.records(STREAM)) {
        const inner = await openedInner(data, keys);
        for (const event of inner?.databaseActivityEventList ?? []) {
          if (event.type === "record" && event.class !== STREAM_CLASS) found.push(String(event.commandText));
        }
      }
      return found;
    },
    [Symbol.asyncDispose]: () => {
      clients[Symbol.dispose]();
      return aws[Symbol.asyncDispose]();
    },
  };
}

/** @returns undefined when it is no record of a publisher */
async function openedInner(data: Uint8Array, keys: DataKeyCache): Promise<InnerRecord | undefined> {
  try {
    return (await open(data, keys)).inner;
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}

interface MortalClients {
  readonly clients: AwsClients;
  /** @returns how many records stood in PutRecords calls that were under way */
  cut(): number;
}

/** Clients whose calls neither leave nor come back once the line is cut. */
function mortal(clients: AwsClients): MortalClients {
  const cutOff = () => Object.assign(new Error("the line is cut"), { name: "TimeoutError" });
  let isCut = false;
  let underWay = 0;
  const wrap = (client: { send(command: unknown, options?: unknown): Promise<unknown> }) => ({
    send: async (command: unknown, options?: unknown) => {
      if (isCut) throw cutOff();
      const records = command instanceof PutRecordsCommand ? (command.input.Records?.length ?? 0) : 0;
      underWay += records;
      const answer = await client.send(command, options);
      if (isCut) throw cutOff();
      underWay -= records;
      return answer;
    },
  });
  return {
    clients: { ...clients, kinesis: wrap(clients.kinesis as never), kms: wrap(clients.kms as never) } as never,
    cut: () => {
      isCut = true;
      return underWay;
    },
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(10);
}

const statementsIn = (trail: ReferenceTrail) => trail.slice(0, trail.length).map(({ statement }) => statement);

const RIGHTS = ["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords", "kms:Decrypt"] as const;

describe("a restarted publisher", () => {
  test("goes on where the stream says, and neither repeats nor loses anything", async () => {
    await using scene = await openScene();
    for (let life = 1; life <= 3; life += 1) {
      scene.trail.appendMany(500);
      const publisher = scene.start();
      await until(async () => (await scene.statements()).length >= life * 500);
      await publisher.stop();
    }
    expect(await scene.statements()).toEqual(statementsIn(scene.trail));
  });

  test.each(["lanes: 1", "lanes: 3, heartbeatSeconds: 1"])(
    "that was killed loses nothing, and doubles no more than stood in calls that were not answered (%s)",
    async (settings) => {
      await using scene = await openScene(3);
      for (let life = 1; life <= 3; life += 1) {
        const before = new Set(await scene.statements()).size;
        const publisher = scene.start(settings);
        scene.trail.appendMany(400);
        await until(async () => (await scene.statements()).length > before + 70 * life);
        await publisher.kill();
      }
      const last = scene.start(settings);
      await until(async () => new Set(await scene.statements()).size === scene.trail.length);
      await last.stop();
      const statements = await scene.statements();
      expect(new Set(statements)).toEqual(new Set(statementsIn(scene.trail)));
      expect(statements.length - scene.trail.length).toBeLessThanOrEqual(scene.unanswered);
    },
  );

  test("resumes across a split and a merge of shards", async () => {
    await using scene = await openScene(2);
    const publish = async (total: number) => {
      const publisher = scene.start("lanes: 4");
      await until(async () => (await scene.statements()).length >= total);
      await publisher.kill();
    };
    scene.trail.appendMany(300);
    await publish(300);
    scene.aws.kinesis.scale(STREAM, 5);
    scene.trail.appendMany(300);
    await publish(600);
    scene.aws.kinesis.scale(STREAM, 1);
    scene.trail.appendMany(300);
    await publish(900);
    expect((await scene.statements()).toSorted()).toEqual(statementsIn(scene.trail).toSorted());
  });

  test("begins anew in a new generation, whatever an older one left on the stream", async () => {
    await using scene = await openScene();
    scene.trail.appendMany(20);
    for (const [index, generation] of [1, 1, 2].entries()) {
      await scene.clients.kinesis.send(
        new AddTagsToStreamCommand({
          StreamName: STREAM,
          Tags: tagsOf(startedState({ generation, "kms-key-id": scene.keyId })),
        }),
      );
      const publisher = scene.start();
      const total = [20, 20, 40][index] ?? 0;
      await until(async () => (await scene.statements()).length >= total);
      await publisher.stop();
      expect(await scene.statements()).toHaveLength(total);
    }
  });

  test("passes over what is not from a publisher, though it has a source's partition key", async () => {
    await using scene = await openScene();
    scene.trail.appendMany(30);
    const first = scene.start();
    await until(async () => (await scene.statements()).length >= 30);
    await first.stop();
    const record = { StreamName: STREAM, PartitionKey: SOURCE, Data: new TextEncoder().encode("no record at all") };
    await scene.clients.kinesis.send(new PutRecordCommand(record));
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
    const second = scene.start("", logger);
    scene.trail.appendMany(5);
    await until(async () => (await scene.statements()).length >= 35);
    await second.stop();
    expect(warnings).toContain("a record on the stream cannot be opened; it is passed over");
    expect(await scene.statements()).toEqual(statementsIn(scene.trail));
  });

  test("says which right it lacks to look back", async () => {
    await using scene = await openScene();
    scene.trail.appendMany(3);
    const first = scene.start();
    await until(async () => (await scene.statements()).length >= 3);
    await first.stop();
    for (const action of RIGHTS) {
      const denial = scene.aws.deny({ action });
      await expect(scene.start().done).rejects.toThrow(action);
      denial.remove();
    }
  });
});
