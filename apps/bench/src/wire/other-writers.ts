import { randomBytes } from "node:crypto";
import { type KinesisClient, ListShardsCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { systemClock } from "@das/core";

const RECORD_BYTES = 8_192;
/** Milliseconds between two calls. */
const INTERVAL = 100;

/** Fills every shard of a stream evenly, as other publishers would: records that cannot be opened, of nobody's source. */
export class OtherWriters implements AsyncDisposable {
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;

  constructor(client: KinesisClient, streamName: string, bytesPerSecondAndShard: number) {
    this.#done = write(client, streamName, bytesPerSecondAndShard, this.#stopping.signal);
    this.#done.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }
}

async function write(client: KinesisClient, streamName: string, rate: number, stopping: AbortSignal): Promise<void> {
  const { Shards: shards = [] } = await client.send(new ListShardsCommand({ StreamName: streamName }));
  const begin = systemClock.monotonic();
  const payload = randomBytes(RECORD_BYTES);
  for (let written = 0; !stopping.aborted; ) {
    const due = (rate * (systemClock.monotonic() - begin)) / 1_000;
    const records = Math.min(400 / shards.length, Math.floor((due - written) / RECORD_BYTES));
    if (records > 0) {
      const each = { Data: payload, PartitionKey: "another source" };
      const entries = shards.flatMap(({ HashKeyRange }) =>
        Array.from({ length: records }, () => ({ ...each, ExplicitHashKey: HashKeyRange?.StartingHashKey })),
      );
      await client.send(new PutRecordsCommand({ StreamName: streamName, Records: entries }));
      written += records * RECORD_BYTES;
    }
    await systemClock.sleep(INTERVAL, stopping);
  }
}
