import type { Clock } from "@das/core";
import { eventBusRegion } from "../aws/policy/amazon-resource.ts";
import type { Configuration } from "../configuration/schema.ts";
import { readSecret } from "../configuration/secret.ts";
import { type Environment, readSettingFile } from "../engines/setting-file.ts";
import type { EventBridge } from "./event-bridge.ts";
import type { NotificationOrigin } from "./notification.ts";
import { Notifier, type NotifierOptions } from "./notifier.ts";
import { Webhook } from "./webhook.ts";

/**
 * The notifier that the configuration asks for; undefined: none.
 * @throws ConfigurationError when a secret or a file of it cannot be read
 */
export async function openNotifier(
  configuration: Configuration,
  instance: string,
  environment: Environment,
  options: Pick<NotifierOptions, "stopping" | "clock" | "random" | "logger">,
): Promise<Notifier | undefined> {
  const { webhook, eventBridge } = configuration.notify;
  const channels = [
    ...(webhook ? [openWebhook(webhook, environment, options.clock)] : []),
    ...(eventBridge ? [await openEventBridge(configuration, eventBridge)] : []),
  ];
  if (channels.length === 0) return undefined;
  const stopTime = configuration.publisher.stopSeconds * 1_000;
  return new Notifier({ origin: originOf(configuration, instance), channels, stopTime, ...options });
}

export function originOf({ resource, stream }: Configuration, instance: string): NotificationOrigin {
  return { resourceId: resource.id, engine: resource.engine, region: stream.region, instance };
}

type Settings = Configuration["notify"];

/** @throws ConfigurationError when its secret or certificate cannot be read */
export function openWebhook(
  { url, secret, authorization, caFile }: NonNullable<Settings["webhook"]>,
  environment: Environment,
  clock: Clock,
): Webhook {
  return new Webhook({
    url,
    clock,
    secret: secret && readSecret(secret, "notify.webhook.secret", environment),
    authorization: authorization && readSecret(authorization, "notify.webhook.authorization", environment),
    certificateAuthorities: caFile && readSettingFile(caFile, "notify.webhook.caFile"),
  });
}

export async function openEventBridge(
  configuration: Configuration,
  { bus }: NonNullable<Settings["eventBridge"]>,
): Promise<EventBridge> {
  // Its client is loaded by those alone who use it.
  const channel = await import("./event-bridge.ts");
  return new channel.EventBridge(bus, eventBusRegion(configuration));
}
