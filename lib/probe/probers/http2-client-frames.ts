import { LONGEST_HEAD_BYTES } from '#lib/probe/probers/hpack-decoder.ts';
import { encodeFields } from '#lib/probe/probers/hpack-encoder.ts';
import { LONGEST_BODY_BYTES } from '#lib/probe/probers/http-body-decoder.ts';
import { encodeFrame, FLAG, FRAME, LONGEST_PAYLOAD_BYTES } from '#lib/probe/probers/http2-frame.ts';

const CLIENT_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const DEFAULT_WINDOW_BYTES = 65_535;
const NO_BYTES = Buffer.alloc(0);
const SETTING_BYTES = 6;

const SETTING = { enablePush: 2, initialWindow: 4, mostFrameBytes: 5, longestHead: 6 } as const;

/** The answer to settings. */
export const SETTINGS_ACK = encodeFrame({
  type: FRAME.settings,
  flags: FLAG.ack,
  stream: 0,
  payload: NO_BYTES,
});

/** What a client says first: who it is, what it takes, and that the whole connection may carry a body as well. */
export const OPENING = Buffer.concat([
  CLIENT_PREFACE,
  encodeFrame({
    type: FRAME.settings,
    flags: 0,
    stream: 0,
    payload: Buffer.concat([
      setting(SETTING.enablePush, 0),
      setting(SETTING.initialWindow, LONGEST_BODY_BYTES),
      setting(SETTING.longestHead, LONGEST_HEAD_BYTES),
    ]),
  }),
  windowUpdate(LONGEST_BODY_BYTES - DEFAULT_WINDOW_BYTES),
]);

function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(SETTING_BYTES);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** Whether the payload holds settings with values that are allowed: RFC 9113 §6.5. */
export function areSettings(payload: Buffer): boolean {
  if (payload.length % SETTING_BYTES !== 0) return false;
  for (let offset = 0; offset < payload.length; offset += SETTING_BYTES) {
    const id = payload.readUInt16BE(offset);
    const value = payload.readUInt32BE(offset + 2);
    if (id === SETTING.initialWindow && value > 0x7fffffff) return false;
    if (id === SETTING.mostFrameBytes && (value < LONGEST_PAYLOAD_BYTES || value > 0xffffff)) return false;
  }
  return true;
}

/** Lets the server send as many bytes more, on the connection as a whole. */
export function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return encodeFrame({ type: FRAME.windowUpdate, flags: 0, stream: 0, payload });
}

/** The frames of a request: names and values of its fields in turn, and its body, if it has one. */
export function requestFrames(
  stream: number,
  fields: readonly string[],
  body: Buffer | undefined,
): readonly Buffer[] {
  const block = encodeFields(fields);
  const ofStream = body === undefined ? FLAG.endStream : 0;
  const frames: Buffer[] = [];
  for (let start = 0; start === 0 || start < block.length; start += LONGEST_PAYLOAD_BYTES) {
    const end = start + LONGEST_PAYLOAD_BYTES;
    const type = start === 0 ? FRAME.headers : FRAME.continuation;
    const flags = (start === 0 ? ofStream : 0) | (end >= block.length ? FLAG.endHeaders : 0);
    frames.push(encodeFrame({ type, flags, stream, payload: block.subarray(start, end) }));
  }
  if (body !== undefined) {
    frames.push(encodeFrame({ type: FRAME.data, flags: FLAG.endStream, stream, payload: body }));
  }
  return frames;
}
