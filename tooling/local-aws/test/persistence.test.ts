import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { DecryptCommand, GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import { expect, test } from "vitest";
import { startLocalAws } from "../src/index.ts";
import { clientsOf } from "./clients.ts";
import { Command } from "./command.ts";
import { ManualClock } from "./manual-clock.ts";
import { oldestIterator, putTexts, textsAt } from "./streams.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const STREAM = "kept";

test("a restart keeps streams, records, tags, iterators and keys", async () => {
  using directory = temporaryDirectory();
  const options = { directory: directory.path, clock: new ManualClock() };
  const EncryptionContext = { a: "b" };
  const before = await (async () => {
    await using server = await startLocalAws(options);
    using clients = clientsOf(server);
    server.kinesis.createStream(STREAM, { shards: 2 });
    const put = await putTexts(clients.kinesis, STREAM, "one", "two");
    const shard = Number(put.Records?.[0]?.ShardId?.slice(8));
    const { CiphertextBlob, Plaintext } = await clients.kms.send(
      new GenerateDataKeyCommand({ KeyId: server.kms.createKey().keyId, KeySpec: "AES_256", EncryptionContext }),
    );
    return {
      stream: server.kinesis.stream(STREAM),
      records: [...server.kinesis.records(STREAM)],
      iterator: await oldestIterator(clients.kinesis, STREAM, shard),
      CiphertextBlob,
      Plaintext,
    };
  })();
  await using server = await startLocalAws(options);
  using clients = clientsOf(server);
  expect(server.kinesis.stream(STREAM)).toEqual(before.stream);
  expect([...server.kinesis.records(STREAM)]).toEqual(before.records);
  const { CiphertextBlob } = before;
  expect((await clients.kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))).Plaintext).toEqual(
    before.Plaintext,
  );
  const [record] = (await putTexts(clients.kinesis, STREAM, "three")).Records ?? [];
  expect(BigInt(record?.SequenceNumber ?? 0)).toBeGreaterThan(BigInt(before.records.at(-1)?.sequenceNumber ?? 0));
  expect(await textsAt(clients.kinesis, before.iterator)).toEqual(["one", "two", "three"]);
});

test("a change that was begun before a restart comes true after it", async () => {
  using directory = temporaryDirectory();
  const clock = new ManualClock();
  const options = { directory: directory.path, clock, durations: { update: 1_000 } };
  {
    await using server = await startLocalAws(options);
    using clients = clientsOf(server);
    server.kinesis.createStream(STREAM);
    const split = { ShardToSplit: "shardId-000000000000", NewStartingHashKey: "1000" };
    await clients.kinesis.send(new SplitShardCommand({ StreamName: STREAM, ...split }));
  }
  clock.advance(1_000);
  await using server = await startLocalAws(options);
  expect(server.kinesis.stream(STREAM)?.shards.map(({ open }) => open)).toEqual([false, true, true]);
});

test("what a killed server had answered is there when it comes back", async () => {
  using directory = temporaryDirectory();
  const parameters = ["--port", "0", "--json", "--directory", directory.path];
  const answered: (string | undefined)[] = [];
  {
    await using command = new Command(...parameters);
    const { accessKeyId, secretAccessKey, ...started } = await command.started();
    using clients = clientsOf({ ...started, credentials: { accessKeyId, secretAccessKey } });
    await clients.kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: 3 }));
    const status = async () =>
      (await clients.kinesis.send(new DescribeStreamCommand({ StreamName: STREAM }))).StreamDescription?.StreamStatus;
    await expect.poll(status).toBe("ACTIVE");
    // Killed in the middle of puts: those that were answered by then count.
    const putting = Array.from({ length: 4 }, async (_, lane) => {
      for (let call = 0; ; call += 1) {
        const texts = Array.from({ length: 20 }, (_, index) => `${lane}/${call}/${index}`);
        const { Records = [] } = await putTexts(clients.kinesis, STREAM, ...texts);
        answered.push(...Records.map((record) => record.SequenceNumber));
        if (answered.length > 1_000) void command.end("SIGKILL");
      }
    });
    await Promise.allSettled(putting);
  }
  await using server = await startLocalAws({ directory: directory.path });
  const kept = new Set([...server.kinesis.records(STREAM)].map(({ sequenceNumber }) => sequenceNumber));
  expect(answered.length).toBeGreaterThan(1_000);
  expect(answered.filter((number) => number === undefined || !kept.has(number))).toEqual([]);
});

test("keys and records are readable by their owner only", async () => {
  using directory = temporaryDirectory();
  await using server = await startLocalAws({ directory: directory.path });
  using clients = clientsOf(server);
  server.kms.createKey();
  server.kinesis.createStream(STREAM);
  await putTexts(clients.kinesis, STREAM, "x");
  const modes = (readdirSync(directory.path, { recursive: true }) as string[])
    .map((name) => [name, statSync(join(directory.path, name))] as const)
    .filter(([, status]) => (status.mode & 0o077) !== 0);
  expect(modes).toEqual([]);
  expect(statSync(join(directory.path, "kms.json")).mode & 0o777).toBe(0o600);
});

test("without a directory nothing is left behind", async () => {
  const server = await startLocalAws();
  server.kinesis.createStream(STREAM);
  expect(existsSync(server.directory)).toBe(true);
  await server[Symbol.asyncDispose]();
  expect(existsSync(server.directory)).toBe(false);
});

test("a deleted stream leaves no files", async () => {
  using directory = temporaryDirectory();
  const clock = new ManualClock();
  await using server = await startLocalAws({ directory: directory.path, clock, durations: { delete: 1_000 } });
  using clients = clientsOf(server);
  server.kinesis.createStream(STREAM);
  await putTexts(clients.kinesis, STREAM, "x");
  await clients.kinesis.send(new DeleteStreamCommand({ StreamName: STREAM }));
  clock.advance(1_000);
  expect(server.kinesis.streams()).toEqual([]);
  expect(readdirSync(join(directory.path, "streams"))).toEqual([]);
});

test("two servers do not share a directory, and the lock of a dead one is taken over", async () => {
  using directory = temporaryDirectory();
  {
    await using first = await startLocalAws({ directory: directory.path });
    await expect(startLocalAws({ directory: directory.path })).rejects.toThrow(/already keeps its data in/);
    expect(first.port).toBeGreaterThan(0);
    expect(readFileSync(join(directory.path, "lock"), "utf8")).toBe(String(process.pid));
  }
  expect(existsSync(join(directory.path, "lock"))).toBe(false);
  // No process has this id: Linux gives none above 4,194,304.
  writeFileSync(join(directory.path, "lock"), "99999999");
  await using second = await startLocalAws({ directory: directory.path });
  expect(second.directory).toBe(directory.path);
});

test("a port in use gives the directory back", async () => {
  using directory = temporaryDirectory();
  await using first = await startLocalAws();
  const taken = startLocalAws({ port: first.port, directory: directory.path });
  await expect(taken).rejects.toThrow(/EADDRINUSE/);
  await using second = await startLocalAws({ directory: directory.path });
  expect(second.port).not.toBe(first.port);
});
