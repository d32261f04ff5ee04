import { describe, expect, test } from "vitest";
import { AwsConsumer } from "./aws-consumer.ts";
import { LoopbackStream } from "./loopback-stream.ts";

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
