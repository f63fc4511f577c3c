/** Where the body of a response ends. */
export type Framing =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'untilClose' };

/** The decoded body so far. `complete`: it has ended, or its first 64 KiB have come. */
export type BodyProgress =
  | { readonly kind: 'more'; readonly body: Buffer }
  | { readonly kind: 'complete'; readonly body: Buffer }
  | { readonly kind: 'malformed' };

/** Decodes a body from pieces of any size. */
export interface BodyDecoder {
  /** Whether the end of the connection is the end of the body. */
  readonly endsWithConnection: boolean;
  push(bytes: Buffer): BodyProgress;
}

/** The part of a body that is ever read: what `expectBody` promises to search. */
const LONGEST_BODY_BYTES = 64 * 1024;

/** Chunk sizes, extensions and trailers together: 64 KiB in chunks of one byte need 6 bytes each. */
const LONGEST_CHUNK_FRAMING_BYTES = 8 * LONGEST_BODY_BYTES;

/** A decoder for a body that is framed so. Push an empty buffer to learn whether the body is empty. */
export function createBodyDecoder(framing: Framing): BodyDecoder {
  switch (framing.kind) {
    case 'length':
      return plainDecoder(Math.min(framing.bytes, LONGEST_BODY_BYTES), false);
    case 'untilClose':
      return plainDecoder(LONGEST_BODY_BYTES, true);
    case 'chunked':
      return new ChunkedDecoder();
  }
}

function plainDecoder(limit: number, endsWithConnection: boolean): BodyDecoder {
  const collected = new Collected(limit);
  return {
    endsWithConnection,
    push(bytes) {
      collected.add(bytes);
      return { kind: collected.isFull ? 'complete' : 'more', body: collected.bytes };
    },
  };
}

class ChunkedDecoder implements BodyDecoder {
  readonly endsWithConnection = false;
  readonly #collected = new Collected(LONGEST_BODY_BYTES);
  #framingBytes = 0;
  #line = '';
  #expecting: 'size' | 'data' | 'dataEnd' | 'trailer' | 'nothing' | 'error' = 'size';
  #chunkBytesLeft = 0;

  push(bytes: Buffer): BodyProgress {
    let rest = bytes;
    while (rest.length > 0 && this.#wantsMore) {
      rest = this.#expecting === 'data' ? this.#readData(rest) : this.#readLine(rest);
    }
    if (this.#expecting === 'error') {
      return { kind: 'malformed' };
    }
    return { kind: this.#wantsMore ? 'more' : 'complete', body: this.#collected.bytes };
  }

  get #wantsMore(): boolean {
    return this.#expecting !== 'nothing' && this.#expecting !== 'error' && !this.#collected.isFull;
  }

  #readData(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.#chunkBytesLeft);
    this.#collected.add(part);
    this.#chunkBytesLeft -= part.length;
    if (this.#chunkBytesLeft === 0) {
      this.#expecting = 'dataEnd';
    }
    return bytes.subarray(part.length);
  }

  #readLine(bytes: Buffer): Buffer {
    const newline = bytes.indexOf(0x0a);
    const length = newline === -1 ? bytes.length : newline + 1;
    this.#framingBytes += length;
    if (this.#framingBytes > LONGEST_CHUNK_FRAMING_BYTES) {
      this.#expecting = 'error';
      return bytes;
    }
    this.#line += bytes.toString('latin1', 0, newline === -1 ? length : newline);
    if (newline !== -1) {
      const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
      this.#line = '';
      this.#takeLine(line);
    }
    return bytes.subarray(length);
  }

  #takeLine(line: string): void {
    if (this.#expecting === 'size') {
      const size = /^([0-9a-fA-F]{1,8})[ \t]*(;.*)?$/.exec(line)?.[1];
      this.#chunkBytesLeft = size === undefined ? 0 : Number.parseInt(size, 16);
      this.#expecting = size === undefined ? 'error' : this.#chunkBytesLeft === 0 ? 'trailer' : 'data';
    } else if (this.#expecting === 'dataEnd') {
      this.#expecting = line === '' ? 'size' : 'error';
    } else if (line === '') {
      this.#expecting = 'nothing';
    }
  }
}

/** Bytes up to a limit, in one growing buffer, so that many small pieces cost no quadratic copying. */
class Collected {
  readonly #limit: number;
  #buffer = Buffer.alloc(0);
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
      const grown = Buffer.alloc(Math.min(this.#limit, Math.max(needed, 2 * this.#buffer.length)));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    part.copy(this.#buffer, this.#length);
    this.#length = needed;
  }
}
