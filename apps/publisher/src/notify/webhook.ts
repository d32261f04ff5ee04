import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { type Clock, type DasError, RefusedError, UnavailableError } from "@das/core";
import type { Notification } from "./notification.ts";
import type { NotificationChannel } from "./notification-channel.ts";
import { signBody } from "./sign-body.ts";

export interface WebhookOptions {
  readonly url: string;
  /** Signs the body. */
  readonly secret?: string | undefined;
  /** The value of the header `authorization`. */
  readonly authorization?: string | undefined;
  /** PEM of the authorities that may have signed the receiver's certificate; default: those that Node trusts. */
  readonly certificateAuthorities?: string | undefined;
  /** Milliseconds until the receiver has answered. */
  readonly timeout?: number;
  readonly clock: Pick<Clock, "now">;
}

const TIMEOUT = 10_000;
/** Answers of a client's fault that pass by themselves. */
const PASSING = new Set([408, 429]);

/** Posts JSON to a URL. A path may be secret, too, so that messages name the origin alone. */
export class Webhook implements NotificationChannel {
  readonly name = "notify.webhook";
  readonly #options: WebhookOptions;
  readonly #url: URL;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
  }

  async deliver(notification: Notification, signal: AbortSignal): Promise<void> {
    const { secret, authorization, timeout = TIMEOUT, clock } = this.#options;
    const body = JSON.stringify(notification);
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "user-agent": "das",
      "idempotency-key": notification.key,
      ...(secret !== undefined && { "das-signature": signBody(secret, body, Math.floor(clock.now() / 1_000)) }),
      ...(authorization !== undefined && { authorization }),
    };
    const tooLate = AbortSignal.timeout(timeout);
    let status: number;
    try {
      status = await this.#post(headers, body, AbortSignal.any([signal, tooLate]));
    } catch (error) {
      signal.throwIfAborted();
      throw this.#unreachable(tooLate.aborted ? `no answer in ${timeout} ms` : reasonOf(error));
    }
    if (status < 200 || status > 299) throw this.#answered(status);
  }

  #post(headers: Record<string, string | number>, body: string, signal: AbortSignal): Promise<number> {
    const { certificateAuthorities: ca } = this.#options;
    const request = this.#url.protocol === "http:" ? requestHttp : requestHttps;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    request(this.#url, { method: "POST", headers, signal, ...(ca !== undefined && { ca }) }, (response) => {
      resolve(response.statusCode ?? 0);
      // What it says besides is of no interest, and may be without end.
      response.destroy();
    })
      .on("error", reject)
      .end(body);
    return promise;
  }

  #unreachable(reason: string): DasError {
    return new UnavailableError({
      who: "das",
      what: `notify.webhook: ${this.#url.origin} cannot be reached (${reason})`,
      remedy:
        "Check that the receiver runs, can be reached from here, and has a certificate that is trusted here (notify.webhook.caFile)",
      code: "webhook-unreachable",
    });
  }

  #answered(status: number): DasError {
    const what = `notify.webhook: ${this.#url.origin} answered ${status}`;
    const code = `webhook-answered-${status}`;
    if (status >= 500 || PASSING.has(status)) {
      return new UnavailableError({ who: "das", what, remedy: "Look at the receiver, if it goes on", code });
    }
    return new RefusedError({ who: "das", what, remedy: remedyOf(status), code });
  }

  [Symbol.dispose](): void {
    // Every attempt ends its own connection.
  }
}

function reasonOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: string };
  return typeof code === "string" ? code : (name ?? "unknown");
}

function remedyOf(status: number): string {
  if (status === 401 || status === 403) {
    return "Compare notify.webhook.secret and notify.webhook.authorization with what the receiver expects";
  }
  if (status >= 300 && status < 400)
    return "Set notify.webhook.url to where it redirects to: no redirection is followed";
  return "Check notify.webhook.url, and that the receiver takes what docs/notifications.md describes";
}
