import { DeleteStreamCommand, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { type Provenance, silentLogger, streamNameOf, systemClock } from "@das/core";
import { DataKeyCache, DataKeyLender, open, seal } from "@das/envelope";
import { startLocalAws } from "@das/local-aws";
import { ReferenceReader, ReferenceTrail } from "@das/reader-conformance";
import { describe, expect, test } from "vitest";
import { openAwsClients } from "../src/aws/clients.ts";
import { parseConfiguration } from "../src/configuration/load-configuration.ts";
import { runPublisher } from "../src/publisher.ts";
import { das } from "./das-process.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STREAM = streamNameOf(RESOURCE);

interface Stored {
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly provenance: Provenance;
  readonly events: number;
}

/** A stream on loopback, publishers that put on it what a trail in memory holds, and `das verify` as people start it. */
class Scene implements AsyncDisposable {
  readonly trail = new ReferenceTrail();
  readonly #aws: Awaited<ReturnType<typeof startLocalAws>>;
  readonly #keyId: string;

  private constructor(aws: Awaited<ReturnType<typeof startLocalAws>>) {
    this.#aws = aws;
    this.#keyId = aws.kms.createKey().arn;
  }

  static async open(): Promise<Scene> {
    return new Scene(await startLocalAws({ durations: { delete: 1 } }));
  }

  connect() {
    return openAwsClients(this.#aws.region, { endpoint: this.#aws.endpoint, credentials: this.#aws.credentials });
  }

  createStream(): void {
    this.#aws.kinesis.createStream(STREAM);
  }

  /** One run of a publisher, until what the trail holds is on the stream. */
  async publish(rows: number): Promise<void> {
    this.trail.appendMany(rows);
    const configuration = parseConfiguration(
      `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${this.#aws.region}, kmsKeyId: ${this.#keyId} }
publisher: { maxEventsPerRecord: 10 }
instances: [{ id: a, host: unused, user: unused, password: { env: UNUSED } }]
`,
      "test.yaml",
    );
    using aws = this.connect();
    const stopping = new AbortController();
    const running = runPublisher(
      {
        configuration,
        instanceId: "a",
        reader: new ReferenceReader(this.trail) as never,
        aws,
        createStream: false,
        startAt: "oldest",
        clock: systemClock,
        random: Math.random,
        logger: silentLogger,
      },
      stopping.signal,
    );
    while ((await this.stored()).reduce((sum, { events }) => sum + events, 0) < this.trail.length) {
      await systemClock.sleep(20);
    }
    stopping.abort();
    expect(await running).toBe(true);
  }

  async stored(): Promise<readonly Stored[]> {
    using aws = this.connect();
    using keys = new DataKeyCache({ kms: aws.kms, resourceId: RESOURCE });
    const stored: Stored[] = [];
    for (const { partitionKey, data } of this.#aws.kinesis.records(STREAM)) {
      const { inner } = await open(data, keys);
      const events = inner.databaseActivityEventList.filter(({ type }) => type === "record").length;
      stored.push({ partitionKey, data, provenance: inner.provenance as Provenance, events });
    }
    return stored;
  }

  /** The same stream, as if it had never held some of its records. */
  async lose(isLost: (record: Stored) => boolean): Promise<void> {
    const kept = (await this.stored()).filter((record) => !isLost(record));
    using aws = this.connect();
    await aws.kinesis.send(new DeleteStreamCommand({ StreamName: STREAM }));
    while (this.#aws.kinesis.stream(STREAM)) await systemClock.sleep(5);
    this.createStream();
    for (const { partitionKey, data } of kept) await this.put(partitionKey, data);
  }

  async put(partitionKey: string, data: Uint8Array): Promise<void> {
    using aws = this.connect();
    await aws.kinesis.send(new PutRecordCommand({ StreamName: STREAM, PartitionKey: partitionKey, Data: data }));
  }

  /** A record as AWS's own publishers put it. */
  async putOfAws(): Promise<void> {
    using aws = this.connect();
    using lender = new DataKeyLender({ kms: aws.kms, keyId: this.#keyId, resourceId: RESOURCE });
    using key = await lender.lend();
    const event = '{"type":"record","class":"TABLE","command":"SELECT","logTime":"2026-01-01 00:00:00.000000+00"}';
    const inner = `{"type":"DatabaseActivityMonitoringRecord","clusterId":"","instanceId":"${RESOURCE}","databaseActivityEventList":[${event}]}`;
    await this.put("of AWS", (await seal(inner, key, "1.4")).bytes);
  }

  async verify(...options: string[]) {
    await using command = das(["verify", "--resource-id", RESOURCE, "--region", this.#aws.region, ...options], {
      AWS_ENDPOINT_URL: this.#aws.endpoint,
      AWS_ACCESS_KEY_ID: this.#aws.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.#aws.credentials.secretAccessKey,
    });
    return { exitCode: await command.exitCode, ...command.output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#aws[Symbol.asyncDispose]();
  }
}

const isOfTrail = ({ provenance }: Stored) => !provenance.source.startsWith("publisher:");

describe("das verify", () => {
  test("says of what two runs of a publisher left on a stream that nothing is missing, and ends with 0", async () => {
    await using scene = await Scene.open();
    scene.createStream();
    await scene.publish(55);
    await scene.publish(25);
    const { exitCode, stdout, stderr } = await scene.verify("--json");
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      stream: STREAM,
      readFrom: "oldest",
      holes: { open: 0, underWay: 0, explained: 0, closed: 0 },
      doubles: { dropped: 0, remembered: 80, forgottenForCount: 0 },
      unreadable: 0,
      malformed: 0,
      withoutProvenance: 0,
    });
    const [trail] = found.generations[0].sources.filter(
      ({ source }: { source: string }) => !source.startsWith("publisher:"),
    );
    expect(trail).toMatchObject({ events: 80, epochsSeen: 2, holes: [] });
    // The last watermark of all that stands on the stream.
    const watermarks = (await scene.stored()).filter(isOfTrail).map(({ provenance }) => provenance.watermark);
    expect(trail.completeUpTo).toMatchObject([{ watermark: watermarks.at(-1) }]);
    expect(found.generations[0].publishers).toMatchObject([{ instance: "a" }]);
  });

  test("finds a record that was lost, says which, and ends with 1; a record that came twice is no loss", async () => {
    await using scene = await Scene.open();
    scene.createStream();
    await scene.publish(55);
    await scene.publish(25);
    const records = (await scene.stored()).filter(isOfTrail);
    const [first, , lost] = records;
    if (!first || !lost) throw new Error("too few records");
    await scene.lose(({ data }) => Buffer.from(data).equals(lost.data));
    await scene.put(first.partitionKey, first.data);
    const { exitCode, stdout } = await scene.verify();
    expect(exitCode).toBe(1);
    const { source, epoch, sequence } = lost.provenance;
    expect(stdout).toContain(`✗ ${source}: record ${sequence} of epoch ${epoch}, lane 0, missing, though confirmed\n`);
    expect(stdout).toMatch(new RegExp(`^1 open hole, .* ${first.events} doubles to be dropped$`, "m"));
    expect(JSON.parse((await scene.verify("--json")).stdout).holes).toMatchObject({ open: 1 });
    // What came before it is not looked at.
    expect(await scene.verify("--from", new Date(Date.now() - 3).toISOString())).toMatchObject({ exitCode: 0 });
  });

  test("says that it can find nothing missing where records do not say who put them there", async () => {
    await using scene = await Scene.open();
    scene.createStream();
    await scene.putOfAws();
    const { exitCode, stdout } = await scene.verify();
    expect(exitCode).toBe(0);
    expect(stdout).toContain("! 1 record without provenance");
  });

  test("ends with 1 where there is no stream, with 2 where none is named", async () => {
    await using scene = await Scene.open();
    expect(await scene.verify()).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining(STREAM) });
    await using unnamed = das(["verify"], {});
    expect(await unnamed.exitCode).toBe(2);
    expect(unnamed.output.stderr).toContain("it is not said which stream to read");
    await using wrong = das(["verify", "--from", "yesterday"], {});
    expect(await wrong.exitCode).toBe(2);
  });

  test("explains its words in its help", async () => {
    await using help = das(["verify", "--help"], {});
    expect(await help.exitCode).toBe(0);
    for (const word of ["open", "under way", "explained", "closed"]) {
      expect(help.output.stdout).toMatch(new RegExp(`^  ${word}  +[a-z]`, "m"));
    }
  });
});
