import { DescribeEventBusCommand, EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { epochMillisecondsOf, RefusedError, UnavailableError } from "@das/core";
import { classifyAwsError } from "../aws/classify-aws-error.ts";
import { type AwsOverrides, clientOptions } from "../aws/clients.ts";
import type { Notification } from "./notification.ts";
import type { NotificationChannel } from "./notification-channel.ts";

/** The source of our events; `aws.` is Amazon's own. */
const SOURCE = "das";
/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html */
const PASSING = new Set(["InternalFailure", "InternalException", "ThrottlingException"]);

/** Puts events on a bus of EventBridge. */
export class EventBridge implements NotificationChannel {
  readonly name = "notify.eventBridge";
  readonly #client: EventBridgeClient;
  readonly #bus: string;

  /** @param bus name or ARN */
  constructor(bus: string, region: string, overrides?: AwsOverrides) {
    this.#bus = bus;
    this.#client = new EventBridgeClient({ ...clientOptions(region, overrides), maxAttempts: 1 });
  }

  async deliver(notification: Notification, signal: AbortSignal): Promise<void> {
    const entry = {
      Source: SOURCE,
      DetailType: notification.title,
      Detail: JSON.stringify(notification),
      EventBusName: this.#bus,
      Time: new Date(epochMillisecondsOf(notification.logTime)),
    };
    const { FailedEntryCount, Entries } = await this.#call(() =>
      this.#client.send(new PutEventsCommand({ Entries: [entry] }), { abortSignal: signal }),
    );
    // The call succeeds although its entry failed.
    if (!FailedEntryCount) return;
    const { ErrorCode: code = "unknown", ErrorMessage: message = "" } = Entries?.[0] ?? {};
    const what = `notify.eventBridge: EventBridge did not take the event (${code}: ${message})`;
    const remedy = "Check the policies of this role and of the bus: das iam-policy prints that of the publisher";
    throw new (PASSING.has(code) ? UnavailableError : RefusedError)({ who: "das", what, remedy, code });
  }

  /** @throws DasError with code ResourceNotFoundException when there is no such bus, or when it may not be asked */
  async describe(): Promise<string> {
    const { Arn = this.#bus } = await this.#call(() =>
      this.#client.send(new DescribeEventBusCommand({ Name: this.#bus })),
    );
    return Arn;
  }

  async #call<Output>(send: () => Promise<Output>): Promise<Output> {
    try {
      return await send();
    } catch (error) {
      throw classifyAwsError(error, this.name);
    }
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}
