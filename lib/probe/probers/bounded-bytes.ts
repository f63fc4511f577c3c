const NO_BYTES = Buffer.alloc(0);

/** Takes bytes up to a limit and ignores the rest. */
export interface ByteSink {
  readonly isFull: boolean;
  /** What is remembered of them. */
  readonly bytes: Buffer;
  /** Takes the bytes of the buffer from one offset to another: by default all. */
  add(bytes: Buffer, from?: number, to?: number): void;
}

/** Remembers them, in one growing buffer, so that many small pieces cost no quadratic copying. */
export class BoundedBytes implements ByteSink {
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

  add(bytes: Buffer, from = 0, to = bytes.length): void {
    const end = Math.min(to, from + this.#limit - this.#length);
    const needed = this.#length + end - from;
    if (needed > this.#buffer.length) {
      // Nobody sees a byte of it that has not been written.
      const grown = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(needed, 2 * this.#buffer.length)));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    bytes.copy(this.#buffer, this.#length, from, end);
    this.#length = needed;
  }
}

/** Only counts them, where nobody wants to see them. */
export class BoundedCount implements ByteSink {
  readonly bytes = NO_BYTES;
  readonly #limit: number;
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.#length === this.#limit;
  }

  add(bytes: Buffer, from = 0, to = bytes.length): void {
    this.#length = Math.min(this.#limit, this.#length + to - from);
  }
}
