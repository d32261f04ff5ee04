const FIRST_CAPACITY = 1024;

/** A growing list of unsigned 32-bit numbers, four bytes each: millions of them cost no object. */
export class Column {
  #values = new Uint32Array(FIRST_CAPACITY);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Uint32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  at(index: number): number {
    const value = index < this.#length ? this.#values[index] : undefined;
    if (value === undefined) throw new RangeError(`no value ${index} among ${this.#length}`);
    return value;
  }

  /** The index of the first value that is not below `value`, in a list that never falls; the length when all are. */
  lowerBound(value: number): number {
    let low = 0;
    for (let high = this.#length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.at(middle) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
