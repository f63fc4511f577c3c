/** Types of frames: RFC 9113 §6. */
export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames; `ack` and `endStream` are of different types. */
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

export interface Http2Frame {
  readonly type: number;
  readonly flags: number;
  /** 0: the connection itself. */
  readonly stream: number;
  readonly payload: Buffer;
}

const HEAD_BYTES = 9;

/** The default of the protocol, which is not changed: RFC 9113 §6.5.2. */
export const LONGEST_PAYLOAD_BYTES = 16_384;

/** The bytes of a frame. */
export function encodeFrame({ type, flags, stream, payload }: Http2Frame): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  payload.copy(bytes, HEAD_BYTES);
  return bytes;
}

/** Cuts frames out of pieces of any size. Holds one frame at most. */
export class Http2FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Takes the next bytes; call `next` until it gives no frame, before the next ones. */
  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
  }

  /** The type of the frame that has begun to come, as soon as that is known. */
  get nextType(): number | undefined {
    return this.#rest[3];
  }

  /** The next frame; undefined: not yet; `tooLong`: it is longer than allowed. */
  next(): Http2Frame | 'tooLong' | undefined {
    const bytes = this.#rest;
    if (bytes.length < HEAD_BYTES) return this.#detach();
    const length = bytes.readUIntBE(0, 3);
    if (length > LONGEST_PAYLOAD_BYTES) return 'tooLong';
    const end = HEAD_BYTES + length;
    if (bytes.length < end) return this.#detach();
    this.#rest = bytes.subarray(end);
    return {
      type: bytes[3] ?? 0,
      flags: bytes[4] ?? 0,
      stream: bytes.readUInt32BE(5) & 0x7fffffff,
      payload: bytes.subarray(HEAD_BYTES, end),
    };
  }

  /** A few bytes must not hold the whole piece that they came in. */
  #detach(): undefined {
    if (this.#rest.length * 2 < this.#rest.buffer.byteLength) this.#rest = Buffer.from(this.#rest);
  }
}

/** The content of a frame without padding and priority; undefined when the padding is longer than the frame. */
export function contentOf({ type, flags, payload }: Http2Frame): Buffer | undefined {
  const isPadded = (flags & FLAG.padded) !== 0;
  const padding = isPadded ? payload[0] : 0;
  if (padding === undefined) return undefined;
  const hasPriority = type === FRAME.headers && (flags & FLAG.priority) !== 0;
  const start = (isPadded ? 1 : 0) + (hasPriority ? PRIORITY_BYTES : 0);
  const end = payload.length - padding;
  return end < start ? undefined : payload.subarray(start, end);
}

const PRIORITY_BYTES = 5;
