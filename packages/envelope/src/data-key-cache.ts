import { DecryptCommand } from "@aws-sdk/client-kms";
import {
  type Clock,
  ConfigurationError,
  encryptionContextOf,
  RecordError,
  type ResourceId,
  systemClock,
  UnavailableError,
} from "@das/core";
import { brokenRecord } from "./broken-record.ts";
import { DATA_KEY_BYTES, type DataKeyLease, SharedDataKey } from "./data-key.ts";
import { callKms, type KmsCallSink, type KmsClient } from "./kms.ts";
import type { DataKeySource } from "./open.ts";

export interface DataKeyCacheOptions {
  readonly kms: KmsClient;
  /** Of the stream's name: `db-…`, or `cluster-…` of AWS's own Aurora streams. Decides the encryption context. */
  readonly resourceId: ResourceId;
  /** Keys kept, 1 or more; 100 when absent. A publisher uses one for 6 minutes. */
  readonly maxKeys?: number;
  /** How long a key is kept, in milliseconds; 10 minutes when absent. */
  readonly maxAgeMs?: number;
  readonly clock?: Clock;
  readonly onKmsCall?: KmsCallSink;
}

const DEFAULT_MAX_KEYS = 100;
const DEFAULT_MAX_AGE_MS = 10 * 60_000;

/** KMS: largest CiphertextBlob, in base64. Anything longer is no data key and not worth a call. */
const ENCRYPTED_MAX_CHARACTERS = (6_144 / 3) * 4;

/**
 * The plaintext data keys of a stream's records, by the records' member `key`: one `Decrypt` per data key instead of
 * one per record (wire format §§3.5, 12).
 *
 * Keeps the most recently used, each for a bounded time, and zeroes what it evicts. It also remembers which keys KMS
 * does not decrypt, so that a stream of foreign records does not cost a call each.
 */
export class DataKeyCache implements DataKeySource, Disposable {
  readonly #options: DataKeyCacheOptions;
  readonly #clock: Clock;
  readonly #maxKeys: number;
  readonly #maxAgeMs: number;
  readonly #closing = new AbortController();
  /** Least recently used first: a Map keeps the order of insertion. */
  readonly #entries = new Map<string, Promise<SharedDataKey>>();

  constructor(options: DataKeyCacheOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#maxKeys = options.maxKeys ?? DEFAULT_MAX_KEYS;
    if (this.#maxKeys < 1) {
      throw new ConfigurationError({
        who: "envelope",
        what: `a data key cache of ${this.#maxKeys} keys keeps none`,
        remedy: "Set maxKeys to 1 or more",
        code: "cache-size",
      });
    }
    this.#maxAgeMs = options.maxAgeMs ?? DEFAULT_MAX_AGE_MS;
  }

  /**
   * The plaintext of a data key. Concurrent calls for the same key share one call to KMS.
   * @param encrypted member `key` of an outer record
   * @throws RecordError when KMS does not decrypt this key; RefusedError when the right or the KMS key is missing;
   *   UnavailableError when KMS was not reached, or the cache is closed
   */
  async lend(encrypted: string): Promise<DataKeyLease> {
    for (;;) {
      if (this.#closing.signal.aborted) throw closedError();
      const key = await this.#entry(encrypted);
      // Evicted, or the cache closed, while it was on its way here: begin again.
      if (!key.dropped && !this.#closing.signal.aborted) return key.lease();
    }
  }

  /** Drops all keys: zeroed at once, or when the last lease comes back. Unless closed, timers hold the process. */
  [Symbol.dispose](): void {
    this.#closing.abort();
    for (const encrypted of [...this.#entries.keys()]) this.#evict(encrypted);
  }

  #entry(encrypted: string): Promise<SharedDataKey> {
    const known = this.#entries.get(encrypted);
    if (known !== undefined) {
      this.#entries.delete(encrypted);
      this.#entries.set(encrypted, known);
      return known;
    }
    const fetched = this.#decrypt(encrypted);
    this.#entries.set(encrypted, fetched);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxKeys) break;
      this.#evict(oldest);
    }
    // A timer that nobody awaits: neither the clock's sleep nor what follows it rejects.
    void this.#expire(encrypted, fetched);
    return fetched;
  }

  async #expire(encrypted: string, entry: Promise<SharedDataKey>): Promise<void> {
    try {
      await entry;
    } catch (error) {
      // Only what KMS said about this one key is worth remembering. The error itself goes to whoever asked.
      if (!(error instanceof RecordError)) {
        if (this.#entries.get(encrypted) === entry) this.#entries.delete(encrypted);
        return;
      }
    }
    await this.#clock.sleep(this.#maxAgeMs, this.#closing.signal);
    if (this.#entries.get(encrypted) === entry) this.#evict(encrypted);
  }

  #evict(encrypted: string): void {
    const entry = this.#entries.get(encrypted);
    this.#entries.delete(encrypted);
    // A key that never came need not be zeroed; whoever asked for it was told.
    entry?.then(
      (key) => key.drop(),
      () => undefined,
    );
  }

  async #decrypt(encrypted: string): Promise<SharedDataKey> {
    if (encrypted.length > ENCRYPTED_MAX_CHARACTERS) throw brokenRecord("key-length");
    const { kms, resourceId, onKmsCall } = this.#options;
    const encryptionContext = encryptionContextOf(resourceId);
    // Without KeyId: the blob names its key (wire format §3.1).
    const command = new DecryptCommand({
      CiphertextBlob: Buffer.from(encrypted, "base64"),
      EncryptionContext: encryptionContext,
    });
    const subject = { operation: "Decrypt", encryptionContext } as const;
    const answer = await callKms(subject, this.#clock, onKmsCall, this.#closing.signal, (options) =>
      kms.send(command, options),
    );
    const plaintext = answer.Plaintext;
    if (plaintext?.byteLength !== DATA_KEY_BYTES) {
      plaintext?.fill(0);
      throw brokenRecord("key-length");
    }
    return new SharedDataKey(plaintext, encrypted);
  }
}

function closedError(): UnavailableError {
  return new UnavailableError({
    who: "envelope",
    what: "the data key cache is closed",
    remedy: "Close it only after the last record is opened",
    code: "cache-closed",
  });
}
