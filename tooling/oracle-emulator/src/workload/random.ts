const HEX_OF_TWO_BYTES = Array.from({ length: 0x1_0000 }, (_, value) => value.toString(16).padStart(4, "0"));

/** Seeded random numbers (sfc32): the same seed gives the same workload on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.imul(seed, 0x9e3779b1) >>> 0;
    this.#c = 0x6d2b79f5;
    for (let round = 0; round < 12; round += 1) this.bits();
  }

  /** 32 random bits. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** 0 ≤ x < 1. */
  fraction(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** An integer from the first to the last, both included. */
  between(first: number, last: number): number {
    return first + Math.floor(this.fraction() * (last - first + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.fraction() * choices.length)];
    if (choice === undefined) throw new Error("oracle-emulator: nothing to pick from");
    return choice;
  }

  /** Of an even number of bytes. */
  hex(bytes: number): string {
    const parts: string[] = [];
    for (let left = bytes; left > 0; left -= 4) {
      const bits = this.bits();
      parts.push(HEX_OF_TWO_BYTES[bits >>> 16] ?? "");
      if (left > 2) parts.push(HEX_OF_TWO_BYTES[bits & 0xffff] ?? "");
    }
    return parts.join("");
  }
}
