/** Texts that a session's client may still ask for by their locators. */

const LOCATOR_SIZE = 40;
/** Where a locator of this server bears its number. Byte 6 stays 0: the text is sent in UTF-8 (Oracle notes §7.5). */
const NUMBER_AT = 36;
/** Characters that are kept; the oldest texts go first. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

export class Lobs {
  readonly #texts = new Map<number, string>();
  #characters = 0;
  #lastNumber = 0;

  readonly makeLocator = (text: string): Buffer => {
    this.#lastNumber += 1;
    this.#texts.set(this.#lastNumber, text);
    this.#characters += text.length;
    for (const [number, oldest] of this.#texts) {
      if (this.#characters <= MOST_CHARACTERS || number === this.#lastNumber) break;
      this.#texts.delete(number);
      this.#characters -= oldest.length;
    }
    const locator = Buffer.alloc(LOCATOR_SIZE);
    locator.writeUInt16BE(LOCATOR_SIZE - 2, 0);
    locator.writeUInt32BE(this.#lastNumber, NUMBER_AT);
    return locator;
  };

  /** Undefined when it is none of this session's, or no longer kept. */
  textOf(locator: Buffer): string | undefined {
    return locator.length === LOCATOR_SIZE ? this.#texts.get(locator.readUInt32BE(NUMBER_AT)) : undefined;
  }
}
