import { AddTagsToStreamCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { type Logger, silentLogger } from "@das/core";
import { describe, expect, test } from "vitest";
import type { AwsClients } from "../src/aws/clients.ts";
import { tagsOf } from "../src/lifecycle/stream-state.ts";
import { LoopbackStream, STREAM, statementsIn, until } from "./loopback-stream.ts";
import { startedState } from "./started-state.ts";

const SOURCE = "reference:a:trail";
const EVENTS_PER_RECORD = 10;

interface Publisher {
  readonly done: Promise<boolean>;
  /** Ends it cleanly: what was read is on the stream. */
  stop(): Promise<void>;
  /** Not one more call of it arrives, and none is answered. */
  kill(): Promise<void>;
}

/** One that is killed need not try for long to flush. */
const DOOMED = "stopSeconds: 1";

/** The real publisher and the real clients, with what they are told by the stream alone. */
class Scene implements AsyncDisposable {
  readonly stream: LoopbackStream;
  /** Events, at most, in PutRecords calls that were under way when a publisher was killed. */
  unanswered = 0;

  private constructor(stream: LoopbackStream) {
    this.stream = stream;
  }

  static async open(shards = 2): Promise<Scene> {
    const stream = await LoopbackStream.open();
    stream.createStream(shards);
    return new Scene(stream);
  }

  start(settings = "", logger: Logger = silentLogger): Publisher {
    let cut = () => 0;
    const publisher = this.stream.run({
      publisher: `maxEventsPerRecord: ${EVENTS_PER_RECORD}${settings && `, ${settings}`}`,
      through: (clients) => {
        const line = mortal(clients);
        ({ cut } = line);
        return line.clients;
      },
      logger,
    });
    const end = async (isClean: boolean) => expect(await publisher.stop()).toBe(isClean);
    return {
      done: publisher.done,
      stop: () => end(true),
      kill: () => {
        this.unanswered += EVENTS_PER_RECORD * cut();
        return end(false);
      },
    };
  }

  get trail() {
    return this.stream.trail;
  }

  statements(): Promise<string[]> {
    return this.stream.statements();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stream[Symbol.asyncDispose]();
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

const RIGHTS = ["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords", "kms:Decrypt"] as const;

describe("a restarted publisher", () => {
  test("goes on where the stream says, and neither repeats nor loses anything", async () => {
    await using scene = await Scene.open();
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
      await using scene = await Scene.open(3);
      for (let life = 1; life <= 3; life += 1) {
        const before = new Set(await scene.statements()).size;
        const publisher = scene.start(`${settings}, ${DOOMED}`);
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
    await using scene = await Scene.open(2);
    const publish = async (total: number) => {
      const publisher = scene.start(`lanes: 4, ${DOOMED}`);
      await until(async () => (await scene.statements()).length >= total);
      await publisher.kill();
    };
    scene.trail.appendMany(300);
    await publish(300);
    scene.stream.aws.kinesis.scale(STREAM, 5);
    scene.trail.appendMany(300);
    await publish(600);
    scene.stream.aws.kinesis.scale(STREAM, 1);
    scene.trail.appendMany(300);
    await publish(900);
    expect((await scene.statements()).toSorted()).toEqual(statementsIn(scene.trail).toSorted());
  });

  test("begins anew in a new generation, whatever an older one left on the stream", async () => {
    await using scene = await Scene.open();
    scene.trail.appendMany(20);
    for (const [index, generation] of [1, 1, 2].entries()) {
      await scene.stream.clients.kinesis.send(
        new AddTagsToStreamCommand({
          StreamName: STREAM,
          Tags: tagsOf(startedState({ generation, "kms-key-id": scene.stream.keyId })),
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
    await using scene = await Scene.open();
    scene.trail.appendMany(30);
    const first = scene.start();
    await until(async () => (await scene.statements()).length >= 30);
    await first.stop();
    await scene.stream.put(SOURCE, new TextEncoder().encode("no record at all"));
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
    await using scene = await Scene.open();
    scene.trail.appendMany(3);
    const first = scene.start();
    await until(async () => (await scene.statements()).length >= 3);
    await first.stop();
    for (const action of RIGHTS) {
      const denial = scene.stream.aws.deny({ action });
      await expect(scene.start().done).rejects.toThrow(action);
      denial.remove();
    }
  });
});
