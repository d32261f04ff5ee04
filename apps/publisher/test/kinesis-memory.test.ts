import {
  type AuditSource,
  type EventIdentity,
  eventIdentity,
  silentLogger,
  streamNameOf,
  systemClock,
  utcTimeOf,
} from "@das/core";
import { startLocalAws } from "@das/local-aws";
import { ReferenceReader, ReferenceTrail } from "@das/reader-conformance";
import { expect, test } from "vitest";
import { openAwsClients } from "../src/aws/clients.ts";
import { parseConfiguration } from "../src/configuration/load-configuration.ts";
import { runPublisher } from "../src/publisher.ts";
import { KinesisMemory } from "../src/stream/kinesis-memory.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STREAM = streamNameOf(RESOURCE);
/** When the events of the reference trail begin; one comes each millisecond. */
const BEGIN = Date.UTC(2026, 0, 1);

test("what was published of a span of event time is told, and nothing else", async () => {
  // By the clock of the stream events arrive as they happen.
  const started = systemClock.monotonic();
  const clock = { ...systemClock, now: () => Math.round(BEGIN + systemClock.monotonic() - started) };
  await using aws = await startLocalAws({ clock, durations: { create: 20 } });
  const key = aws.kms.createKey();
  aws.kinesis.createStream(STREAM);
  using clients = openAwsClients(aws.region, { endpoint: aws.endpoint, credentials: aws.credentials });
  const trail = new ReferenceTrail();
  trail.appendMany(3_000);
  const reader = new ReferenceReader(trail);
  const configuration = parseConfiguration(
    `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${aws.region}, kmsKeyId: ${key.arn} }
instances: [{ id: a, host: unused, user: unused, password: { env: UNUSED } }]
`,
    "test.yaml",
  );
  const stopping = new AbortController();
  const common = { clock, random: Math.random, logger: silentLogger };
  const publisher = runPublisher(
    {
      ...{ configuration, instanceId: "a", openReader: () => reader as never, aws: clients, createStream: false },
      ...common,
    },
    stopping.signal,
  );
  while (reader.source.acknowledgements.at(-1) !== "r3000") await systemClock.sleep(10);
  stopping.abort();
  await publisher;

  using memory = new KinesisMemory({
    ...{ kinesis: clients.kinesis, kms: clients.kms, resourceId: RESOURCE, heartbeatInterval: 10_000, ...common },
    stream: { generation: 0, createdAt: BEGIN, retentionHours: 24 },
    withoutStream: () => {
      throw new Error("the stream was not looked at");
    },
  });
  const { signal } = new AbortController();
  const { point, since } = await memory.recall(reader.source as AuditSource<unknown>, signal);
  expect(point).toMatchObject({ cursor: "r3000", history: "" });
  expect(since).toBeGreaterThanOrEqual(BEGIN);
  const between = await point?.publishedBetween?.(utcTimeOf(BEGIN + 100, 7), utcTimeOf(BEGIN + 200, 7), signal);
  const wanted = trail.slice(100, 101).map((row): EventIdentity => {
    const event = reader.toEvent(row, { nativeAuditFields: "omit" } as never);
    return eventIdentity(reader.source.id, reader.source.marker(row), event);
  });
  expect(between).toEqual(new Set(wanted));
});
