import { type Clock, DasError, type Logger, RefusedError, retryDelay } from "@das/core";
import type { Notification } from "./notification.ts";
import type { NotificationChannel } from "./notification-channel.ts";

export interface OutboxOptions {
  readonly channel: NotificationChannel;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** Notifications that wait at most. */
export const OUTBOX_LIMIT = 1_000;
/** With these waits, an hour or so. */
export const OUTBOX_ATTEMPTS = 30;
const RETRY = { base: 1_000, cap: 300_000 };
/** When the publisher stops there is little time left. */
const RETRY_AT_THE_END = { base: 250, cap: 1_000 };

/**
 * What is to be delivered on one channel, in order, one at a time. Never waits for the caller and never fails it: what
 * cannot be delivered is given up, counted, and said in the log; the event stands on the stream.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #waiting: Notification[] = [];
  readonly #closing = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #running: Promise<void>;
  #arrival = Promise.withResolvers<void>();
  #sent = 0;
  #givenUp = 0;
  /** What the log said last of delays and of losses, by its code: the same fails often. Undefined after a success. */
  #delayedBy: string | undefined;
  #lostBy: string | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get sent(): number {
    return this.#sent;
  }

  get givenUp(): number {
    return this.#givenUp;
  }

  add(notification: Notification): void {
    this.#waiting.push(notification);
    if (this.#waiting.length > OUTBOX_LIMIT) {
      const oldest = this.#waiting.shift();
      if (oldest) this.#leave(oldest, "overflow", `more than ${OUTBOX_LIMIT} notifications wait`);
    }
    this.#arrival.resolve();
  }

  /** Delivers what waits, for so many milliseconds at most, and closes the channel. */
  async close(milliseconds: number): Promise<void> {
    const { clock } = this.#options;
    const over = new AbortController();
    this.#closing.abort();
    this.#arrival.resolve();
    const deadline = clock.sleep(milliseconds, over.signal).then(() => this.#giveUp.abort());
    await this.#running;
    over.abort();
    await deadline;
    this.#options.channel[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#arrival = Promise.withResolvers<void>();
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await this.#deliver(next);
      if (this.#closing.signal.aborted) return;
      await this.#arrival.promise;
    }
  }

  async #deliver(notification: Notification): Promise<void> {
    const { channel } = this.#options;
    const { signal } = this.#giveUp;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await channel.deliver(notification, signal);
        this.#sent += 1;
        this.#delayedBy = undefined;
        this.#lostBy = undefined;
        return;
      } catch (error) {
        if (signal.aborted) break;
        const failure = error instanceof DasError ? error : unexpected(channel, error);
        if (!failure.retryable || attempt >= OUTBOX_ATTEMPTS) {
          this.#leave(notification, failure.code, failure.message);
          return;
        }
        this.#delay(failure);
        await this.#pause(attempt);
      }
    }
    this.#leave(notification, "stopped", "the publisher stopped before it could be delivered");
  }

  async #pause(attempt: number): Promise<void> {
    const { clock, random } = this.#options;
    const isClosing = this.#closing.signal.aborted;
    const delay = retryDelay(isClosing ? RETRY_AT_THE_END : RETRY, attempt - 1, random);
    await clock.sleep(delay, isClosing ? this.#giveUp.signal : this.#closing.signal);
  }

  #delay({ message, code }: DasError): void {
    if (this.#delayedBy === code) return;
    this.#delayedBy = code;
    const { channel, logger } = this.#options;
    logger.warn({ channel: channel.name, error: message }, "notifications are delayed; they are tried again");
  }

  #leave({ key, command }: Notification, code: string, error: string): void {
    this.#givenUp += 1;
    const { channel, logger } = this.#options;
    const fields = { channel: channel.name, error, key, command, givenUp: this.#givenUp };
    const level = this.#lostBy === code ? "warn" : "error";
    this.#lostBy = code;
    logger[level](fields, "a notification was given up; what it is about stands on the stream");
  }
}

/** A mistake of ours: the pipeline is not to pay for it. */
function unexpected({ name }: NotificationChannel, cause: unknown): DasError {
  return new RefusedError({
    who: "das",
    what: `${name}: ${cause instanceof Error ? cause.name : "an error"} that nobody expected`,
    remedy: "Report it",
    code: "notification-failed",
    cause,
  });
}
