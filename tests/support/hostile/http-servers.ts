import type { Socket } from 'node:net';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import { answering, COMMON, drip, flood, type HostileServer, stayingSilent } from './hostile-server.ts';

/** A probe that only a whole, right answer would satisfy. */
export const HTTP_PROBE: HttpProbe = {
  ...COMMON,
  kind: 'http',
  scheme: 'HTTP',
  method: 'GET',
  path: '/healthz',
  headers: [],
  verifyTls: false,
  version: 'HTTP1',
  connection: 'Fresh',
  codes: [{ from: 200, to: 299 }],
  expectBody: 'ready',
};

type Row = Omit<HostileServer, 'protocol' | 'probe'> & { readonly probe?: HttpProbe };

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

function says(text: string | Buffer): (socket: Socket) => void {
  return answering((socket) => void socket.write(text));
}

function ends(text: string | Buffer): (socket: Socket) => void {
  return answering((socket) => void socket.end(text));
}

function saysAndFloods(head: string, piece: string | Buffer): (socket: Socket) => void {
  return answering((socket) => {
    socket.write(head);
    flood(socket, piece);
  });
}

function saysAndDrips(head: string, piece: string): (socket: Socket) => void {
  return answering((socket) => {
    socket.write(head);
    drip(socket, piece);
  });
}

function resetsAfter(text: string): (socket: Socket) => void {
  return answering((socket) => socket.write(text, () => socket.resetAndDestroy()));
}

const CONNECTIONS: readonly Row[] = [
  { name: 'says nothing', serve: stayingSilent, want: ['Timeout'] },
  { name: 'never reads', serve: (socket) => socket.pause(), want: ['Timeout'] },
  { name: 'closes at once', serve: (socket) => socket.end(), want: ['ConnectionClosed'] },
  { name: 'resets at once', serve: (socket) => socket.resetAndDestroy(), want: ['ConnectionClosed'] },
  { name: 'closes its side when asked', serve: ends(''), want: ['ConnectionClosed'] },
  { name: 'resets within the headers', serve: resetsAfter(`${OK}X-A: `), want: ['ConnectionClosed'] },
  {
    name: 'resets within the body',
    serve: resetsAfter(`${OK}Content-Length: 100\r\n\r\nrea`),
    want: ['ConnectionClosed'],
  },
  { name: 'ends within the headers', serve: ends(`${OK}X-A: `), want: ['ProtocolError'] },
  {
    name: 'ends within the body',
    serve: ends(`${OK}Content-Length: 100\r\n\r\nrea`),
    want: ['ProtocolError'],
  },
];

const HEADS: readonly Row[] = [
  { name: 'drips the headers', serve: saysAndDrips(OK, 'x'), want: ['Timeout'] },
  { name: 'sends headers without end', serve: saysAndFloods(OK, 'X-A: b\r\n'), want: ['ProtocolError'] },
  { name: 'sends a header without end', serve: saysAndFloods(`${OK}X-A: `, 'b'), want: ['ProtocolError'] },
  {
    name: 'folds a header without end',
    serve: saysAndFloods(`${OK}X-A: b\r\n`, ' b\r\n'),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a status line without end',
    serve: saysAndFloods('HTTP/1.1 200 ', 'b'),
    want: ['ProtocolError'],
  },
  {
    name: 'sends interim responses for ever',
    serve: saysAndFloods('', 'HTTP/1.1 100 Continue\r\n\r\n'),
    want: ['ProtocolError'],
  },
  {
    name: 'drips interim responses',
    serve: saysAndDrips('', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'),
    want: ['Timeout'],
  },
  { name: 'floods with zero bytes', serve: saysAndFloods('', Buffer.alloc(1)), want: ['ProtocolError'] },
  { name: 'floods with empty lines', serve: saysAndFloods('', '\r\n'), want: ['ProtocolError'] },
  { name: 'speaks another protocol', serve: says('SSH-2.0-OpenSSH_9.2\r\n'), want: ['ProtocolError'] },
  { name: 'speaks HTTP/0.9', serve: ends('<html>ready</html>'), want: ['ProtocolError'] },
  {
    name: 'speaks HTTP/2 unasked',
    serve: says(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0x0a])),
    want: ['ProtocolError'],
  },
  { name: 'sends a header without a colon', serve: says(`${OK}nonsense\r\n\r\n`), want: ['ProtocolError'] },
  {
    name: 'sends a status of four digits',
    serve: says('HTTP/1.1 2000 OK\r\n\r\nready'),
    want: ['ProtocolError'],
  },
  { name: 'sends a negative status', serve: says('HTTP/1.1 -20 OK\r\n\r\nready'), want: ['ProtocolError'] },
  { name: 'switches protocols', serve: says('HTTP/1.1 101 x\r\n\r\nready'), want: ['UnexpectedStatus'] },
];

