import { readActivityStream } from "@das/consumer";
import { epochMillisecondsOf } from "@das/core";
import type { LocalAws } from "@das/local-aws";
import { eventLine, openAwsClients } from "@das/publisher";
import type { AuditedDatabase } from "./databases/audited-database.ts";
import { Tally } from "./tally.ts";

/** Of how many events the lag is kept, and how many are shown. */
const LAG_SAMPLE = 500;
const SHOWN_EVENTS = 8;
/** Milliseconds between two looks at a shard. */
const POLL_INTERVAL = 50;

/** What has come out of the stream so far, read as any consumer reads it. */
export class Arrivals {
  readonly #database: Pick<AuditedDatabase, "keyOf">;
  readonly tally = new Tally();
  /** Milliseconds from the engine's time of an event to its arrival here; the last ones. */
  readonly lags: number[] = [];
  /** The last events, for people. */
  readonly lines: string[] = [];
  /** Records that could not be opened. */
  readonly problems: string[] = [];
  records = 0;

  constructor(database: Pick<AuditedDatabase, "keyOf">) {
    this.#database = database;
  }

  async follow(aws: LocalAws, streamName: string, signal: AbortSignal): Promise<void> {
    using clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
    const items = readActivityStream({
      kinesis: clients.kinesis,
      kms: clients.kms,
      stream: streamName,
      from: "oldest",
      whenMissing: "wait",
      pollInterval: POLL_INTERVAL,
      signal,
    });
    for await (const item of items) {
      this.records += 1;
      if (item.kind === "unreadable") {
        this.problems.push(`record ${item.sequenceNumber} cannot be opened: ${item.reason}`);
      }
      if (item.kind !== "events") continue;
      const now = Date.now();
      for (const event of item.events) {
        this.tally.arrived(this.#database.keyOf(event));
        this.lags.push(now - epochMillisecondsOf(event.logTime));
      }
      this.#show(item.events.slice(-SHOWN_EVENTS));
      this.lags.splice(0, this.lags.length - LAG_SAMPLE);
    }
  }

  /** Resolves when it is so, or after so many milliseconds. */
  async until(condition: () => boolean, patience: number): Promise<void> {
    const deadline = performance.now() + patience;
    while (!condition() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #show(events: readonly Parameters<typeof eventLine>[0][]): void {
    const style = { color: process.stdout.isTTY, width: process.stdout.columns };
    this.lines.push(...events.map((event) => eventLine(event, style)));
    this.lines.splice(0, this.lines.length - SHOWN_EVENTS);
  }
}
