const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines of UTF-8 text. Works on bytes, so a character that two chunks share stays whole.
 * Empty lines are left out.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: string) => void;
  /** The beginning of a line whose end has not come yet. */
  #parts: Buffer[] = [];
  #length = 0;

  /** A line above `maxBytes` makes `push` throw a RangeError, so that a broken peer cannot fill the memory. */
  constructor(maxBytes: number, onLine: (line: string) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  /** Calls `onLine` for each line that the chunk completes; what it throws goes through. */
  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#hold(chunk.subarray(start, end));
      start = end + 1;
      this.#emit();
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** The stream has ended: what is left is a line too. */
  end(): void {
    this.#emit();
  }

  #hold(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#maxBytes) throw new RangeError(`line longer than ${this.#maxBytes} bytes`);
    this.#parts.push(part);
  }

  #emit(): void {
    const [first] = this.#parts;
    const line = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    if (line.length > 0) this.#onLine(line.toString('utf8'));
  }
}
