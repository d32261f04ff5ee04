import type { Clock } from "../clock.ts";
import type { KeyOptions, KeyStore } from "./key-store.ts";

export interface KeyNames {
  readonly keyId: string;
  readonly arn: string;
}

/** The keys seen from inside, for tests and the demo: nothing here is checked, denied or counted. */
export class KmsModel {
  readonly #keys: KeyStore;
  readonly #clock: Clock;
  readonly #accountId: string;

  constructor(keys: KeyStore, clock: Clock, accountId: string) {
    this.#keys = keys;
    this.#clock = clock;
    this.#accountId = accountId;
  }

  /** @param options default: a symmetric key of the server's own account that its user governs, without alias */
  createKey(options: KeyOptions & { readonly alias?: string; readonly accountId?: string } = {}): KeyNames {
    const now = this.#clock.now();
    const key = this.#keys.create(options.accountId ?? this.#accountId, options, now);
    if (options.alias !== undefined) this.#keys.addAlias(options.alias, key, now);
    return { keyId: key.keyId, arn: key.arn };
  }

  /** The key behind an alias of the server's own account; undefined when there is none. */
  keyOfAlias(alias: string): KeyNames | undefined {
    const found = this.#keys.aliases(this.#accountId).find(({ name }) => name === alias);
    const key = found && this.#keys.find(found.keyId, this.#clock.now());
    return key && { keyId: key.keyId, arn: key.arn };
  }

  /** @param reference key id, ARN or alias */
  setEnabled(reference: string, enabled: boolean): void {
    const key = this.#keys.resolve(reference, this.#accountId, this.#clock.now());
    this.#keys.replace({ ...key, enabled });
  }
}
