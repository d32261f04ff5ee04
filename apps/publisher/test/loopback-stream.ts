import { DeleteStreamCommand, PutRecordCommand } from "@aws-sdk/client-kinesis";
import {
  type Clock,
  type DatabaseActivityEvent,
  type InnerRecord,
  type Logger,
  type Provenance,
  RecordError,
  STREAM_CLASS,
  silentLogger,
  streamNameOf,
  systemClock,
} from "@das/core";
import { DataKeyCache, DataKeyLender, open, seal } from "@das/envelope";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { ReferenceReader, ReferenceTrail } from "@das/reader-conformance";
import { type AwsClients, openAwsClients } from "../src/aws/clients.ts";
import { parseConfiguration } from "../src/configuration/load-configuration.ts";
import type { Configuration } from "../src/configuration/schema.ts";
import { type PublisherParts, runPublisher } from "../src/publisher.ts";

export const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const STREAM = streamNameOf(RESOURCE);

/** A record as it stands on the stream, opened. */
export interface Stored {
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly inner: InnerRecord;
  readonly provenance: Provenance;
  readonly events: readonly DatabaseActivityEvent[];
}

/** Settings of a configuration, as YAML: `shards: 1`. */
export interface Settings {
  readonly stream?: string;
  readonly publisher?: string;
  /** Their ids, a letter each; `a` is published. */
  readonly instances?: string;
}

export interface RunOptions extends Settings, Partial<Pick<PublisherParts, "createStream" | "openReader">> {
  readonly credentials?: LocalAws["credentials"];
  /** What the publisher has in the place of its clients. */
  readonly through?: (clients: AwsClients) => AwsClients;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** A publisher of instance a. */
export interface RunningPublisher {
  /** Whether everything that was read is on the stream. */
  readonly done: Promise<boolean>;
  stop(): Promise<boolean>;
}

/** A stream on loopback, and publishers that put on it what a trail in memory holds: real but for what they read. */
export class LoopbackStream implements AsyncDisposable {
  readonly aws: LocalAws;
  readonly trail = new ReferenceTrail();
  readonly keyId: string;
  /** For what no publisher calls. */
  readonly clients: AwsClients;

  private constructor(aws: LocalAws) {
    this.aws = aws;
    this.keyId = aws.kms.createKey().arn;
    this.clients = this.connect();
  }

  /** The stream itself is still to be created. */
  static async open(): Promise<LoopbackStream> {
    return new LoopbackStream(await startLocalAws({ durations: { create: 20, delete: 1 } }));
  }

  get region(): string {
    return this.aws.region;
  }

  /** Of a process that is to use it. */
  get environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.aws.endpoint,
      AWS_ACCESS_KEY_ID: this.aws.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.aws.credentials.secretAccessKey,
    };
  }

  connect(credentials = this.aws.credentials): AwsClients {
    return openAwsClients(this.aws.region, { endpoint: this.aws.endpoint, credentials });
  }

  createStream(shards = 1): void {
    this.aws.kinesis.createStream(STREAM, { shards });
  }

  configuration({ stream = "", publisher = "", instances = "a" }: Settings = {}): Configuration {
    const each = [...instances].map((id) => `{ id: ${id}, host: unused, user: unused, password: { env: UNUSED } }`);
    return parseConfiguration(
      `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${this.aws.region}, kmsKeyId: ${this.keyId}${stream && `, ${stream}`} }
publisher: { ${publisher} }
instances: [${each.join(", ")}]
`,
      "test.yaml",
    );
  }

  run({
    credentials,
    through = (clients) => clients,
    createStream = false,
    ...options
  }: RunOptions = {}): RunningPublisher {
    const clients = this.connect(credentials);
    const stopping = new AbortController();
    const done = runPublisher(
      {
        configuration: this.configuration(options),
        instanceId: "a",
        openReader: options.openReader ?? (() => new ReferenceReader(this.trail) as never),
        aws: through(clients),
        createStream,
        clock: options.clock ?? systemClock,
        random: Math.random,
        logger: options.logger ?? silentLogger,
      },
      stopping.signal,
    ).finally(() => clients[Symbol.dispose]());
    return {
      done,
      stop: () => {
        stopping.abort();
        return done;
      },
    };
  }

  /** One run of a publisher, until what the trail holds is on the stream. @param settings of the publisher */
  async publish(settings = "maxEventsPerRecord: 10"): Promise<void> {
    const publisher = this.run({ publisher: settings });
    const wanted = this.trail.slice(this.trail.purged, this.trail.length).map(({ statement }) => statement);
    for (let missing = wanted; missing.length > 0; await systemClock.sleep(20)) {
      const there = new Set(await this.statements());
      missing = missing.filter((statement) => !there.has(statement));
    }
    if (!(await publisher.stop())) throw new Error("the publisher did not put everything before it stopped");
  }

  /** Every record that a publisher put, in the order of the shards, opened by the package that consumers use. */
  async stored(): Promise<readonly Stored[]> {
    using keys = new DataKeyCache({ kms: this.clients.kms, resourceId: RESOURCE });
    const stored: Stored[] = [];
    for (const { partitionKey, data } of this.aws.kinesis.records(STREAM)) {
      const inner = await openIfAny(data, keys);
      if (!inner) continue;
      const events = inner.databaseActivityEventList.filter((element) => element.type === "record");
      stored.push({ partitionKey, data, inner, provenance: inner.provenance as Provenance, events });
    }
    return stored;
  }

  async events(): Promise<readonly DatabaseActivityEvent[]> {
    return (await this.stored()).flatMap(({ events }) => events);
  }

  /** What the trail's events that are on the stream say, doubles too. */
  async statements(): Promise<string[]> {
    const events = await this.events();
    return events.filter((event) => event.class !== STREAM_CLASS).map(({ commandText }) => String(commandText));
  }

  /** The same stream, as if it had never held some of its records. */
  async lose(isLost: (record: Stored) => boolean): Promise<void> {
    const kept = (await this.stored()).filter((record) => !isLost(record));
    await this.clients.kinesis.send(new DeleteStreamCommand({ StreamName: STREAM }));
    while (this.aws.kinesis.stream(STREAM)) await systemClock.sleep(5);
    this.createStream();
    for (const { partitionKey, data } of kept) await this.put(partitionKey, data);
  }

  async put(partitionKey: string, data: Uint8Array): Promise<void> {
    const record = { StreamName: STREAM, PartitionKey: partitionKey, Data: data };
    await this.clients.kinesis.send(new PutRecordCommand(record));
  }

  /** A record as AWS's own publishers put it. */
  async putOfAws(): Promise<void> {
    using lender = new DataKeyLender({ kms: this.clients.kms, keyId: this.keyId, resourceId: RESOURCE });
    using key = await lender.lend();
    const event = '{"type":"record","class":"TABLE","command":"SELECT","logTime":"2026-01-01 00:00:00.000000+00"}';
    const inner = `{"type":"DatabaseActivityMonitoringRecord","clusterId":"","instanceId":"${RESOURCE}","databaseActivityEventList":[${event}]}`;
    await this.put("of AWS", (await seal(inner, key, "1.4")).bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.clients[Symbol.dispose]();
    await this.aws[Symbol.asyncDispose]();
  }
}

/** @returns undefined when it is no record of a publisher */
async function openIfAny(data: Uint8Array, keys: DataKeyCache): Promise<InnerRecord | undefined> {
  try {
    return (await open(data, keys)).inner;
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}

/** What the trail holds, as `statements` says it. */
export const statementsIn = (trail: ReferenceTrail) => trail.slice(0, trail.length).map(({ statement }) => statement);

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(10);
}
