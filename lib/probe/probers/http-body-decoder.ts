import { BoundedBytes } from '#lib/probe/probers/bounded-bytes.ts';

/** Where the body of a response ends. */
export type Framing =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'untilClose' };

/** The decoded body so far. `full`: its first 64 KiB have come, and nobody looks at the rest. */
export type BodyProgress =
  | { readonly kind: 'more' | 'ended' | 'full'; readonly body: Buffer }
  | { readonly kind: 'malformed' };

/** Decodes a body from pieces of any size. */
export interface BodyDecoder {
  /** Whether the end of the connection is the end of the body. */
  readonly endsWithConnection: boolean;
  /** Whether the body is known to end within its first 64 KiB, or may do so, before the connection does. */
  readonly canEnd: boolean;
  push(bytes: Buffer): BodyProgress;
}

/** The part of a body that is ever read: what `expectBody` promises to search. */
export const LONGEST_BODY_BYTES = 64 * 1024;

/** Chunk sizes, extensions and trailers together: 64 KiB in chunks of one byte need 6 bytes each. */
const LONGEST_CHUNK_FRAMING_BYTES = 8 * LONGEST_BODY_BYTES;

/** A decoder for a body that is framed so. Push an empty buffer to learn whether the body is empty. */
export function createBodyDecoder(framing: Framing): BodyDecoder {
  switch (framing.kind) {
    case 'length':
      return plainDecoder(framing.bytes, false);
    case 'untilClose':
      return plainDecoder(Number.POSITIVE_INFINITY, true);
    case 'chunked':
      return new ChunkedDecoder();
  }
}

function plainDecoder(length: number, endsWithConnection: boolean): BodyDecoder {
  const canEnd = length <= LONGEST_BODY_BYTES;
  const collected = new BoundedBytes(canEnd ? length : LONGEST_BODY_BYTES);
  const kindOfFull = canEnd ? 'ended' : 'full';
  return {
    endsWithConnection,
    canEnd,
    push(bytes) {
      collected.add(bytes);
      return { kind: collected.isFull ? kindOfFull : 'more', body: collected.bytes };
    },
  };
}

class ChunkedDecoder implements BodyDecoder {
  readonly endsWithConnection = false;
  readonly canEnd = true;
  readonly #collected = new BoundedBytes(LONGEST_BODY_BYTES);
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
    const kindOfLast = this.#expecting === 'nothing' ? 'ended' : 'full';
    return { kind: this.#wantsMore ? 'more' : kindOfLast, body: this.#collected.bytes };
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