const BODIES: readonly Row[] = [
  { name: 'drips the body', serve: saysAndDrips(`${OK}Content-Length: 100\r\n\r\n`, 'x'), want: ['Timeout'] },
  {
    name: 'sends a body of 10 GB',
    serve: saysAndFloods(`${OK}Content-Length: 10737418240\r\n\r\n`, 'x'),
    want: ['UnexpectedAnswer'],
  },
  { name: 'sends a body without end', serve: saysAndFloods(`${OK}\r\n`, 'x'), want: ['UnexpectedAnswer'] },
  {
    name: 'sends a gzip bomb',
    serve: saysAndFloods(`${OK}Content-Encoding: gzip\r\n\r\n\x1f\x8b`, Buffer.from([0xec, 0xc0, 0x81, 0])),
    want: ['UnexpectedAnswer'],
  },
  {
    name: 'sends a body that is no UTF-8',
    serve: ends(
      Buffer.concat([Buffer.from(`${OK}X-\xff: \xfe\r\n\r\n`, 'latin1'), Buffer.from([0xff, 0xc0, 0xed])]),
    ),
    want: ['UnexpectedAnswer'],
  },
  {
    name: 'sends a negative length',
    serve: says(`${OK}Content-Length: -1\r\n\r\nready`),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a length of thirty digits',
    serve: says(`${OK}Content-Length: ${'9'.repeat(30)}\r\n\r\nready`),
    want: ['ProtocolError'],
  },
  {
    name: 'sends two lengths',
    serve: says(`${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nready`),
    want: ['ProtocolError'],
  },
  {
    name: 'sends lengths without end',
    serve: saysAndFloods(OK, 'Content-Length: 5\r\n'),
    want: ['ProtocolError'],
  },
  {
    name: 'sends chunks of one byte for ever',
    serve: saysAndFloods(CHUNKED, '1\r\nx\r\n'),
    want: ['ProtocolError'],
  },
  { name: 'drips chunks', serve: saysAndDrips(CHUNKED, '1\r\nx\r\n'), want: ['Timeout'] },
  {
    name: 'sends a chunk extension without end',
    serve: saysAndFloods(`${CHUNKED}1;`, 'x'),
    want: ['ProtocolError'],
  },
  { name: 'sends a chunk size without end', serve: saysAndFloods(CHUNKED, '0'), want: ['ProtocolError'] },
  { name: 'sends a negative chunk size', serve: says(`${CHUNKED}-5\r\nready`), want: ['ProtocolError'] },
  {
    name: 'sends a chunk of 4 GB',
    serve: saysAndFloods(`${CHUNKED}ffffffff\r\n`, 'x'),
    want: ['UnexpectedAnswer'],
  },
  {
    name: 'sends trailers without end',
    serve: saysAndFloods(`${CHUNKED}0\r\n`, 'X-A: b\r\n'),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a trailer without end',
    serve: saysAndFloods(`${CHUNKED}0\r\nX-A: `, 'b'),
    want: ['ProtocolError'],
  },
];

const REDIRECTS: readonly Row[] = [
  {
    name: 'redirects in a circle',
    serve: ends('HTTP/1.1 302 Found\r\nLocation: /healthz\r\nContent-Length: 0\r\n\r\n'),
    want: ['TooManyRedirects'],
  },
  {
    name: 'redirects in a circle over one kept connection',
    probe: { ...HTTP_PROBE, connection: 'Kept' },
    serve: (socket) =>
      socket.on('data', () =>
        socket.write('HTTP/1.1 307 x\r\nLocation: ?again\r\nContent-Length: 0\r\n\r\n'),
      ),
    want: ['TooManyRedirects'],
  },
  {
    name: 'redirects slowly',
    serve: answering((socket) => {
      const timer = setTimeout(() => socket.end('HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n'), 100);
      socket.once('close', () => clearTimeout(timer));
    }),
    want: ['Timeout'],
  },
  {
    name: 'redirects to another host',
    serve: ends('HTTP/1.1 302 Found\r\nLocation: http://198.51.100.1/\r\n\r\n'),
    want: ['UnexpectedStatus'],
  },
  {
    name: 'redirects to a location of 30 kB',
    serve: ends(`HTTP/1.1 302 Found\r\nLocation: /${'%00'.repeat(10_000)}\r\n\r\n`),
    want: ['TooManyRedirects'],
  },
  {
    name: 'redirects with a body of 10 GB',
    serve: saysAndFloods('HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 10737418240\r\n\r\n', 'x'),
    want: ['TooManyRedirects', 'Timeout'],
  },
];

/** Servers for probes over HTTP/1.1 without TLS. */
export const HTTP_SERVERS: readonly HostileServer[] = [...CONNECTIONS, ...HEADS, ...BODIES, ...REDIRECTS].map(
  (server) => ({ probe: HTTP_PROBE, ...server, protocol: 'http' }),
);
