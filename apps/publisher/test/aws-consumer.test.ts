import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from "@aws-sdk/client-kinesis";
import { DecryptCommand } from "@aws-sdk/client-kms";
import { decodeMessage, decodeOuterRecord } from "@das/independent-decoder";
import { describe, expect, test } from "vitest";
import type { AwsClients } from "../src/aws/clients.ts";
import { LoopbackStream, RESOURCE, STREAM } from "./loopback-stream.ts";

/** Wire format §§5.1 and 6.1: consumers index them directly. */
const COMMON_FIELDS = [
  ...["class", "clientApplication", "command", "commandText", "databaseName", "dbProtocol", "dbUserName", "endTime"],
  ...[
    "errorMessage",
    "exitCode",
    "logTime",
    "netProtocol",
    "objectName",
    "objectType",
    "paramList",
    "pid",
    "remoteHost",
  ],
  ...["remotePort", "rowCount", "serverHost", "serverType", "serverVersion", "serviceName", "sessionId", "startTime"],
  ...["statementId", "substatementId", "transactionId", "type"],
];

/**
 * A consumer of AWS's format: the union of what known ones demand (wire format §11), and nothing of ours. It knows
 * neither provenance nor this repository's packages, and stops at whatever would stop one of them.
 */
class AwsConsumer {
  readonly events: Record<string, unknown>[] = [];
  heartbeats = 0;
  readonly #aws: AwsClients;

  constructor(aws: AwsClients) {
    this.#aws = aws;
  }

  async readAll(): Promise<void> {
    const { Shards = [] } = await this.#aws.kinesis.send(new ListShardsCommand({ StreamName: STREAM }));
    for (const { ShardId } of Shards) {
      const start = { StreamName: STREAM, ShardId, ShardIteratorType: "TRIM_HORIZON" } as const;
      let { ShardIterator } = await this.#aws.kinesis.send(new GetShardIteratorCommand(start));
      for (let behind = 1; ShardIterator !== undefined && behind > 0; ) {
        const answer = await this.#aws.kinesis.send(new GetRecordsCommand({ ShardIterator }));
        for (const { Data = new Uint8Array() } of answer.Records ?? []) await this.#take(Data);
        ShardIterator = answer.NextShardIterator;
        behind = answer.MillisBehindLatest ?? 0;
      }
    }
  }

  async #take(data: Uint8Array): Promise<void> {
    const { databaseActivityEvents, key } = JSON.parse(Buffer.from(data).toString("utf8"));
    const wrappingKey = await this.#decrypt(Buffer.from(key, "base64"));
    // Consumers that decrypt in chunks of 8192 bytes unzip each of them by itself.
    expect(decodeMessage(Buffer.from(databaseActivityEvents, "base64"), wrappingKey).plaintext.length).toBeLessThan(
      8_193,
    );
    const inner = (await decodeOuterRecord(data, async () => wrappingKey)) as Record<string, unknown>;
    expect(inner).toMatchObject({ type: "DatabaseActivityMonitoringRecord", clusterId: "", instanceId: RESOURCE });
    const list = inner.databaseActivityEventList as Record<string, unknown>[];
    expect(list.length).toBeGreaterThan(0);
    for (const element of list) {
      if (element.type === "heartbeat") {
        expect(list).toEqual([{ type: "heartbeat" }]);
        this.heartbeats += 1;
        continue;
      }
      expect(element.type).toBe("record");
      for (const field of COMMON_FIELDS) expect(element, field).toHaveProperty(field);
      for (const field of COMMON_FIELDS)
        if (field !== "paramList") expect(Object(element[field]), field).not.toBe(element[field]);
      expect(element.logTime).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+00$/);
      expect(element.commandText === null || typeof element.commandText === "string").toBe(true);
      this.events.push(element);
    }
  }

  async #decrypt(blob: Buffer): Promise<Buffer> {
    const EncryptionContext = { "aws:rds:db-id": RESOURCE };
    const { Plaintext } = await this.#aws.kms.send(new DecryptCommand({ CiphertextBlob: blob, EncryptionContext }));
    return Buffer.from(Plaintext ?? []);
  }
}

describe("a consumer of AWS's format that knows nothing of provenance", () => {
  test.each([
    { lanes: 1, shards: 1 },
    { lanes: 3, shards: 2 },
  ])("reads every event, of every run of a publisher, with %o", async ({ lanes, shards }) => {
    await using stream = await LoopbackStream.open();
    stream.createStream(shards);
    stream.trail.appendMany(400);
    await stream.publish(`lanes: ${lanes}`);
    stream.trail.appendMany(50);
    await stream.publish(`lanes: ${lanes}`);
    // What is told on the stream is an event like any other.
    const before = stream.trail.slice(0, stream.trail.length);
    stream.trail.appendMany(20);
    stream.trail.purgeBefore(before.length + 5);
    await stream.publish(`lanes: ${lanes}`);
    for (const { provenance } of await stream.stored()) expect(provenance.sequence).toBeGreaterThanOrEqual(0);

    using aws = stream.connect();
    const consumer = new AwsConsumer(aws);
    await consumer.readAll();
    const told = consumer.events.filter((event) => event.class === "ActivityStream");
    expect(told).toMatchObject([{ command: "LOSS WINDOW" }]);
    const after = stream.trail.slice(stream.trail.purged, stream.trail.length);
    const wanted = [...before, ...after].map(({ statement }) => statement);
    const read = consumer.events.filter((event) => !told.includes(event)).map((event) => String(event.commandText));
    expect(read.toSorted()).toEqual(wanted.toSorted());
    expect(consumer.heartbeats).toBeGreaterThan(0);
  });
});
