import type { Notification } from "./notification.ts";

/** A way to somebody who wants to know. */
export interface NotificationChannel extends Disposable {
  /** The setting that opened it: `notify.webhook`. */
  readonly name: string;
  /**
   * One attempt. May be repeated with the same notification: receivers know it by its key.
   * @throws UnavailableError: it may succeed later; RefusedError: not without a person; the signal's reason
   */
  deliver(notification: Notification, signal: AbortSignal): Promise<void>;
}
