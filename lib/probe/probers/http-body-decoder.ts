import { BoundedBytes, BoundedCount, type ByteSink } from '#lib/probe/probers/bounded-bytes.ts';

/** Where the body of a response ends. */
export type Framing =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'untilClose' };

/**
 * The decoded body so far. `full`: its first 64 KiB have come, and nobody looks at the rest. `malformed`: no more can
 * be read.
 */
export interface BodyProgress {
  readonly kind: 'more' | 'ended' | 'full' | 'malformed';
  /** Empty where the body is not wanted. */
  readonly body: Buffer;
}

/** Decodes a body from pieces of any size. */
export interface BodyDecoder {
  /** Whether the end of the connection is the end of the body. */
  readonly endsWithConnection: boolean;
  /** Whether the body is known to end within its first 64 KiB, or may do so, before the connection does. */
  readonly canEnd: boolean;
  /** Takes what lies in the buffer from the offset on. */
  push(bytes: Buffer, from?: number): BodyProgress;
}

/** The part of a body that is ever read: what `expectBody` promises to search. */
export const LONGEST_BODY_BYTES = 64 * 1024;

/** Chunk sizes, extensions and trailers together: each of ten thousand chunks costs as much time as kilobytes of body. */
const LONGEST_CHUNK_FRAMING_BYTES = LONGEST_BODY_BYTES;

/**
 * A decoder for a body that is framed so. Push an empty buffer to learn whether the body is empty. A body that is not
 * wanted is only followed to its end.
 */
export function createBodyDecoder(framing: Framing, isWanted: boolean): BodyDecoder {
  switch (framing.kind) {
    case 'length':
      return plainDecoder(framing.bytes, { isWanted, endsWithConnection: false });
    case 'untilClose':
      return plainDecoder(Number.POSITIVE_INFINITY, { isWanted, endsWithConnection: true });
    case 'chunked':
      return new ChunkedDecoder(isWanted);
  }
}

function plainDecoder(
  length: number,
  { isWanted, endsWithConnection }: { readonly isWanted: boolean; readonly endsWithConnection: boolean },
): BodyDecoder {
  const canEnd = length <= LONGEST_BODY_BYTES;
  const collected = sinkFor(isWanted, canEnd ? length : LONGEST_BODY_BYTES);
  const kindOfFull = canEnd ? 'ended' : 'full';
  return {
    endsWithConnection,
    canEnd,
    push(bytes, from) {
      collected.add(bytes, from);
      return { kind: collected.isFull ? kindOfFull : 'more', body: collected.bytes };
    },
  };
}

function sinkFor(isWanted: boolean, limit: number): ByteSink {
  return isWanted ? new BoundedBytes(limit) : new BoundedCount(limit);
}

class ChunkedDecoder implements BodyDecoder {
  readonly endsWithConnection = false;
  readonly canEnd = true;
  readonly #collected: ByteSink;
  #framingBytes = 0;
  #line = '';
  #expecting: 'size' | 'data' | 'dataEnd' | 'trailer' | 'nothing' | 'error' = 'size';
  #chunkBytesLeft = 0;

  constructor(isWanted: boolean) {
    this.#collected = sinkFor(isWanted, LONGEST_BODY_BYTES);
  }

  push(bytes: Buffer, from = 0): BodyProgress {
    let offset = from;
    while (offset < bytes.length && this.#wantsMore) {
      offset = this.#expecting === 'data' ? this.#readData(bytes, offset) : this.#readLine(bytes, offset);
    }
    if (this.#expecting === 'error') {
      return { kind: 'malformed', body: this.#collected.bytes };
    }
    const kindOfLast = this.#expecting === 'nothing' ? 'ended' : 'full';
    return { kind: this.#wantsMore ? 'more' : kindOfLast, body: this.#collected.bytes };
  }

  get #wantsMore(): boolean {
    return this.#expecting !== 'nothing' && this.#expecting !== 'error' && !this.#collected.isFull;
  }

  #readData(bytes: Buffer, offset: number): number {
    const end = Math.min(bytes.length, offset + this.#chunkBytesLeft);
    this.#collected.add(bytes, offset, end);
    this.#chunkBytesLeft -= end - offset;
    if (this.#chunkBytesLeft === 0) {
      this.#expecting = 'dataEnd';
    }
    return end;
  }

  #readLine(bytes: Buffer, offset: number): number {
    if (this.#expecting === 'dataEnd' && this.#line === '' && isLineEnd(bytes, offset)) {
      // Half of all lines: a body in chunks of one byte has 64 Ki of them.
      this.#expecting = 'size';
      return this.#count(2) ? offset + 2 : bytes.length;
    }
    const newline = bytes.indexOf(LINE_FEED, offset);
    const end = newline === -1 ? bytes.length : newline + 1;
    if (!this.#count(end - offset)) {
      return bytes.length;
    }
    this.#line += bytes.toString('latin1', offset, newline === -1 ? end : newline);
    if (newline !== -1) {
      const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
      this.#line = '';
      this.#takeLine(line);
    }
    return end;
  }

  #count(framingBytes: number): boolean {
    this.#framingBytes += framingBytes;
    if (this.#framingBytes <= LONGEST_CHUNK_FRAMING_BYTES) {
      return true;
    }
    this.#expecting = 'error';
    return false;
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

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

function isLineEnd(bytes: Buffer, offset: number): boolean {
  return bytes[offset] === CARRIAGE_RETURN && bytes[offset + 1] === LINE_FEED;
}
