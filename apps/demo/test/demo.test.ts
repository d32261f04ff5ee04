import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, ListShardsCommand } from "@aws-sdk/client-kinesis";
import { DecryptCommand, KMSClient } from "@aws-sdk/client-kms";
import { innerRecordSchema } from "@das/core";
import { decodeOuterRecord } from "@das/independent-decoder";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { expect, test } from "vitest";
import type { Outcome } from "../src/outcome.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

interface Connection {
  readonly endpoint: string;
  readonly streams: readonly { readonly streamName: string; readonly resourceId: string }[];
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

test("through a SIGKILL and two failovers nothing is missing and nothing doubled", async () => {
  const demo = spawn(process.execPath, [MAIN, "--json", "--seconds", "6"], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(demo, "exit");
  try {
    const lines = await Array.fromAsync(createInterface({ input: demo.stdout }));
    const outcome = JSON.parse(lines.at(-1) ?? "") as Outcome;
    expect(outcome).toMatchObject({ decoded: outcome.audited, missing: 0, duplicates: 0, failovers: 2, kills: 1 });
    expect(outcome.audited).toBeGreaterThan(300);
    // How long it takes is the machine's matter; that both new primaries were seen is ours.
    expect(outcome.takeoverMs).toBeGreaterThan(0);
    expect(lines).toHaveLength(2);
    expect(await exited).toEqual([0, null]);
  } finally {
    demo.kill("SIGKILL");
    await exited;
  }
});

test("held, the demo can be read by a stranger; interrupted, it ends with everything on the streams", async () => {
  // Long before anything is killed or fails over.
  const options = ["--json", "--hold", "--rate", "300", "--seconds", "600"];
  const demo = spawn(process.execPath, [MAIN, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(demo, "exit");
  try {
    const lines = createInterface({ input: demo.stdout })[Symbol.asyncIterator]();
    const connection = JSON.parse((await lines.next()).value ?? "") as Connection;
    const records = await readRecords(connection, 20);

    // Opened by the wire format alone: no code of ours but the decoder that was written from it.
    const inner = await Promise.all(records.map((data) => decodeWith(connection, data)));
    const events = inner.flatMap((record) => innerRecordSchema.parse(record).databaseActivityEventList);
    expect(events.filter(({ type }) => type === "record").length).toBeGreaterThan(10);
    expect(events.filter(({ type }) => type === "heartbeat").length).toBeGreaterThan(0);
    for (const event of events) if (event.type === "record") expect(event).toHaveProperty("engineNativeAuditFields");

    demo.kill("SIGINT");
    const outcome = JSON.parse((await lines.next()).value ?? "") as Outcome;
    expect(outcome).toEqual({
      audited: outcome.decoded,
      decoded: outcome.decoded,
      missing: 0,
      duplicates: 0,
      duplicatesDropped: 0,
      lossWindows: 0,
      failovers: 0,
      kills: 0,
      takeoverMs: null,
    });
    expect(outcome.audited).toBeGreaterThan(100);
    expect((await lines.next()).done).toBe(true);
    expect(await exited).toEqual([0, null]);
  } finally {
    demo.kill("SIGKILL");
    await exited;
  }
});

const clientOptions = ({ endpoint, region, accessKeyId, secretAccessKey }: Connection) => ({
  endpoint,
  region,
  credentials: { accessKeyId, secretAccessKey },
  requestHandler: new NodeHttpHandler(),
});

async function readRecords(connection: Connection, count: number): Promise<Uint8Array[]> {
  const kinesis = new KinesisClient(clientOptions(connection));
  const StreamName = connection.streams[0]?.streamName;
  const records: Uint8Array[] = [];
  while (records.length < count) {
    await setTimeout(100);
    records.length = 0;
    try {
      const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
      for (const { ShardId } of Shards) {
        const start = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" } as const;
        const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(start));
        const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
        records.push(...Records.map(({ Data = new Uint8Array() }) => Data));
      }
    } catch (error) {
      // The publisher is about to create it.
      if ((error as Error).name !== "ResourceNotFoundException") throw error;
    }
  }
  kinesis.destroy();
  return records;
}

async function decodeWith(connection: Connection, data: Uint8Array): Promise<unknown> {
  const kms = new KMSClient(clientOptions(connection));
  try {
    return await decodeOuterRecord(data, async (CiphertextBlob) => {
      const EncryptionContext = { "aws:rds:db-id": connection.streams[0]?.resourceId ?? "" };
      const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
      return Buffer.from(Plaintext ?? []);
    });
  } finally {
    kms.destroy();
  }
}

test("a demo that is killed takes its publishers with it", async () => {
  const demo = spawn(process.execPath, [MAIN, "--hold", "--seconds", "600", "--engine", "oracle"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(demo, "exit");
  try {
    const lines = createInterface({ input: demo.stdout });
    let configuration = "";
    for await (const line of lines) {
      configuration ||= / tail --config (\S+)/.exec(line)?.[1] ?? "";
      if (/on the stream [1-9]/.test(line)) break;
    }
    expect(await publishersOf(configuration)).toHaveLength(2);
    demo.kill("SIGKILL");
    await exited;
    while ((await publishersOf(configuration)).length > 0) await setTimeout(100);
    await rm(dirname(configuration), { recursive: true });
  } finally {
    demo.kill("SIGKILL");
    await exited;
  }
});

test("a publisher that ends though nobody wanted it to ends the demo, which says why", async () => {
  const options = ["--hold", "--seconds", "600", "--engine", "sqlserver"];
  const demo = spawn(process.execPath, [MAIN, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(demo, "exit");
  try {
    const told = text(demo.stderr);
    for await (const line of createInterface({ input: demo.stdout })) {
      const [, configuration] = / tail --config (\S+)/.exec(line) ?? [];
      if (configuration === undefined) continue;
      while ((await publishersOf(configuration)).length < 2) await setTimeout(50);
      const [publisher] = await publishersOf(configuration);
      if (publisher !== undefined) process.kill(publisher, "SIGKILL");
    }
    expect(await exited).toEqual([1, null]);
    expect(await told).toMatch(/^publisher [ab] ended with 1\n/);
  } finally {
    demo.kill("SIGKILL");
    await exited;
  }
});

/** The processes that run with this configuration file. */
async function publishersOf(configuration: string): Promise<readonly number[]> {
  const listing = spawn("ps", ["-e", "-o", "pid,args"], { stdio: ["ignore", "pipe", "ignore"] });
  const lines = (await text(listing.stdout)).split("\n");
  return lines
    .filter((line) => line.includes(` run --config ${configuration}`))
    .map((line) => Number.parseInt(line, 10));
}
