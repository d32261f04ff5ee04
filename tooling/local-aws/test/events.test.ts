import {
  DescribeEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from "@aws-sdk/client-eventbridge";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { describe, expect, test } from "vitest";
import { rejection } from "./clients.ts";
import { type RunningServer, runServer } from "./running-server.ts";

interface Setup extends RunningServer {
  readonly client: EventBridgeClient;
}

/** A server with one bus besides the default one, and the real SDK. */
async function setUp(): Promise<Setup> {
  const running = await runServer();
  const { endpoint, region, credentials, events } = running.server;
  const requestHandler = new NodeHttpHandler({ requestTimeout: 20_000, throwOnRequestTimeout: true });
  const client = new EventBridgeClient({ endpoint, region, credentials, maxAttempts: 1, requestHandler });
  events.createBus("security");
  return {
    ...running,
    client,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await running[Symbol.asyncDispose]();
    },
  };
}

const entry: PutEventsRequestEntry = {
  Source: "das",
  DetailType: "Something happened",
  Detail: '{"command":"START"}',
  EventBusName: "security",
};
const put = ({ client }: Setup, ...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries }));
const BUS = "arn:aws:events:us-east-1:123456789012:event-bus/security";

describe("a bus", () => {
  test("takes what is put, by its name, by its ARN, or as the default one", async () => {
    await using setup = await setUp();
    const { FailedEntryCount, Entries = [] } = await put(
      setup,
      entry,
      { ...entry, EventBusName: BUS, Time: new Date(1_000), Resources: ["arn:aws:kinesis:x"] },
      { ...entry, EventBusName: undefined },
    );
    expect(FailedEntryCount).toBe(0);
    const taken = { source: "das", detailType: "Something happened", detail: { command: "START" } };
    expect(setup.server.events.taken).toEqual([
      { ...taken, id: Entries[0]?.EventId, bus: BUS, time: setup.clock.now(), resources: [] },
      { ...taken, id: Entries[1]?.EventId, bus: BUS, time: 1_000, resources: ["arn:aws:kinesis:x"] },
      {
        ...taken,
        id: Entries[2]?.EventId,
        bus: BUS.replace("security", "default"),
        time: setup.clock.now(),
        resources: [],
      },
    ]);
    expect(setup.server.counters.of("events", "PutEvents")).toMatchObject({ calls: 1, records: 3, failedRecords: 0 });
  });

  test("that does not exist takes nothing, though AWS answers as if it did", async () => {
    await using setup = await setUp();
    expect(await put(setup, { ...entry, EventBusName: "absent" })).toMatchObject({
      FailedEntryCount: 0,
      Entries: [{ EventId: expect.any(String) }],
    });
    expect(setup.server.events.taken).toEqual([]);
    const error = await rejection(setup.client.send(new DescribeEventBusCommand({ Name: "absent" })));
    expect(error).toMatchObject({ name: "ResourceNotFoundException", message: "Event bus absent does not exist." });
  });

  test("is described by name and by ARN", async () => {
    await using setup = await setUp();
    for (const Name of ["security", BUS]) {
      expect(await setup.client.send(new DescribeEventBusCommand({ Name }))).toMatchObject({
        Name: "security",
        Arn: BUS,
      });
    }
    expect(await setup.client.send(new DescribeEventBusCommand({}))).toMatchObject({ Name: "default" });
  });
});

describe("an entry", () => {
  test.each([
    [{ Source: undefined }, "InvalidArgument", /Source is a required argument/],
    [{ Detail: "" }, "InvalidArgument", /Detail is a required argument/],
    [{ Detail: "[1]" }, "MalformedDetail", /Detail is malformed/],
    [{ Detail: "{" }, "MalformedDetail", /Detail is malformed/],
    [{ Source: "aws.rds" }, "NotAuthorizedForSourceException", /Not authorized for the source/],
  ])("fails alone: %j", async (wrong, ErrorCode, message) => {
    await using setup = await setUp();
    const { FailedEntryCount, Entries } = await put(setup, { ...entry, ...wrong }, entry);
    expect(FailedEntryCount).toBe(1);
    expect(Entries?.[0]).toEqual({ ErrorCode, ErrorMessage: expect.stringMatching(message) });
    expect(setup.server.events.taken).toHaveLength(1);
  });

  test("fails as scripted, so many times", async () => {
    await using setup = await setUp();
    setup.server.events.failEntries(2, "ThrottlingException");
    const { Entries } = await put(setup, entry, entry, entry);
    expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      "ThrottlingException",
      "ThrottlingException",
      undefined,
    ]);
  });
});

test("no more than ten entries come in a call", async () => {
  await using setup = await setUp();
  const error = await rejection(put(setup, ...Array.from({ length: 11 }, () => entry)));
  expect(error).toMatchObject({ name: "ValidationException", message: expect.stringContaining("entries") });
});

test("who may not is refused, also for another account's bus", async () => {
  await using setup = await setUp();
  const denial = setup.server.deny({ action: "events:PutEvents", resource: BUS });
  const error = await rejection(put(setup, entry));
  expect(error.name).toBe("AccessDeniedException");
  expect(error.message).toContain(`is not authorized to perform: events:PutEvents on resource: ${BUS}`);
  denial.remove();
  const foreign = await rejection(put(setup, { ...entry, EventBusName: BUS.replace("123456789012", "210987654321") }));
  expect(foreign.name).toBe("AccessDeniedException");
  expect(setup.server.events.taken).toEqual([]);
});

test("a policy may allow one source on one bus only", async () => {
  await using setup = await setUp();
  const { server } = setup;
  const credentials = server.addPrincipal({
    userName: "publisher",
    policy: {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: ["events:PutEvents"],
          Resource: BUS,
          Condition: { StringEquals: { "events:source": "das" } },
        },
      ],
    },
  });
  const { endpoint, region } = server;
  const client = new EventBridgeClient({ endpoint, region, credentials, maxAttempts: 1 });
  const own = { ...setup, client };
  await put(own, entry);
  expect((await rejection(put(own, { ...entry, Source: "other" }))).name).toBe("AccessDeniedException");
  expect((await rejection(put(own, { ...entry, EventBusName: "default" }))).name).toBe("AccessDeniedException");
  expect(server.events.taken).toHaveLength(1);
  client.destroy();
});
