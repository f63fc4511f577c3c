import type { Socket } from 'node:net';
import type { GrpcProbe } from '#lib/core/probe/probe.ts';
import { answering, COMMON, drip, flood, type HostileServer, inTurn } from './hostile-server.ts';
import { data, FLAG, FRAME, field, frame, headers, SETTINGS, STATUS_200, uint32 } from './http2-frames.ts';

/** A probe of the whole server's health. */
export const GRPC_PROBE: GrpcProbe = { ...COMMON, kind: 'grpc', service: '' };

const HEAD = headers([STATUS_200, field('content-type', 'application/grpc')]);
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

function trailers(...fields: readonly Buffer[]): Buffer {
  return headers(fields, FLAG.endHeaders | FLAG.endStream);
}

const OK_TRAILERS = trailers(field('grpc-status', '0'));

function says(...frames: readonly Buffer[]): (socket: Socket) => void {
  return inTurn(Buffer.concat([SETTINGS, ...frames]));
}

function floods(before: readonly Buffer[], piece: Buffer): (socket: Socket) => void {
  return answering((socket) => {
    socket.write(Buffer.concat([SETTINGS, ...before]));
    flood(socket, piece);
  });
}

function prefixed(length: number, content = Buffer.alloc(0), compressed = 0): Buffer {
  return Buffer.concat([Buffer.from([compressed]), uint32(length), content]);
}

type Row = Pick<HostileServer, 'name' | 'serve' | 'want'>;

const ROWS: readonly Row[] = [
  {
    name: 'sends trailers that never end',
    serve: floods(
      [HEAD, data(SERVING), headers([field('grpc-status', '0')], FLAG.endStream)],
      frame({ type: FRAME.continuation, stream: 1, payload: field('x-a', 'b') }),
    ),
    want: ['ProtocolError'],
  },
  { name: 'serves and never ends the stream', serve: says(HEAD, data(SERVING)), want: ['Timeout'] },
  {
    name: 'serves and ends without a status',
    serve: says(HEAD, data(SERVING, FLAG.endStream)),
    want: ['ProtocolError'],
  },
  {
    name: 'drips the message',
    serve: answering((socket) => {
      socket.write(Buffer.concat([SETTINGS, HEAD, data(prefixed(100))]));
      drip(socket, data('\x08'));
    }),
    want: ['Timeout'],
  },
  {
    name: 'announces a message of 4 GB',
    serve: says(HEAD, data(prefixed(0xffffffff, SERVING)), OK_TRAILERS),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a message of 4 GB',
    serve: floods([HEAD, data(prefixed(0xffffffff))], data('\0'.repeat(4096))),
    want: ['ProtocolError'],
  },
  { name: 'sends messages for ever', serve: floods([HEAD], data(SERVING)), want: ['ProtocolError'] },
  {
    name: 'sends a message that is compressed',
    serve: says(HEAD, data(prefixed(2, Buffer.from([8, 1]), 1)), OK_TRAILERS),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a number without end',
    serve: says(HEAD, data(prefixed(1000, Buffer.alloc(1000, 0x88))), OK_TRAILERS),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a field that is longer than the message',
    serve: says(HEAD, data(prefixed(6, Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x7f]))), OK_TRAILERS),
    want: ['ProtocolError'],
  },
  { name: 'sends half a prefix', serve: says(HEAD, data('\0\0\0'), OK_TRAILERS), want: ['ProtocolError'] },
  { name: 'sends no message', serve: says(HEAD, OK_TRAILERS), want: ['ProtocolError'] },
  {
    name: 'sends a status that is no number',
    serve: says(HEAD, data(SERVING), trailers(field('grpc-status', 'OK'))),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a negative status',
    serve: says(HEAD, data(SERVING), trailers(field('grpc-status', '-1'))),
    want: ['ProtocolError'],
  },
  {
    name: 'sends an enormous status',
    serve: says(HEAD, data(SERVING), trailers(field('grpc-status', '9'.repeat(40)))),
    want: ['ProtocolError'],
  },
  {
    name: 'explains itself in bytes that are no UTF-8',
    serve: says(HEAD, trailers(field('grpc-status', '13'), field('grpc-message', '\xff\xfe%ff%'))),
    want: ['UnexpectedAnswer', 'ProtocolError'],
  },
  {
    name: 'sends a status of HTTP',
    serve: says(headers([Buffer.from([0x8d])], FLAG.endHeaders | FLAG.endStream)),
    want: ['UnexpectedStatus'],
  },
  {
    name: 'serves and answers with an unknown health',
    serve: says(HEAD, data(prefixed(2, Buffer.from([8, 99]))), OK_TRAILERS),
    want: ['NotServing'],
  },
];

/** Servers for probes of gRPC health, beside those that break HTTP/2 itself. */
export const GRPC_SERVERS: readonly HostileServer[] = ROWS.map((server) => ({
  ...server,
  protocol: 'grpc',
  probe: GRPC_PROBE,
}));
