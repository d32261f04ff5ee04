import { AddTagsToStreamCommand } from "@aws-sdk/client-kinesis";
import {
  type EventIdentity,
  eventIdentity,
  type Logger,
  STREAM_CLASS,
  type StreamNotice,
  silentLogger,
  streamNameOf,
  systemClock,
} from "@das/core";
import { DataKeyCache, open } from "@das/envelope";
import { type LocalAws, startLocalAws } from "@das/local-aws";
import { ReferenceReader, ReferenceTrail } from "@das/reader-conformance";
import { expect, test } from "vitest";
import { openAwsClients } from "../src/aws/clients.ts";
import { iamPolicyOf } from "../src/aws/policy/iam-policy.ts";
import { parseConfiguration } from "../src/configuration/load-configuration.ts";
import { type StreamState, tagsOf } from "../src/lifecycle/stream-state.ts";
import { EventBridge } from "../src/notify/event-bridge.ts";
import type { Notification } from "../src/notify/notification.ts";
import { Notifier } from "../src/notify/notifier.ts";
import { originOf } from "../src/notify/open-notifier.ts";
import { Webhook } from "../src/notify/webhook.ts";
import { runPublisher } from "../src/publisher.ts";
import { startedState } from "./started-state.ts";
import { startReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const RESOURCE = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STREAM = streamNameOf(RESOURCE);
const PURGED = 3;

interface Scene extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly receiver: WebhookReceiver;
  readonly trail: ReferenceTrail;
  /** What the reader says next of the stream itself. */
  readonly notices: StreamNotice[];
  tag(state: Partial<StreamState>): Promise<void>;
  /**
   * A publisher with a notifier of both kinds, until it is stopped.
   * @param options.patience milliseconds for a receiver to answer
   */
  publish(options?: {
    readonly patience?: number;
    readonly stopTime?: number;
    readonly random?: () => number;
    readonly logger?: Logger;
  }): {
    readonly notifier: Notifier;
    stop(): Promise<boolean>;
  };
  /** What stands on the stream, as a consumer opens it. */
  onStream(): Promise<{ readonly statements: string[]; readonly told: { command: string; identity: EventIdentity }[] }>;
  posted(): Notification[];
  put(): Notification[];
}

/** Of the wait that it may be between two attempts. */
const hardly = () => 0.01;

