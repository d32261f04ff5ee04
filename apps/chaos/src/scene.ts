import { epochMillisecondsOf, type ResourceId, streamNameOf, systemClock } from "@das/core";
import { type Fault, type LocalAws, startLocalAws } from "@das/local-aws";
import type { Activity, AuditedDatabase } from "./databases/audited-database.ts";
import { type Comparison, compare, judge, type Kill, lossWindowsOf, readersOf, type Verdict } from "./judge/judge.ts";
import { StreamReading } from "./judge/stream-reading.ts";
import { PublisherProcess } from "./publishers/publisher-process.ts";
import type { Death } from "./witness/steps.ts";

const RESOURCE: ResourceId = "db-CHAOSCHAOSCHAOSCHAOSCHAOSC";
/** Small records, so that there are many of them and a kill meets something. */
const PUBLISHER = { heartbeatSeconds: 1, maxEventsPerRecord: 20, stopSeconds: 60 };
const SHARDS = 2;
/** Milliseconds between two looks at the stream. */
const LOOK_INTERVAL = 100;

export interface SceneOptions {
  /** Audited actions a second. */
  readonly rate: number;
  readonly seed: number;
  /** Partition keys of each source; 1 when absent. */
  readonly lanes?: number;
}

/** Audited databases, a stream, and publishers between them that come and go. */
export class Scene<Database extends AuditedDatabase> implements AsyncDisposable {
  readonly aws: LocalAws;
  readonly database: Database;
  readonly streamName = streamNameOf(RESOURCE);
  readonly kills: Kill[] = [];
  /** Audited actions a second, and of what kind they are. */
  readonly rate: number;
  readonly seed: number;
  #changedAt = Date.now();
  readonly #activities: Activity[] = [];
  readonly #lanes: number;
  readonly #kmsKeyId: string;
  readonly #reading: StreamReading;
  readonly #publishers: PublisherProcess[] = [];
  readonly #mayEnd = new Set<PublisherProcess>();

  private constructor(aws: LocalAws, database: Database, { rate, seed, lanes = 1 }: SceneOptions) {
    this.aws = aws;
    this.database = database;
    this.rate = rate;
    this.seed = seed;
    this.#lanes = lanes;
    this.#kmsKeyId = aws.kms.createKey().arn;
    this.#reading = new StreamReading(aws, RESOURCE, (event) => database.keyOf(event));
  }

  static async open<Database extends AuditedDatabase>(
    database: Database,
    options: SceneOptions,
  ): Promise<Scene<Database>> {
    return new Scene(await startLocalAws({ onDemandShards: SHARDS, durations: { create: 20 } }), database, options);
  }

  /** People work, from now on until `pause`. */
  play(): void {
    this.#activities.push(this.database.play(this.rate, this.seed + this.#activities.length * 1_000));
  }

