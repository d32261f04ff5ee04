import { streamNameOf } from "@das/core";
import type { LocalAws } from "@das/local-aws";
import { Arrivals } from "./arrivals.ts";
import type { AuditedDatabase } from "./databases/audited-database.ts";
import { PublisherProcess } from "./publisher-process.ts";
import type { Outcome } from "./tally.ts";

/** Milliseconds that the last events get to arrive once the workload has stopped. */
const SETTLE_TIME = 20_000;

/** From one database to its stream and out of it again: emulator, publisher, consumer. */
export class Line implements AsyncDisposable {
  readonly database: AuditedDatabase;
  readonly resourceId: string;
  readonly streamName: string;
  readonly publisher: PublisherProcess;
  readonly arrivals: Arrivals;
  /** Rejects when something ends that should run. */
  readonly broken: Promise<never>;
  readonly #aws: LocalAws;
  readonly #reading = new AbortController();
  readonly #consuming: Promise<void>;

  private constructor(aws: LocalAws, database: AuditedDatabase, resourceId: string, publisher: PublisherProcess) {
    this.#aws = aws;
    this.database = database;
    this.resourceId = resourceId;
    this.streamName = streamNameOf(resourceId);
    this.publisher = publisher;
    this.arrivals = new Arrivals(database);
    this.#consuming = this.arrivals.follow(aws, this.streamName, this.#reading.signal);
    this.broken = Promise.race([
      this.#consuming.then(() => Promise.reject(new Error(`the consumer of ${database.label} ended`))),
      publisher.exited.then((code) =>
        Promise.reject(new Error(`the publisher of ${database.label} ended with ${code}`)),
      ),
    ]);
    this.broken.catch(() => undefined);
  }

  static async start(aws: LocalAws, kmsKeyId: string, resourceId: string, database: AuditedDatabase): Promise<Line> {
    const publisher = await PublisherProcess.start({ aws, resourceId, kmsKeyId, database });
    return new Line(aws, database, resourceId, publisher);
  }

  /** Resolves when everything that was audited has arrived, or when it had its time. */
  async settle(): Promise<void> {
    await this.arrivals.until(() => this.arrivals.tally.decoded >= [...this.database.keys()].length, SETTLE_TIME);
  }

  /** Ends the publisher, reads what it left and compares. @returns what arrived, and whether all went well */
  async finish(): Promise<{ readonly outcome: Outcome; readonly problems: readonly string[] }> {
    const exitCode = await this.publisher.stop();
    const records = [...this.#aws.kinesis.records(this.streamName)].length;
    await this.arrivals.until(() => this.arrivals.records >= records, SETTLE_TIME);
    await this.stopReading();
    const problems = [...this.arrivals.problems];
    if (exitCode !== 0) {
      problems.push(`the publisher of ${this.database.label} ended with ${exitCode}`, ...this.publisher.log);
    }
    return { outcome: this.arrivals.tally.compare(this.database.keys()), problems };
  }

  async stopReading(): Promise<void> {
    this.#reading.abort();
    await Promise.allSettled([this.#consuming]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopReading();
    await this.publisher[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
  }
}
