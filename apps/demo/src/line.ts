import { streamNameOf } from "@das/core";
import type { LocalAws } from "@das/local-aws";
import { Arrivals } from "./arrivals.ts";
import { ConfigurationDirectory } from "./configuration-directory.ts";
import type { AuditedDatabase } from "./databases/audited-database.ts";
import type { Outcome } from "./outcome.ts";
import { PublisherProcess } from "./publisher-process.ts";
import type { Story } from "./story.ts";

/** Milliseconds that publishers get to begin, and the last events to arrive once the workload has stopped. */
const START_TIME = 60_000;
const SETTLE_TIME = 60_000;

export interface LineParts {
  readonly aws: LocalAws;
  readonly kmsKeyId: string;
  readonly resourceId: string;
  readonly database: AuditedDatabase;
  readonly story: Story;
}

/** From one database to its stream and out of it again: two instances, a publisher each, one stream, a consumer. */
export class Line implements AsyncDisposable {
  readonly database: AuditedDatabase;
  readonly resourceId: string;
  readonly streamName: string;
  readonly publishers: readonly PublisherProcess[];
  readonly arrivals: Arrivals;
  readonly configurationFile: string;
  /** Rejects when something ends that should run. */
  readonly broken: Promise<never>;
  readonly #aws: LocalAws;
  readonly #story: Story;
  readonly #configuration: ConfigurationDirectory;
  readonly #reading = new AbortController();
  readonly #consuming: Promise<void>;
  #failovers = 0;
  #kills = 0;

  private constructor(
    { aws, resourceId, database, story }: LineParts,
    configuration: ConfigurationDirectory,
    publishers: readonly PublisherProcess[],
  ) {
    this.database = database;
    this.resourceId = resourceId;
    this.streamName = streamNameOf(resourceId);
    this.publishers = publishers;
    this.arrivals = new Arrivals(database, (text) => story.add(`${database.label}: ${text}`));
    this.configurationFile = configuration.file;
    this.#aws = aws;
    this.#story = story;
    this.#configuration = configuration;
    this.#consuming = this.arrivals.follow(aws, this.streamName, this.#reading.signal);
    this.broken = Promise.race([
      this.#consuming.then(() => Promise.reject(new Error(`the consumer of ${database.label} ended`))),
      ...publishers.map(({ broken }) => broken),
    ]);
    this.broken.catch(() => undefined);
  }

  static async start(parts: LineParts): Promise<Line> {
    const { aws, kmsKeyId, resourceId, database } = parts;
    const resource = { id: resourceId, region: aws.region, kmsKeyId };
    const configuration = await ConfigurationDirectory.create(resource, database);
    const publishers = database.instances.map(({ id }, index) => {
      const { password } = database;
      const createStream = index === 0;
      return new PublisherProcess({
        aws,
        configurationFile: configuration.file,
        password,
        instanceId: id,
        createStream,
      });
    });
    return new Line(parts, configuration, publishers);
  }

  /** Resolves when each publisher has said on the stream that it lives. @throws when one does not */
  async begun(signal: AbortSignal): Promise<void> {
    const silent = () => this.publishers.filter(({ instanceId }) => !this.arrivals.feeds.isHeard(instanceId));
    await this.arrivals.until(() => silent().length === 0, START_TIME, signal);
    const [first] = silent();
    if (first && !signal.aborted)
      throw new Error(`publisher ${first.instanceId} of ${this.database.label} does not begin`);
  }

  /** Kills the publisher of the primary; its supervisor starts it again. Resolves when it goes on. */
  async killPublisher(signal: AbortSignal): Promise<void> {
    const publisher = this.publishers.find(({ instanceId }) => instanceId === this.database.primaryId);
    if (!publisher) return;
    const { feeds } = this.arrivals;
    const name = `${this.database.label}: the publisher of ${this.#nameOf(publisher.instanceId)}`;
    await publisher.kill();
    const killed = performance.now();
    this.#kills += 1;
    this.#story.add(`${name} is killed with SIGKILL`);
    await publisher.startAgain();
    this.#story.add(`${name} is started again; the stream is its only memory`);
    const before = feeds.eventsOf(publisher.instanceId);
    const goesOn = () => feeds.eventsOf(publisher.instanceId) > before;
    await this.arrivals.until(goesOn, SETTLE_TIME, signal);
    const seconds = ((performance.now() - killed) / 1_000).toFixed(1);
    if (goesOn()) this.#story.add(`${name} goes on, ${seconds} s after the kill`);
  }

  /** The primary goes down, and the other instance takes over: nobody tells the publishers. */
  async failOver(): Promise<void> {
    const from = performance.now();
    const told = await this.database.failOver();
    this.#failovers += 1;
    this.#story.add(`${this.database.label}: ${told}`);
    this.arrivals.awaitPrimary(from, (milliseconds) => {
      const name = this.#nameOf(this.database.primaryId);
      const seconds = (milliseconds / 1_000).toFixed(1);
      this.#story.add(
        `${this.database.label}: ${name}'s first event as the primary is on the stream, after ${seconds} s`,
      );
    });
  }

  async bringBack(): Promise<void> {
    this.#story.add(`${this.database.label}: ${await this.database.bringBack()}`);
  }

  /** Resolves when everything that was audited has arrived, or when it had its time. */
  async settle(signal: AbortSignal): Promise<void> {
    const { tally } = this.arrivals;
    await this.arrivals.until(() => tally.decoded >= this.database.audited(), SETTLE_TIME, signal);
  }

  /** Ends the publishers, reads what they left and compares. @returns what arrived, and whether all went well */
  async finish(): Promise<{ readonly outcome: Outcome; readonly problems: readonly string[] }> {
    const exitCodes = await Promise.all(this.publishers.map((publisher) => publisher.stop()));
    const { arrivals, database } = this;
    const records = [...this.#aws.kinesis.records(this.streamName)].length;
    await arrivals.until(() => arrivals.records >= records, SETTLE_TIME);
    await this.stopReading();
    const problems = [...arrivals.problems, ...arrivals.openHoles];
    for (const [index, publisher] of this.publishers.entries()) {
      if (exitCodes[index] === 0) continue;
      problems.push(`publisher ${publisher.instanceId} of ${database.label} ended with ${exitCodes[index]}`);
      problems.push(...publisher.log);
    }
    const outcome = {
      ...arrivals.tally.compare(database.keys()),
      duplicatesDropped: arrivals.duplicatesDropped,
      lossWindows: arrivals.lossWindows,
      failovers: this.#failovers,
      kills: this.#kills,
      takeoverMs: arrivals.takeover ?? null,
    };
    return { outcome, problems };
  }

  async stopReading(): Promise<void> {
    this.#reading.abort();
    await Promise.allSettled([this.#consuming]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopReading();
    await Promise.all(this.publishers.map((publisher) => publisher[Symbol.asyncDispose]()));
    await this.#configuration[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
  }

  #nameOf(instanceId: string): string {
    return this.database.instances.find(({ id }) => id === instanceId)?.name ?? instanceId;
  }
}
