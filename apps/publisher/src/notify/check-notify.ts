import { randomUUID } from "node:crypto";
import { type CheckFinding, type Clock, checkTopic, ENGINE_TRAITS, utcTimeOf } from "@das/core";
import { type Answer, ask } from "../aws/check/answer.ts";
import type { Configuration } from "../configuration/schema.ts";
import type { Environment } from "../engines/setting-file.ts";
import { testNotification } from "./notification.ts";
import type { NotificationChannel } from "./notification-channel.ts";
import { openEventBridge, openWebhook, originOf } from "./open-notifier.ts";

export interface NotifyCheckOptions {
  /** Send one notification that says that it is a test, and nothing else. */
  readonly sendsTest: boolean;
  /** In whose name. */
  readonly instance: string;
  readonly clock: Clock;
}

/** Can notifications be sent? Sends none unless it is told to. Nothing when the configuration has no notifier. */
export async function checkNotify(
  configuration: Configuration,
  environment: Environment,
  options: NotifyCheckOptions,
): Promise<readonly CheckFinding[]> {
  const { webhook, eventBridge } = configuration.notify;
  return [
    ...(webhook ? await checkWebhook(webhook, configuration, environment, options) : []),
    ...(eventBridge ? await checkEventBridge(eventBridge, configuration, options) : []),
  ];
}

type Settings = Required<Configuration["notify"]>;

async function checkWebhook(
  settings: NonNullable<Settings["webhook"]>,
  configuration: Configuration,
  environment: Environment,
  options: NotifyCheckOptions,
): Promise<readonly CheckFinding[]> {
  const { ok, warning, failure } = checkTopic(
    "notify.webhook",
    "Whoever waits for a notification takes its absence for a good sign",
  );
  const opened = await ask("notify.webhook", async () => openWebhook(settings, environment, options.clock));
  if (!opened.known) return [failure(opened.reason, opened.remedy)];
  using channel = opened.value;
  const { origin } = new URL(settings.url);
  return [
    settings.secret
      ? ok(`notifications are posted to ${origin}, signed`)
      : warning(
          `notifications are posted to ${origin} without a signature: whoever knows the URL can send others`,
          "Set notify.webhook.secret, and let the receiver verify das-signature",
        ),
    ...(await tryChannel(channel, configuration, options)),
  ];
}

async function checkEventBridge(
  settings: NonNullable<Settings["eventBridge"]>,
  configuration: Configuration,
  options: NotifyCheckOptions,
): Promise<readonly CheckFinding[]> {
  using channel = await openEventBridge(configuration, settings);
  const bus = judgeBus(settings.bus, await ask(channel.name, () => channel.describe()));
  return [bus, ...(bus.status === "failure" ? [] : await tryChannel(channel, configuration, options))];
}

function judgeBus(bus: string, described: Answer<string>): CheckFinding {
  const { ok, warning, failure } = checkTopic(
    "notify.event-bridge",
    "EventBridge answers as if it took what is put on a bus that does not exist",
  );
  if (described.known) return ok(`notifications are put on ${described.value}`);
  const { code, reason, remedy } = described;
  if (code === "ResourceNotFoundException") {
    return failure(`there is no event bus ${bus}`, "Create it, or correct notify.eventBridge.bus and its region");
  }
  if (code === "AccessDeniedException") {
    return warning(
      `it is not known whether the event bus ${bus} exists: events:DescribeEventBus is not allowed`,
      "Allow this role events:DescribeEventBus: das iam-policy operator prints its policy",
    );
  }
  return failure(`the event bus ${bus} could not be looked at: ${reason}`, remedy);
}

async function tryChannel(
  channel: NotificationChannel,
  configuration: Configuration,
  { sendsTest, instance, clock }: NotifyCheckOptions,
): Promise<readonly CheckFinding[]> {
  if (!sendsTest) return [];
  const { ok, warning, failure } = checkTopic("notify.test", "What arrives now, a publisher's notifications will, too");
  const now = utcTimeOf(clock.now(), ENGINE_TRAITS[configuration.resource.engine].fractionDigits);
  const test = testNotification(originOf(configuration, instance), now, `test-${randomUUID()}`);
  const sent = await ask(channel.name, () => channel.deliver(test, new AbortController().signal));
  if (sent.known) return [ok(`a test was sent, and taken by ${channel.name}`)];
  // Whoever checks need not be who publishes.
  if (sent.code === "AccessDeniedException") {
    return [
      warning(`no test was sent: ${sent.reason}`, "Run das check --notify-test with the publisher's credentials"),
    ];
  }
  return [failure(sent.reason, sent.remedy)];
}
