import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import { makeTestCertificates } from '../test-certificates.ts';
import {
  answering,
  drip,
  flood,
  type HostileServer,
  inTurn,
  onceAsked,
  stayingSilent,
} from './hostile-server.ts';
import { HTTP_PROBE } from './http-servers.ts';

const HTTPS_PROBE: HttpProbe = { ...HTTP_PROBE, scheme: 'HTTPS' };

type Row = Omit<HostileServer, 'protocol' | 'probe'> & { readonly probe?: HttpProbe };

interface Contexts {
  readonly plain: SecureContext;
  readonly expired: SecureContext;
  readonly longChain: SecureContext;
}

let contexts: Contexts | undefined;

/** Made at the first call, which takes a second: only the process that serves needs certificates. */
export function serverContexts(): Contexts {
  if (contexts === undefined) {
    const made = makeTestCertificates();
    const leaf = made.issue('DNS:hostile.example');
    contexts = {
      plain: createSecureContext(leaf),
      expired: createSecureContext(made.issue('IP:127.0.0.1', -1)),
      longChain: createSecureContext({ ...leaf, cert: leaf.cert + made.ca.cert.repeat(2000) }),
    };
    made.remove();
  }
  return contexts;
}

/** A server that completes the handshake and then does as told. */
function secured(
  serve: (socket: TLSSocket) => void,
  options: { readonly context?: keyof Contexts; readonly protocols?: readonly string[] } = {},
): (socket: Socket) => void {
  return (socket) => {
    const { context = 'plain', protocols } = options;
    const over = new TLSSocket(socket, {
      isServer: true,
      secureContext: serverContexts()[context],
      ...(protocols !== undefined && { ALPNProtocols: [...protocols] }),
    });
    over.on('error', () => {});
    over.once('secure', () => serve(over));
  };
}

/** One TLS record: type, version 1.2, length, content. */
function record(type: number, content: Buffer, length = content.length): Buffer {
  const head = Buffer.from([type, 3, 3, 0, 0]);
  head.writeUInt16BE(length, 3);
  return Buffer.concat([head, content]);
}

const HANDSHAKE = 22;
const ALERT = 21;

const ROWS: readonly Row[] = [
  { name: 'says nothing to a handshake', serve: stayingSilent, want: ['Timeout'] },
  {
    name: 'closes within the handshake',
    serve: answering((socket) => void socket.end()),
    want: ['ConnectionClosed'],
  },
  {
    name: 'resets within the handshake',
    serve: answering((socket) => void socket.resetAndDestroy()),
    want: ['ConnectionClosed'],
  },
  { name: 'answers a handshake with noise', serve: inTurn(randomBytes(4096)), want: ['TlsFailed'] },
  {
    name: 'floods the handshake with noise',
    serve: (socket) => flood(socket, randomBytes(8192)),
    want: ['TlsFailed'],
  },
  {
    name: 'answers a handshake with HTTP',
    serve: inTurn('HTTP/1.1 200 OK\r\n\r\nready'),
    want: ['TlsFailed'],
  },
  {
    name: 'drips a handshake',
    serve: answering((socket) => {
      socket.write(Buffer.from([HANDSHAKE, 3, 3, 0x3f, 0xff, 2, 0, 0x3f, 0xfb]));
      drip(socket, Buffer.from([3]));
    }),
    want: ['Timeout', 'TlsFailed'],
  },
  {
    name: 'begins a record of 64 KiB',
    serve: answering((socket) => {
      socket.write(record(HANDSHAKE, Buffer.alloc(0), 0xffff));
      flood(socket, Buffer.alloc(1024));
    }),
    want: ['TlsFailed'],
  },
  {
    name: 'sends a handshake message of 16 MB',
    serve: answering((socket) => {
      socket.write(record(HANDSHAKE, Buffer.from([2, 0xff, 0xff, 0xff])));
      flood(socket, record(HANDSHAKE, Buffer.alloc(8192)));
    }),
    want: ['TlsFailed'],
  },
  {
    name: 'floods with empty records',
    serve: answering((socket) => flood(socket, record(HANDSHAKE, Buffer.alloc(0)))),
    want: ['TlsFailed'],
  },
  {
    name: 'floods with warnings',
    serve: answering((socket) => flood(socket, record(ALERT, Buffer.from([1, 112])))),
    want: ['TlsFailed'],
  },
  {
    name: 'sends a chain of a megabyte',
    serve: secured(() => {}, { context: 'longChain' }),
    want: ['TlsFailed'],
  },
  {
    name: 'shows a certificate that has expired',
    probe: { ...HTTPS_PROBE, verifyTls: true },
    serve: secured(() => {}, { context: 'expired' }),
    want: ['TlsFailed'],
  },
  { name: 'says nothing after the handshake', serve: secured(stayingSilent), want: ['Timeout'] },
  {
    name: 'floods after the handshake',
    serve: secured((socket) => flood(socket, Buffer.alloc(1024, 'x'))),
    want: ['ProtocolError'],
  },
  {
    name: 'breaks the encryption after the handshake',
    serve: (socket) =>
      secured((over) => onceAsked(over, () => void socket.write(record(23, randomBytes(256)))))(socket),
    want: ['TlsFailed', 'ConnectionClosed'],
  },
  {
    name: 'resets after the handshake',
    serve: (socket) => secured((over) => onceAsked(over, () => void socket.resetAndDestroy()))(socket),
    want: ['ConnectionClosed'],
  },
  {
    name: 'does not take up HTTP/2',
    probe: { ...HTTPS_PROBE, version: 'HTTP2' },
    serve: secured(stayingSilent),
    want: ['ProtocolError'],
  },
  {
    name: 'takes up HTTP/2 and speaks HTTP/1.1',
    probe: { ...HTTPS_PROBE, version: 'Negotiated' },
    serve: secured((socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\nready'), { protocols: ['h2'] }),
    want: ['ProtocolError'],
  },
];

/** Servers for probes over HTTPS. */
export const TLS_SERVERS: readonly HostileServer[] = ROWS.map((server) => ({
  probe: HTTPS_PROBE,
  ...server,
  protocol: 'tls',
}));
