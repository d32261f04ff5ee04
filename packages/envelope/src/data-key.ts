import { UnavailableError } from "@das/core";

/** Bytes of an AES-256 key: what `GenerateDataKey` with KeySpec AES_256 gives (wire format §3.1). */
export const DATA_KEY_BYTES = 32;

/**
 * A KMS data key: it wraps the content key of each record that is sealed with it.
 *
 * To seal in a worker thread, send `{ plaintext, encrypted }`: the plaintext lies in shared memory, so what crosses is
 * a view, and zeroing it in one thread zeroes it in all.
 */
export interface DataKey {
  /** 32 bytes. Never log or copy it. */
  readonly plaintext: Uint8Array;
  /** Member `key` of the outer record: base64 of the KMS ciphertext blob. No secret. */
  readonly encrypted: string;
}

/** A data key, lent. Dispose of it once the record is sealed or opened: only then can the key be zeroed. */
export interface DataKeyLease extends DataKey, Disposable {}

/** The only place that holds a plaintext data key. Zeroed as soon as it is dropped and the last lease has come back. */
export class SharedDataKey {
  readonly encrypted: string;
  readonly #plaintext = new Uint8Array(new SharedArrayBuffer(DATA_KEY_BYTES));
  #leases = 0;
  #dropped = false;

  /**
   * Takes the key over: zeroes the array that it was given in.
   *
   * Out of our reach is what the AWS SDK leaves behind of KMS's answer: the base64 text in the parsed response and in
   * the network buffers below it. The garbage collector frees these; nothing overwrites them.
   * @param plaintext 32 bytes
   */
  constructor(plaintext: Uint8Array, encrypted: string) {
    this.#plaintext.set(plaintext);
    plaintext.fill(0);
    this.encrypted = encrypted;
  }

  get dropped(): boolean {
    return this.#dropped;
  }

  /** Precondition: not dropped. */
  lease(): DataKeyLease {
    if (this.#dropped) throw goneError();
    this.#leases += 1;
    return new Lease(this.#plaintext, this.encrypted, () => {
      this.#leases -= 1;
      this.#zeroWhenUnused();
    });
  }

  /** Lends no more; leases that are out stay valid. */
  drop(): void {
    this.#dropped = true;
    this.#zeroWhenUnused();
  }

  #zeroWhenUnused(): void {
    if (this.#dropped && this.#leases === 0) this.#plaintext.fill(0);
  }
}

// Private fields and accessors of the prototype: neither util.inspect nor JSON nor a structured clone shows the key.
class Lease implements DataKeyLease {
  #plaintext: Uint8Array | undefined;
  readonly #encrypted: string;
  readonly #giveBack: () => void;

  constructor(plaintext: Uint8Array, encrypted: string, giveBack: () => void) {
    this.#plaintext = plaintext;
    this.#encrypted = encrypted;
    this.#giveBack = giveBack;
  }

  get plaintext(): Uint8Array {
    if (this.#plaintext === undefined) throw goneError();
    return this.#plaintext;
  }

  get encrypted(): string {
    return this.#encrypted;
  }

  [Symbol.dispose](): void {
    if (this.#plaintext === undefined) return;
    this.#plaintext = undefined;
    this.#giveBack();
  }
}

/** The data key was used after it had been given back: a fault of the caller, told before zeros seal anything. */
export function goneError(): UnavailableError {
  return new UnavailableError({
    who: "envelope",
    what: "the data key has been given back and zeroed",
    remedy: "Lend a key for each record, and dispose of the lease only when the record is sealed",
    code: "data-key-gone",
  });
}
