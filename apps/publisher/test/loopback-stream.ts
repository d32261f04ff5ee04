import { DeleteStreamCommand, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { type DatabaseActivityEvent, type Provenance, silentLogger, streamNameOf, systemClock } from "@das/core";
import { DataKeyCache, DataKeyLender, open, seal } from "@das/envelope";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { ReferenceReader, ReferenceTrail } from "@das/reader-conformance";
import { type AwsClients, openAwsClients } from "../src/aws/clients.ts";
import { parseConfiguration } from "../src/configuration/load-configuration.ts";
import { runPublisher } from "../src/publisher.ts";

export const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const STREAM = streamNameOf(RESOURCE);

/** A record as it stands on the stream, opened. */
export interface Stored {
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly provenance: Provenance;
  readonly events: readonly DatabaseActivityEvent[];
}

/** A stream on loopback, and publishers that put on it what a trail in memory holds: real but for what they read. */
export class LoopbackStream implements AsyncDisposable {
  readonly trail = new ReferenceTrail();
  readonly #aws: LocalAws;
  readonly #keyId: string;

  private constructor(aws: LocalAws) {
    this.#aws = aws;
    this.#keyId = aws.kms.createKey().arn;
  }

  static async open(): Promise<LoopbackStream> {
    return new LoopbackStream(await startLocalAws({ durations: { delete: 1 } }));
  }

  get region(): string {
    return this.#aws.region;
  }

  /** Of a process that is to use it. */
  get environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.#aws.endpoint,
      AWS_ACCESS_KEY_ID: this.#aws.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.#aws.credentials.secretAccessKey,
    };
  }

  connect(): AwsClients {
    return openAwsClients(this.#aws.region, { endpoint: this.#aws.endpoint, credentials: this.#aws.credentials });
  }

  createStream(shards = 1): void {
    this.#aws.kinesis.createStream(STREAM, { shards });
  }

  /**
   * One run of a publisher, until what the trail holds is on the stream.
   * @param settings of the publisher, as they stand in its configuration
   */
  async publish(settings = "maxEventsPerRecord: 10"): Promise<void> {
    const configuration = parseConfiguration(
      `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${this.#aws.region}, kmsKeyId: ${this.#keyId} }
publisher: { ${settings} }
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
        openReader: () => new ReferenceReader(this.trail) as never,
        aws,
        createStream: false,
        clock: systemClock,
        random: Math.random,
        logger: silentLogger,
      },
      stopping.signal,
    );
    const wanted = this.trail.slice(this.trail.purged, this.trail.length).map(({ statement }) => statement);
    for (let missing = wanted; missing.length > 0; await systemClock.sleep(20)) {
      const stored = (await this.stored()).flatMap(({ events }) => events.map(({ commandText }) => commandText));
      const there = new Set(stored);
      missing = missing.filter((statement) => !there.has(statement));
    }
    stopping.abort();
    if (!(await running)) throw new Error("the publisher did not put everything before it stopped");
  }

  async stored(): Promise<readonly Stored[]> {
    using aws = this.connect();
    using keys = new DataKeyCache({ kms: aws.kms, resourceId: RESOURCE });
    const stored: Stored[] = [];
    for (const { partitionKey, data } of this.#aws.kinesis.records(STREAM)) {
      const { inner } = await open(data, keys);
      const events = inner.databaseActivityEventList.filter((element) => element.type === "record");
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#aws[Symbol.asyncDispose]();
  }
}