/** The real publisher, clients and notifier; only what it reads is in memory. */
async function openScene(): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const aws = stack.use(await startLocalAws());
  const receiver = stack.use(await startReceiver());
  aws.kinesis.createStream(STREAM, { shards: 1 });
  const kmsKeyId = aws.kms.createKey().arn;
  const eventBus = aws.events.createBus("security");
  const subject = { resourceId: RESOURCE, region: aws.region, account: aws.accountId, kmsKeyId, formerKeyIds: [] };
  const credentials = aws.addPrincipal({
    userName: "publisher",
    policy: iamPolicyOf("publisher", { ...subject, eventBus }),
  });
  const { endpoint } = aws;
  const administrator = stack.use(openAwsClients(aws.region, { endpoint, credentials: aws.credentials }));
  const trail = new ReferenceTrail();
  const notices: StreamNotice[] = [];
  const configuration = parseConfiguration(
    `
resource: { id: ${RESOURCE}, engine: sqlserver }
stream: { region: ${aws.region}, kmsKeyId: "${kmsKeyId}" }
publisher: { heartbeatSeconds: 1, statePollSeconds: 1 }
instances: [{ id: a, host: unused, user: unused, password: { env: UNUSED } }]
`,
    "test.yaml",
  );
  return {
    ...{ aws, receiver, trail, notices },
    tag: async (state) => {
      const Tags = tagsOf(startedState({ "kms-key-id": kmsKeyId, "changed-by": "sa", ...state }));
      await administrator.kinesis.send(new AddTagsToStreamCommand({ StreamName: STREAM, Tags }));
    },
    publish: ({ patience = 60_000, stopTime = 10_000, random = hardly, logger = silentLogger } = {}) => {
      const stopping = new AbortController();
      const clients = openAwsClients(aws.region, { endpoint, credentials });
      const common = { clock: systemClock, random, logger };
      const notifier = new Notifier({
        origin: originOf(configuration, "a"),
        channels: [
          new Webhook({ url: receiver.url, secret: "geheim", timeout: patience, clock: systemClock }),
          new EventBridge("security", aws.region, { endpoint, credentials }),
        ],
        stopping: stopping.signal,
        stopTime,
        ...common,
      });
      const openReader = () => {
        const reader = new ReferenceReader(trail);
        const read = reader.source.read.bind(reader.source);
        reader.source.read = async function* (resume, signal) {
          for await (const batch of read(resume, signal)) yield { ...batch, notices: notices.splice(0) };
        };
        return reader as never;
      };
      const parts = { configuration, instanceId: "a", openReader, aws: clients, createStream: false, notifier };
      const done = runPublisher({ ...parts, ...common }, stopping.signal);
      return {
        notifier,
        stop: async () => {
          stopping.abort();
          const isComplete = await done;
          await notifier[Symbol.asyncDispose]();
          clients[Symbol.dispose]();
          return isComplete;
        },
      };
    },
    onStream: async () => {
      using keys = new DataKeyCache({ kms: administrator.kms, resourceId: RESOURCE });
      const statements: string[] = [];
      const told: { command: string; identity: EventIdentity }[] = [];
      for (const { data } of aws.kinesis.records(STREAM)) {
        const { inner } = await open(data, keys);
        for (const event of inner.databaseActivityEventList) {
          if (event.type !== "record") continue;
          const identity = eventIdentity(inner.provenance?.source ?? "", "", event);
          if (event.class === STREAM_CLASS) told.push({ command: event.command ?? "", identity });
          else statements.push(String(event.commandText));
        }
      }
      return { statements, told };
    },
    posted: () => receiver.posts.filter(({ status }) => status === 204).map(({ body }) => JSON.parse(body)),
    put: () => aws.events.taken.map(({ detail }) => detail as Notification),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(10);
}

const byKey = (notifications: readonly Notification[]) => notifications.toSorted((a, b) => (a.key < b.key ? -1 : 1));

const DRIFT: StreamNotice = {
  command: "POLICY DRIFT",
  cause: "audit RDS_DAS_AUDIT, is OFF, by mallory",
  startTime: "2026-01-01 00:00:05.0000000+00",
  endTime: null,
};

test.concurrent("whoever is notified hears, once, of what the stream tells of itself, by the same identities", async () => {
  await using scene = await openScene();
  const { trail, notices, receiver, aws } = scene;
  trail.appendMany(10);
  trail.purgeBefore(PURGED);
  await scene.tag({});
  const publisher = scene.publish();
  // The same drift seen twice is one, its end is another notification.
  notices.push(DRIFT, DRIFT, { ...DRIFT, endTime: "2026-01-01 00:00:09.0000000+00" });
  await until(() => scene.posted().length >= 4 && scene.put().length >= 4);
  await scene.tag({
    ...{ revision: 2, status: "stopping", "changed-at": "2026-01-01 00:01:00.0000000+00" },
  });
  await until(() => scene.posted().length >= 5 && scene.put().length >= 5);
  expect(await publisher.stop()).toBe(true);

  const posted = scene.posted();
  expect(byKey(scene.put())).toEqual(byKey(posted));
  expect(new Set(posted.map(({ key }) => key)).size).toBe(posted.length);
  expect(posted.map(({ command }) => command).toSorted()).toEqual([
    ...["LOSS WINDOW", "POLICY DRIFT", "POLICY DRIFT", "START", "STOP"],
  ]);
  const { told } = await scene.onStream();
  const pairs = (events: readonly { command: string; identity: string }[]) =>
    [...new Set(events.map(({ command, identity }) => `${command} ${identity}`))].toSorted();
  expect(pairs(posted)).toEqual(pairs(told));
  expect(told.length).toBeGreaterThan(posted.length);

  const startTime = "2026-01-01 00:00:00.0000000+00";
  const identity = posted.find(({ command }) => command === "START")?.identity;
  expect(posted.find(({ command }) => command === "START")).toEqual({
    key: identity,
    identity,
    eventId: "DAS-EVENT-0001",
    category: "configuration change",
    title: "Database Activity Stream Started",
    message: "Database Activity Streams is started on your database instance.",
    command: "START",
    errorMessage: "generation 1 of the activity stream is started by sa",
    startTime,
    endTime: null,
    logTime: startTime,
    resourceId: RESOURCE,
    engine: "sqlserver",
    region: aws.region,
    stream: STREAM,
    instance: "a",
    source: "publisher:a",
    serverHost: "10.0.1.30",
  });
  const [event] = aws.events.taken.filter(({ detailType }) => detailType === "Database Activity Stream Started");
  expect(event).toMatchObject({ source: "das", time: Date.parse("2026-01-01T00:00:00Z") });
  for (const { headers, body } of receiver.posts) {
    expect(headers["idempotency-key"]).toBe(JSON.parse(body).key);
    expect(headers["das-signature"]).toMatch(/^t=\d{10},v1=[0-9a-f]{64}$/);
  }
  expect(publisher.notifier.figures).toEqual({ notificationsSent: 10, notificationsGivenUp: 0 });
});

