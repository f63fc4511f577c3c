import type { Socket } from 'node:net';
import type { FailureReason } from '#lib/core/probe/probe-outcome.ts';
import { answering, drip, flood, type HostileServer, inTurn } from './hostile-server.ts';
import { data, FLAG, FRAME, field, frame, headers, SETTINGS, STATUS_200, uint32 } from './http2-frames.ts';

/** A way to break HTTP/2 that any client of it must stand, whatever it asks. */
export interface Http2Attack {
  readonly name: string;
  serve(socket: Socket): void;
  readonly want: readonly FailureReason[];
}

/** The server's settings, then a flood. */
function floods(piece: Buffer, before: readonly Buffer[] = []): (socket: Socket) => void {
  return answering((socket) => {
    socket.write(Buffer.concat([SETTINGS, ...before]));
    flood(socket, piece);
  });
}

function says(...frames: readonly Buffer[]): (socket: Socket) => void {
  return inTurn(Buffer.concat([SETTINGS, ...frames]));
}

const PING = frame({ type: FRAME.ping, payload: Buffer.alloc(8) });
const STREAM_ENDS = frame({ type: FRAME.resetStream, stream: 1, payload: uint32(8) });
const LONG_FIELD = field('x-a', 'b'.repeat(4000));

/** Attacks on the session, below what is asked. */
const HTTP2_ATTACKS: readonly Http2Attack[] = [
  { name: 'says only hello', serve: says(), want: ['Timeout'] },
  { name: 'never reads', serve: (socket) => socket.pause(), want: ['Timeout'] },
  { name: 'speaks HTTP/1.1', serve: inTurn('HTTP/1.1 400 Bad Request\r\n\r\n'), want: ['ProtocolError'] },
  {
    name: 'closes after hello',
    serve: answering((socket) => void socket.end(SETTINGS)),
    want: ['ConnectionClosed'],
  },
  {
    name: 'resets after hello',
    serve: answering((socket) => socket.write(SETTINGS, () => socket.resetAndDestroy())),
    want: ['ConnectionClosed'],
  },
  { name: 'floods with PING', serve: floods(PING), want: ['ProtocolError'] },
  {
    name: 'floods with PING that are answers',
    serve: floods(frame({ type: FRAME.ping, flags: FLAG.ack, payload: Buffer.alloc(8) })),
    want: ['ProtocolError'],
  },
  { name: 'floods with SETTINGS', serve: floods(SETTINGS), want: ['ProtocolError'] },
  {
    name: 'floods with SETTINGS of a hundred values',
    serve: floods(
      frame({ type: FRAME.settings, payload: Buffer.alloc(600, Buffer.from([0, 3, 0, 0, 0, 9])) }),
    ),
    want: ['ProtocolError'],
  },
  {
    name: 'floods with WINDOW_UPDATE',
    serve: floods(frame({ type: FRAME.windowUpdate, payload: uint32(1) })),
    want: ['ProtocolError'],
  },
  {
    name: 'floods with PRIORITY',
    serve: floods(frame({ type: FRAME.priority, stream: 3, payload: Buffer.alloc(5) })),
    want: ['ProtocolError'],
  },
  {
    name: 'floods with RST_STREAM',
    serve: floods(STREAM_ENDS),
    want: ['ProtocolError'],
  },
  {
    name: 'floods with frames of no known type',
    serve: floods(frame({ type: 0x77, payload: Buffer.alloc(16) })),
    want: ['ProtocolError'],
  },
  {
    name: 'floods with GOAWAY',
    serve: floods(frame({ type: FRAME.goAway, payload: Buffer.concat([uint32(1), uint32(0)]) })),
    want: ['ProtocolError', 'ConnectionClosed'],
  },
  {
    name: 'floods with promises',
    serve: floods(frame({ type: FRAME.pushPromise, flags: FLAG.endHeaders, stream: 1, payload: uint32(2) })),
    want: ['ProtocolError'],
  },
  {
    name: 'says goodbye at once',
    serve: says(frame({ type: FRAME.goAway, payload: Buffer.concat([uint32(0), uint32(0)]) })),
    want: ['ConnectionClosed', 'ProtocolError'],
  },
  {
    name: 'announces a frame of 16 MB',
    serve: floods(Buffer.alloc(1024), [frame({ type: FRAME.data, stream: 1, length: 0xffffff })]),
    want: ['ProtocolError'],
  },
  {
    name: 'sets a frame size of nothing',
    serve: says(frame({ type: FRAME.settings, payload: Buffer.from([0, 5, 0, 0, 0, 0]) })),
    want: ['ProtocolError'],
  },
  {
    name: 'sets a window above the limit',
    serve: says(frame({ type: FRAME.settings, payload: Buffer.from([0, 4, 0xff, 0xff, 0xff, 0xff]) })),
    want: ['ProtocolError'],
  },
  {
    name: 'sends CONTINUATION without end',
    serve: floods(frame({ type: FRAME.continuation, stream: 1, payload: field('x-a', 'b') }), [
      headers([STATUS_200], FLAG.none),
    ]),
    want: ['ProtocolError'],
  },
  {
    name: 'sends empty CONTINUATION without end',
    serve: floods(frame({ type: FRAME.continuation, stream: 1 }), [headers([STATUS_200], FLAG.none)]),
    want: ['ProtocolError'],
  },
  {
    name: 'sends 60 kB of headers',
    serve: says(
      headers([STATUS_200, LONG_FIELD, LONG_FIELD, LONG_FIELD], FLAG.none),
      ...Array.from({ length: 4 }, () =>
        frame({
          type: FRAME.continuation,
          stream: 1,
          payload: Buffer.concat([LONG_FIELD, LONG_FIELD, LONG_FIELD]),
        }),
      ),
      frame({ type: FRAME.continuation, flags: FLAG.endHeaders, stream: 1 }),
      data('ready', FLAG.endStream),
    ),
    want: ['ProtocolError'],
  },
  {
    name: 'repeats a header of 4 kB three thousand times by one byte each',
    serve: says(
      headers([
        STATUS_200,
        Buffer.concat([Buffer.from([0x40]), LONG_FIELD.subarray(1)]),
        Buffer.alloc(3000, 0xbe),
      ]),
      data('ready', FLAG.endStream),
    ),
    want: ['ProtocolError'],
  },
  {
    name: 'sends headers that are no HPACK',
    serve: says(headers([Buffer.alloc(64, 0xff)])),
    want: ['ProtocolError'],
  },
  {
    name: 'sends interim responses for ever',
    serve: floods(headers([Buffer.concat([Buffer.from([0x08]), Buffer.from([3]), Buffer.from('103')])])),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a body before its headers',
    serve: says(data('ready')),
    want: ['ProtocolError', 'ConnectionClosed'],
  },
  { name: 'resets the stream', serve: says(STREAM_ENDS), want: ['ProtocolError', 'ConnectionClosed'] },
  {
    name: 'resets the stream within the body',
    serve: says(headers([STATUS_200]), data('rea'), STREAM_ENDS),
    want: ['ProtocolError', 'ConnectionClosed'],
  },
  {
    name: 'floods with empty DATA',
    serve: floods(data(''), [headers([STATUS_200])]),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a body without end and without regard for the window',
    serve: floods(data('x'.repeat(16_384)), [headers([STATUS_200])]),
    want: ['ProtocolError', 'UnexpectedAnswer'],
  },
  {
    name: 'sends padding without end',
    serve: floods(
      frame({
        type: FRAME.data,
        flags: 8,
        stream: 1,
        payload: Buffer.concat([Buffer.from([255]), Buffer.alloc(255)]),
      }),
      [headers([STATUS_200])],
    ),
    want: ['ProtocolError', 'Timeout'],
  },
  {
    name: 'drips PING',
    serve: answering((socket) => {
      socket.write(SETTINGS);
      drip(socket, PING);
    }),
    want: ['Timeout'],
  },
];

/** The attacks, against a client of one protocol over HTTP/2. */
export function http2Servers(
  protocol: HostileServer['protocol'],
  probe: HostileServer['probe'],
): readonly HostileServer[] {
  return HTTP2_ATTACKS.map(({ name, ...attack }) => ({
    ...attack,
    name: `${name} (${protocol})`,
    protocol,
    probe,
  }));
}
