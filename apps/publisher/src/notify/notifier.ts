import type { Clock, DatabaseActivityEvent, Logger } from "@das/core";
import { type NotificationOrigin, notificationOf } from "./notification.ts";
import type { NotificationChannel } from "./notification-channel.ts";
import { Outbox } from "./outbox.ts";

export interface NotifierOptions {
  readonly origin: NotificationOrigin;
  readonly channels: readonly NotificationChannel[];
  /** The publisher is being stopped. */
  readonly stopping: AbortSignal;
  /** Milliseconds from then until what waits is given up. */
  readonly stopTime: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** As many keys as are remembered: what comes again after so many others is sent again. */
const REMEMBERED = 10_000;

/**
 * Sends what is told on the stream about the stream itself to whoever wants to know at once. Best effort: the stream is
 * what holds it. Disposing delivers what waits, within the time that a stop may take.
 */
export class Notifier implements AsyncDisposable {
  readonly #options: NotifierOptions;
  readonly #outboxes: readonly Outbox[];
  readonly #told = new Set<string>();
  #stoppedAt: number | undefined;

  constructor(options: NotifierOptions) {
    this.#options = options;
    const { channels, stopping, clock, random, logger } = options;
    this.#outboxes = channels.map((channel) => new Outbox({ channel, clock, random, logger }));
    stopping.addEventListener("abort", () => {
      this.#stoppedAt = clock.monotonic();
    });
  }

  /** @param sourceId the source that the event stands in on the stream. Never waits, never throws. */
  readonly tell = (sourceId: string, event: DatabaseActivityEvent): void => {
    const notification = notificationOf(this.#options.origin, sourceId, event);
    if (this.#told.has(notification.key)) return;
    this.#told.add(notification.key);
    const [oldest] = this.#told;
    if (oldest !== undefined && this.#told.size > REMEMBERED) this.#told.delete(oldest);
    for (const outbox of this.#outboxes) outbox.add(notification);
  };

  /** For the log, summed over the channels. */
  get figures(): { readonly notificationsSent: number; readonly notificationsGivenUp: number } {
    const sum = (of: (outbox: Outbox) => number) => this.#outboxes.reduce((total, outbox) => total + of(outbox), 0);
    return { notificationsSent: sum(({ sent }) => sent), notificationsGivenUp: sum(({ givenUp }) => givenUp) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, stopTime } = this.#options;
    const now = clock.monotonic();
    const left = Math.max(0, (this.#stoppedAt ?? now) + stopTime - now);
    await Promise.all(this.#outboxes.map((outbox) => outbox.close(left)));
  }
}