test.concurrent("a receiver that fails, refuses or is silent disturbs neither the stream nor the other channel", async () => {
  await using scene = await openScene();
  const { trail, notices, receiver, aws } = scene;
  const errors: object[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => void errors.push(fields) };
  receiver.answers.push(500, "hang", 400);
  aws.events.failEntries(1, "ThrottlingException");
  aws.faults.failCalls(
    { service: "events", operation: "PutEvents", after: 1 },
    { errorType: "InternalFailure", status: 500 },
  );
  await scene.tag({});
  const publisher = scene.publish({ patience: 3_000, logger });
  await until(() => receiver.posts.some(({ status }) => status === 400));
  notices.push(DRIFT);
  trail.appendMany(3_000);
  await until(async () => (await scene.onStream()).statements.length >= 3_000);
  await until(() => scene.posted().length >= 1 && scene.put().length >= 2);
  expect(await publisher.stop()).toBe(true);

  // START was refused by the receiver, which is said; the next one arrived.
  expect(scene.posted()).toMatchObject([{ command: "POLICY DRIFT" }]);
  expect(scene.put()).toMatchObject([{ command: "START" }, { command: "POLICY DRIFT" }]);
  expect(publisher.notifier.figures).toEqual({ notificationsSent: 3, notificationsGivenUp: 1 });
  expect(errors).toEqual([
    {
      channel: "notify.webhook",
      command: "START",
      key: expect.any(String),
      givenUp: 1,
      error: `das: notify.webhook: ${new URL(receiver.url).origin} answered 400. Check notify.webhook.url, and that the receiver takes what docs/notifications.md describes.`,
    },
  ]);
  const { statements, told } = await scene.onStream();
  expect(statements).toEqual(trail.slice(0, 3_000).map(({ statement }) => statement));
  expect(told.map(({ command }) => command).toSorted()).toEqual(["POLICY DRIFT", "START"]);
});

test.concurrent("a stop does not wait longer for a receiver that is away than for the stream", async () => {
  await using scene = await openScene();
  await scene.tag({});
  await scene.receiver[Symbol.asyncDispose]();
  const lines: object[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => void lines.push(fields) };
  const publisher = scene.publish({ stopTime: 500, random: () => 0.99, logger });
  await until(() => scene.put().length === 1);
  expect(await publisher.stop()).toBe(true);
  expect(lines).toMatchObject([
    { channel: "notify.webhook", error: "the publisher stopped before it could be delivered" },
  ]);
  expect(publisher.notifier.figures).toEqual({ notificationsSent: 1, notificationsGivenUp: 1 });
  expect((await scene.onStream()).told).toMatchObject([{ command: "START" }]);
});
