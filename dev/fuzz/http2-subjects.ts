import type { GrpcProbe } from '#lib/core/probe/probe.ts';
import { healthOutcome } from '#lib/probe/probers/grpc-answer.ts';
import { decodeHealthCheckResponse } from '#lib/probe/probers/grpc-health-message.ts';
import { HpackDecoder, LONGEST_HEAD_BYTES } from '#lib/probe/probers/hpack-decoder.ts';
import { encodeFields } from '#lib/probe/probers/hpack-encoder.ts';
import { LONGEST_BODY_BYTES } from '#lib/probe/probers/http-body-decoder.ts';
import { encodeFrame, FLAG, FRAME } from '#lib/probe/probers/http2-frame.ts';
import { Http2Session } from '#lib/probe/probers/http2-session.ts';
import { digest } from './http-subjects.ts';
import { promise, type Subject } from './subject.ts';

const NO_BYTES = Buffer.alloc(0);
const SETTINGS = encodeFrame({ type: FRAME.settings, flags: 0, stream: 0, payload: NO_BYTES });
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

/** `:status: 200` and then a field that the tables of both sides remember, with a Huffman code in it. */
const INDEXED = Buffer.from('88408825a849e95ba97d7f8925a849e95bb8e8b4bf', 'hex');

function headers(payload: Buffer, flags: number): Buffer {
  return encodeFrame({ type: FRAME.headers, flags, stream: 1, payload });
}

function data(payload: Buffer, flags: number): Buffer {
  return encodeFrame({ type: FRAME.data, flags, stream: 1, payload });
}

function control(type: number, size: number): Buffer {
  return encodeFrame({ type, flags: 0, stream: 0, payload: Buffer.alloc(size) });
}

const TRAILERS = headers(encodeFields(['grpc-status', '0']), FLAG.endHeaders | FLAG.endStream);
const HEAD = headers(encodeFields([':status', '200', 'location', '/a']), FLAG.endHeaders);
const CONTINUED = Buffer.concat([
  headers(INDEXED.subarray(0, 4), 0),
  encodeFrame({ type: FRAME.continuation, flags: FLAG.endHeaders, stream: 1, payload: INDEXED.subarray(4) }),
]);

const SESSIONS = {
  wholes: [
    Buffer.concat([SETTINGS, HEAD, data(SERVING, 0), TRAILERS]),
    Buffer.concat([SETTINGS, control(FRAME.ping, 8), CONTINUED, data(Buffer.from('ready'), FLAG.endStream)]),
    Buffer.concat([SETTINGS, HEAD, data(Buffer.concat([Buffer.from([3]), SERVING]), FLAG.padded), TRAILERS]),
    Buffer.concat([SETTINGS, control(FRAME.goAway, 8)]),
  ],
  pieces: [
    ...[
      SETTINGS,
      HEAD,
      TRAILERS,
      CONTINUED,
      INDEXED,
      SERVING,
      data(SERVING, 0),
      data(NO_BYTES, FLAG.endStream),
    ],
    ...[control(FRAME.ping, 8), control(FRAME.windowUpdate, 4), control(FRAME.goAway, 8), control(0x77, 3)],
    encodeFrame({ type: FRAME.resetStream, flags: 0, stream: 1, payload: Buffer.alloc(4) }),
    encodeFrame({ type: FRAME.continuation, flags: FLAG.endHeaders, stream: 1, payload: INDEXED }),
    ...[
      Buffer.from([0x3f, 0xe1, 0x1f]),
      Buffer.from([0xff, 0xff, 0xff, 0x7f]),
      Buffer.from([0xbe]),
      Buffer.from([0x20]),
    ],
  ],
};

/** More than the answers to as many frames as a server may send. */
const MOST_REPLY_BYTES = 130 * 17;

const PROBE: GrpcProbe = {
  kind: 'grpc',
  port: 1,
  timeoutMs: 1,
  successThreshold: 1,
  failureThreshold: 1,
  service: '',
};
const TARGET = { namespace: 'default', podName: 'web-1', podUid: 'uid', address: '127.0.0.1', port: 1 };

/** Readers of HTTP/2 and gRPC. */
export const HTTP2_SUBJECTS: readonly Subject[] = [
  { name: 'HTTP/2 session', material: SESSIONS, read: readSession },
  {
    name: 'header block',
    material: { wholes: [INDEXED, encodeFields([':status', '200', 'a', 'b'])], pieces: SESSIONS.pieces },
    read(pieces) {
      // A block is never cut: only that it ends within its bounds is at stake.
      const result = new HpackDecoder().decode(Buffer.concat(pieces));
      const bytes = result.kind === 'fields' ? result.fields.flat().join('').length : 0;
      promise(bytes <= LONGEST_HEAD_BYTES, 'the fields are longer than their bound');
      return JSON.stringify(result);
    },
  },
  {
    name: 'gRPC health message',
    material: { wholes: [SERVING, Buffer.from([0, 0, 0, 0, 4, 0x12, 1, 0x61, 8])], pieces: SESSIONS.pieces },
    read: (pieces) => decodeHealthCheckResponse(Buffer.concat(pieces)),
  },
];

function readSession(pieces: readonly Buffer[]): string {
  const session = new Http2Session();
  session.ask({ fields: [':method', 'GET'] });
  const replies = Buffer.concat(pieces.map((piece) => session.push(piece)));
  const { state, isLeaving } = session;
  promise(replies.length <= MOST_REPLY_BYTES, 'the replies are longer than their bound');
  const outcome = healthOutcome(state, PROBE, TARGET);
  promise(
    outcome === undefined || !('message' in outcome) || outcome.message.length <= 200,
    'the message is long',
  );
  const judged = outcome === undefined ? 'none' : JSON.stringify(outcome);
  if (!('status' in state)) return `${JSON.stringify(state)} ${isLeaving} ${judged} ${digest(replies)}`;
  promise(state.body.length <= LONGEST_BODY_BYTES, 'the body is longer than its bound');
  const { kind, status, fields, trailers, body } = state;
  return `${kind} ${status} ${JSON.stringify([fields, trailers])} ${digest(body)} ${isLeaving} ${judged} ${digest(replies)}`;
}
