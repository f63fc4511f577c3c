/** Frames of HTTP/2 (RFC 9113 §6) as bytes, right or wrong: nothing is checked. */

/** Types of frames. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames. */
export const FLAG = { none: 0, endStream: 1, ack: 1, endHeaders: 4 } as const;

export interface Frame {
  readonly type: number;
  readonly flags?: number;
  /** A client's first request has number 1. */
  readonly stream?: number;
  readonly payload?: Buffer;
  /** What the frame says about its length; missing: the truth. */
  readonly length?: number;
}

/** The bytes of a frame. */
export function frame({ type, flags = 0, stream = 0, payload = Buffer.alloc(0), length }: Frame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length ?? payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** What every server says first. */
export const SETTINGS = frame({ type: FRAME.settings });

/** `:status: 200` from the static table of HPACK (RFC 7541, appendix A). */
export const STATUS_200 = Buffer.from([0x88]);

/** A header field that is written out: literal without indexing, no Huffman code. */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** The headers of an answer to the first request, which go on. */
export function headers(fields: readonly Buffer[], flags: number = FLAG.endHeaders): Buffer {
  return frame({ type: FRAME.headers, flags, stream: 1, payload: Buffer.concat(fields) });
}

/** A piece of the body of an answer to the first request. */
export function data(payload: Buffer | string, flags: number = FLAG.none): Buffer {
  return frame({ type: FRAME.data, flags, stream: 1, payload: Buffer.from(payload) });
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 0x7f) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const rest = bytes.length - 0x7f;
  const digits = rest < 0x80 ? [rest] : [(rest & 0x7f) | 0x80, rest >> 7];
  return Buffer.concat([Buffer.from([0x7f, ...digits]), bytes]);
}

/** A number of four bytes. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
