const NO_BYTES = Buffer.alloc(0);

/** Bytes up to a limit, in one growing buffer, so that many small pieces cost no quadratic copying. */
export class BoundedBytes {
  readonly #limit: number;
  #buffer = NO_BYTES;
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.#length === this.#limit;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  add(bytes: Buffer): void {
    const part = bytes.subarray(0, this.#limit - this.#length);
    const needed = this.#length + part.length;
    if (needed > this.#buffer.length) {
      // Nobody sees a byte of it that has not been written.
      const grown = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(needed, 2 * this.#buffer.length)));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    part.copy(this.#buffer, this.#length);
    this.#length = needed;
  }
}
