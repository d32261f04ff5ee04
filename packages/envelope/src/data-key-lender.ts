import { GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import { type Clock, encryptionContextOf, type ResourceId, retryDelay, systemClock, UnavailableError } from "@das/core";
import { DATA_KEY_BYTES, type DataKeyLease, SharedDataKey } from "./data-key.ts";
import { callKms, type KmsCallSink, type KmsClient } from "./kms.ts";

/** How long one data key seals, from when it is first lent (wire format §3.5). */
export const DATA_KEY_MAX_AGE_MS = 6 * 60_000;
/** How many records one data key seals (wire format §3.5). */
export const DATA_KEY_MAX_USES = 2 ** 20;

/** How long before the end of a key its successor is fetched: a few heartbeats, so that somebody asks in that time. */
export const RENEWAL_LEAD_MS = 30_000;
/** How many uses before the end; at 1,000 records a second about a minute. */
export const RENEWAL_LEAD_USES = 2 ** 16;

/** After a failure KMS is not called again before this has passed, however often a key is asked for. */
const RETRY = { base: 1_000, cap: 30_000 };

export interface DataKeyLenderOptions {
  readonly kms: KmsClient;
  /** Setting `stream.kmsKeyId`: key ARN, key id, alias ARN or alias name of a symmetric key. */
  readonly keyId: string;
  readonly resourceId: ResourceId;
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  readonly onKmsCall?: KmsCallSink;
}

interface KeptKey {
  readonly shared: SharedDataKey;
  /** By the monotonic clock, as all times here. */
  readonly fetchedAt: number;
  expiresAt: number;
  uses: number;
}

/**
 * Lends the current KMS data key for sealing: ten `GenerateDataKey` an hour up to 2,900 records a second, none if idle.
 *
 * - none: at the start, and when nobody asked for a key in the last 30 s of the current one. `lend` waits for KMS.
 * - current: lent until it is 6 minutes old or has been lent 2^20 times. Then it is dropped, by `lend` or, when nobody
 *   asks, by a timer.
 * - current and successor: the first `lend` of the last 30 s (or 2^16 uses) fetches the successor and does not wait.
 *   The successor's age counts from when it takes over, so the time in reserve costs no calls.
 * - closed: by `Symbol.dispose`. Nothing is lent any more.
 *
 * There is one call to KMS at a time. When it fails, whoever waits for it gets the error; until the next attempt is due
 * everyone else who needs a key gets the same error, without a call.
 */
export class DataKeyLender implements Disposable {
  readonly #options: DataKeyLenderOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #closing = new AbortController();
  #current: KeptKey | undefined;
  #successor: KeptKey | undefined;
  #renewal: Promise<void> | undefined;
  #failure: { readonly error: unknown; readonly count: number; readonly retryAt: number } | undefined;

  constructor(options: DataKeyLenderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  /**
   * The current data key, for one record. In steady state resolves without waiting for KMS.
   * @throws RefusedError when KMS or IAM refuses: it names the setting and the right; UnavailableError when KMS was not
   *   reached, or the lender is closed
   */
  async lend(): Promise<DataKeyLease> {
    for (;;) {
      if (this.#closing.signal.aborted) throw closedError();
      const key = this.#usable();
      if (key !== undefined) {
        key.uses += 1;
        const lease = key.shared.lease();
        if (this.#endsSoon(key) && !this.#mustWait()) {
          // Not awaited: the current key still seals. A failure is kept, and thrown to the first who needs the key.
          this.#renew().catch(() => undefined);
        }
        return lease;
      }
      if (this.#failure !== undefined && this.#mustWait()) throw this.#failure.error;
      await this.#renew();
    }
  }

  /** Drops the keys: zeroed at once, or when the last lease comes back. Unless closed, a timer holds the process. */
  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#current?.shared.drop();
    this.#successor?.shared.drop();
    this.#current = undefined;
    this.#successor = undefined;
  }

  /** Drops what has expired, lets the successor take over, and returns what may be lent. */
  #usable(): KeptKey | undefined {
    const now = this.#clock.monotonic();
    while (this.#current !== undefined && isSpent(this.#current, now)) {
      this.#current.shared.drop();
      this.#current = this.#successor;
      this.#successor = undefined;
      if (this.#current !== undefined) this.#takeOver(this.#current);
    }
    return this.#current;
  }

  #takeOver(key: KeptKey): void {
    // From now, but never older than this since KMS made it: a process that was suspended wakes with an old successor.
    const longest = key.fetchedAt + RENEWAL_LEAD_MS + DATA_KEY_MAX_AGE_MS;
    key.expiresAt = Math.min(this.#clock.monotonic() + DATA_KEY_MAX_AGE_MS, longest);
    // A timer that nobody awaits: the clock's sleep does not reject, and #usable does not throw.
    void this.#dropInTime(key.expiresAt);
  }

  async #dropInTime(expiresAt: number): Promise<void> {
    const { signal } = this.#closing;
    // A timer may fire a moment early.
    for (let left = expiresAt - this.#clock.monotonic(); left > 0; left = expiresAt - this.#clock.monotonic()) {
      await this.#clock.sleep(Math.ceil(left), signal);
      if (signal.aborted) return;
    }
    this.#usable();
  }

  #endsSoon(key: KeptKey): boolean {
    return (
      this.#successor === undefined &&
      (this.#clock.monotonic() >= key.expiresAt - RENEWAL_LEAD_MS || key.uses >= DATA_KEY_MAX_USES - RENEWAL_LEAD_USES)
    );
  }

  /** KMS failed a moment ago, and the next attempt is not due. */
  #mustWait(): boolean {
    return (
      this.#failure !== undefined && this.#renewal === undefined && this.#clock.monotonic() < this.#failure.retryAt
    );
  }

  #renew(): Promise<void> {
    this.#renewal ??= this.#fetch().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #fetch(): Promise<void> {
    try {
      const key: KeptKey = {
        shared: await this.#generate(),
        fetchedAt: this.#clock.monotonic(),
        expiresAt: Number.POSITIVE_INFINITY,
        uses: 0,
      };
      this.#keep(key);
      this.#failure = undefined;
    } catch (error) {
      const count = (this.#failure?.count ?? 0) + 1;
      const retryAt = this.#clock.monotonic() + retryDelay(RETRY, count - 1, this.#random);
      this.#failure = { error, count, retryAt };
      throw error;
    }
  }

  #keep(key: KeptKey): void {
    if (this.#closing.signal.aborted) {
      key.shared.drop();
      throw closedError();
    }
    if (this.#usable() !== undefined) {
      this.#successor = key;
    } else {
      this.#current = key;
      this.#takeOver(key);
    }
  }

  async #generate(): Promise<SharedDataKey> {
    const { kms, keyId, resourceId, onKmsCall } = this.#options;
    const encryptionContext = encryptionContextOf(resourceId);
    const subject = { operation: "GenerateDataKey", keyId, encryptionContext } as const;
    const command = new GenerateDataKeyCommand({
      KeyId: keyId,
      KeySpec: "AES_256",
      EncryptionContext: encryptionContext,
    });
    const answer = await callKms(subject, this.#clock, onKmsCall, this.#closing.signal, (options) =>
      kms.send(command, options),
    );
    const { Plaintext: plaintext, CiphertextBlob: blob } = answer;
    if (plaintext?.byteLength !== DATA_KEY_BYTES || blob === undefined || blob.byteLength === 0) {
      plaintext?.fill(0);
      throw new UnavailableError({
        who: "envelope",
        what: "KMS GenerateDataKey answered without a 256-bit data key and its ciphertext",
        remedy: "Check that the endpoint is AWS KMS, or a stand-in that answers as it does",
        code: "kms-answer",
      });
    }
    return new SharedDataKey(plaintext, Buffer.from(blob).toString("base64"));
  }
}

function isSpent(key: KeptKey, now: number): boolean {
  return now >= key.expiresAt || key.uses >= DATA_KEY_MAX_USES;
}

function closedError(): UnavailableError {
  return new UnavailableError({
    who: "envelope",
    what: "the data key lender is closed",
    remedy: "Close it only after the last record is sealed",
    code: "lender-closed",
  });
}