  async pause(): Promise<void> {
    await Promise.all(this.#activities.map((activity) => activity.stop()));
  }

  /** The one that was started last of those that run. @throws when there is none */
  publisherOf(instance: string): PublisherProcess {
    const found = this.#publishers.findLast((publisher) => publisher.instance === instance && !publisher.hasEnded);
    if (!found) throw new Error(`chaos: no publisher of ${instance} runs`);
    return found;
  }

  /** Starts a publisher in a directory of its own, as on a host that never had one. */
  async start(instance: string, options: { readonly createStream?: boolean; readonly death?: Death } = {}) {
    const { aws, database } = this;
    const publisher = await PublisherProcess.start({
      engine: database.engine,
      configuration: this.#configuration(),
      instance,
      createStream: options.createStream ?? true,
      death: options.death,
      environment: {
        AWS_ENDPOINT_URL: aws.endpoint,
        AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
        DAS_PASSWORD: database.password,
      },
    });
    this.#publishers.push(publisher);
    if (options.death) this.#mayEnd.add(publisher);
    return publisher;
  }

  /** Ends a publisher in the way that people do. @throws when it does not flush and end well */
  async stop(publisher: PublisherProcess): Promise<void> {
    this.#mayEnd.add(publisher);
    const end = await publisher.stop();
    if (end !== 0) throw new Error(endOf(publisher, end));
  }

  /**
   * Calls to put records take effect only so many milliseconds after they have arrived, until the fault is removed.
   * @param probability how many of them; all when absent
   */
  delayPuts(milliseconds: number, probability = 1): Fault {
    const chance = { probability, seed: this.seed };
    return this.aws.faults.delayCalls(
      { service: "kinesis", operation: "PutRecords", times: Number.POSITIVE_INFINITY, chance },
      milliseconds,
    );
  }

  /** Of the calls so many are taken in part: of their records every other one is refused, as when a shard is full. */
  refuseRecords(probability: number): Fault {
    return this.aws.faults.failRecords(
      { times: Number.POSITIVE_INFINITY, chance: { probability, seed: this.seed } },
      ({ index }) => index % 2 === 0,
      { errorCode: "ProvisionedThroughputExceededException" },
    );
  }

  /** The stream gets other shards: what is read and written goes on in their children. */
  reshard(): void {
    const { shards = [] } = this.aws.kinesis.stream(this.streamName) ?? {};
    const open = shards.filter((shard) => shard.open).length;
    if (open > 0) this.aws.kinesis.scale(this.streamName, open > SHARDS ? SHARDS : open + 1);
  }

  /** From now on `silence` is measured. */
  noteChange(): void {
    this.#changedAt = Date.now();
  }

  /** Milliseconds from the change to the arrival of the first event that was audited after it. */
  get silence(): number {
    const after = this.#reading.raw.filter(({ logTime }) => epochMillisecondsOf(logTime) >= this.#changedAt);
    return Math.min(...after.map(({ arrival }) => arrival)) - this.#changedAt;
  }

  /**
   * Ends a publisher as `kill -9` does, if it has not ended itself at its step, and notes what it leaves behind.
   * @throws when it had failed before
   */
  async kill(publisher: PublisherProcess): Promise<Kill> {
    this.#mayEnd.add(publisher);
    await publisher.kill();
    const end = await publisher.ended;
    if (end !== "SIGKILL" && end !== 0) throw new Error(endOf(publisher, end));
    const { unanswered, died } = publisher.journal;
    const kill = { where: died ?? "anywhere", unanswered };
    this.kills.push(kill);
    return kill;
  }

  /** Resolves when the stream holds so many different events of trails. */
  async untilPublished(events: number, signal?: AbortSignal): Promise<void> {
    await this.until(() => this.published >= events, signal);
  }

  /** Resolves when everything that was audited is on the stream, or in a loss window that it tells. */
  async settle(signal?: AbortSignal): Promise<void> {
    let comparison: Comparison | undefined;
    try {
      await this.until(() => {
        const given = this.#reading.raw.map(({ key }) => key);
        comparison = compare(this.database.audited().all(), given, lossWindowsOf(this.#reading.report));
        return comparison.missing === 0;
      }, signal);
    } catch (error) {
      if (!signal?.aborted) throw error;
      throw new Error(`the stream does not get what was audited: ${JSON.stringify(comparison, null, 1)}`);
    }
  }

  /** Resolves when the stream says of every source up to where it is complete. */
  async untilEstablished(signal?: AbortSignal): Promise<void> {
    await this.until(() => {
      const sources = this.#reading.report.generations.flatMap((generation) => generation.sources);
      const complete = sources.filter(({ completeUpTo }) => completeUpTo.length > 0).map(({ source }) => source);
      return this.database.sources.every((source) => complete.includes(source));
    }, signal);
  }

  /** Who says that it reads a source, by the id of the source. */
  get readers(): Verdict["sources"] {
    return readersOf(this.#reading.report);
  }

  /** Resolves when it is so. @throws when a publisher ended by itself, or the stream cannot be read */
  async until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    for (;;) {
      if (condition()) return;
      signal?.throwIfAborted();
      this.#reading.throwIfBroken();
      const gone = this.#publishers.find((publisher) => publisher.hasEnded && !this.#mayEnd.has(publisher));
      if (gone) throw new Error(endOf(gone, await gone.ended));
      await systemClock.sleep(LOOK_INTERVAL, signal);
    }
  }

  /** Different events of trails that are on the stream. */
  get published(): number {
    return this.#reading.size;
  }

  /** Stops what still runs, and judges. */
  async verdict(): Promise<Verdict> {
    await Promise.all(this.#publishers.filter(({ hasEnded }) => !hasEnded).map((publisher) => this.stop(publisher)));
    await this.until(() => this.#reading.isUpToDate);
    return judge({
      audited: this.database.audited().all(),
      raw: this.#reading.raw,
      given: await this.#reading.consume(),
      report: this.#reading.report,
      kills: this.kills,
      digests: this.#reading.digests(),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pause();
    for (const publisher of this.#publishers) await publisher[Symbol.asyncDispose]();
    await this.#reading[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
    await this.aws[Symbol.asyncDispose]();
  }

  #configuration(): string {
    const { aws, database } = this;
    const instances = [...database.instances].map(
      ([id, instance]) =>
        `  - id: ${id}\n    ${instance.replaceAll("\n", "\n    ")}\n    password: { env: DAS_PASSWORD }\n`,
    );
    return `resource: { id: ${RESOURCE}, engine: ${database.engine} }
stream: { region: ${aws.region}, kmsKeyId: "${this.#kmsKeyId}", nativeAuditFields: true }
publisher: ${JSON.stringify({ ...PUBLISHER, lanes: this.#lanes })}
instances:
${instances.join("")}`;
  }
}

function endOf({ instance, log }: PublisherProcess, end: number | NodeJS.Signals): string {
  return `the publisher of ${instance} ended with ${end}:\n${log.join("\n")}`;
}
