import { type ResourceId, streamNameOf, systemClock } from "@das/core";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import type { AuditedDatabase } from "./databases/audited-database.ts";
import { judge, type Kill, type Verdict } from "./judge/judge.ts";
import { StreamReading } from "./judge/stream-reading.ts";
import { PublisherProcess } from "./publishers/publisher-process.ts";
import type { Death } from "./witness/steps.ts";

const RESOURCE: ResourceId = "db-CHAOSCHAOSCHAOSCHAOSCHAOSC";
/** Small records, so that there are many of them and a kill meets something. */
const PUBLISHER = { heartbeatSeconds: 1, maxEventsPerRecord: 20, stopSeconds: 10 };
/** Milliseconds between two looks at the stream. */
const LOOK_INTERVAL = 100;

/** Audited databases, a stream, and publishers between them that come and go. */
export class Scene<Database extends AuditedDatabase> implements AsyncDisposable {
  readonly aws: LocalAws;
  readonly database: Database;
  readonly streamName = streamNameOf(RESOURCE);
  readonly kills: Kill[] = [];
  readonly #kmsKeyId: string;
  readonly #reading: StreamReading;
  readonly #publishers: PublisherProcess[] = [];
  readonly #mayEnd = new Set<PublisherProcess>();

  private constructor(aws: LocalAws, database: Database) {
    this.aws = aws;
    this.database = database;
    this.#kmsKeyId = aws.kms.createKey().arn;
    this.#reading = new StreamReading(aws, RESOURCE);
  }

  static async open<Database extends AuditedDatabase>(database: Database): Promise<Scene<Database>> {
    return new Scene(await startLocalAws({ onDemandShards: 2, durations: { create: 20 } }), database);
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

  /** Ends a publisher as `kill -9` does, if it has not ended itself, and notes what it leaves behind. */
  async kill(publisher: PublisherProcess): Promise<Kill> {
    this.#mayEnd.add(publisher);
    await publisher.kill();
    const { unanswered, died } = publisher.journal;
    const kill = { where: died ?? "anywhere", unanswered };
    this.kills.push(kill);
    return kill;
  }

  /** Resolves when the stream holds so many different events of trails. */
  async untilPublished(events: number, signal?: AbortSignal): Promise<void> {
    await this.until(() => this.published >= events, signal);
  }

  /** Resolves when everything that was audited is on the stream, as far as its events can be counted. */
  async settle(signal?: AbortSignal): Promise<void> {
    await this.until(() => this.published >= this.database.audited().size, signal);
  }

  /** Resolves when it is so; what is on the stream is looked at anew each time. @throws when a publisher ended by itself */
  async until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    for (;;) {
      await this.#reading.refresh();
      if (condition()) return;
      signal?.throwIfAborted();
      const gone = this.#publishers.find((publisher) => publisher.hasEnded && !this.#mayEnd.has(publisher));
      if (gone) throw new Error(endOf(gone, await gone.ended));
      await systemClock.sleep(LOOK_INTERVAL, signal);
    }
  }

  /** Different events of trails that are on the stream. */
  get published(): number {
    return this.#reading.size;
  }

  get raw(): StreamReading["raw"] {
    return this.#reading.raw;
  }

  /** Stops what still runs, and judges. */
  async verdict(): Promise<Verdict> {
    await Promise.all(this.#publishers.filter(({ hasEnded }) => !hasEnded).map((publisher) => this.stop(publisher)));
    await this.#reading.refresh();
    const { events, report } = await this.#reading.consume();
    return judge({
      audited: this.database.audited().all(),
      raw: this.#reading.raw,
      given: events.map((event) => this.database.keyOf(event)),
      report,
      kills: this.kills,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const publisher of this.#publishers) await publisher[Symbol.asyncDispose]();
    this.#reading[Symbol.dispose]();
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
publisher: ${JSON.stringify(PUBLISHER)}
instances:
${instances.join("")}`;
  }
}

function endOf({ instance, log }: PublisherProcess, end: number | NodeJS.Signals): string {
  return `the publisher of ${instance} ended with ${end}:\n${log.join("\n")}`;
}
