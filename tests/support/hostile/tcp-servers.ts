import type { TcpProbe } from '#lib/core/probe/probe.ts';
import { answering, COMMON, drip, flood, type HostileServer, stayingSilent } from './hostile-server.ts';

const GREETED: TcpProbe = { ...COMMON, kind: 'tcp', expect: 'ready' };
const ASKED: TcpProbe = { ...GREETED, send: 'PING\r\n' };

/** Servers for probes that expect a text over a bare connection. */
export const TCP_SERVERS: readonly HostileServer[] = (
  [
    { name: 'says nothing', serve: stayingSilent, want: ['Timeout'] },
    {
      name: 'says nothing and never reads',
      probe: ASKED,
      serve: (socket) => socket.pause(),
      want: ['Timeout'],
    },
    { name: 'drips', serve: (socket) => drip(socket, 'r'), want: ['Timeout'] },
    { name: 'floods', serve: (socket) => flood(socket, 'noise'), want: ['UnexpectedAnswer'] },
    {
      name: 'floods with nearly the text',
      serve: (socket) => flood(socket, 'read'),
      want: ['UnexpectedAnswer'],
    },
    {
      name: 'floods with bytes that are no UTF-8',
      serve: (socket) => flood(socket, Buffer.from([0xff, 0xc0, 0xed, 0xa0])),
      want: ['UnexpectedAnswer'],
    },
    { name: 'closes at once', serve: (socket) => socket.end(), want: ['ConnectionClosed'] },
    { name: 'resets at once', serve: (socket) => socket.resetAndDestroy(), want: ['ConnectionClosed'] },
    {
      name: 'resets within the text',
      probe: ASKED,
      serve: answering((socket) => socket.write('rea', () => socket.resetAndDestroy())),
      want: ['ConnectionClosed'],
    },
    {
      name: 'closes its side only, within the text',
      probe: ASKED,
      serve: answering((socket) => socket.end('rea')),
      want: ['UnexpectedAnswer'],
    },
  ] satisfies readonly (Omit<HostileServer, 'protocol' | 'probe'> & { readonly probe?: TcpProbe })[]
).map((server) => ({ probe: GREETED, ...server, protocol: 'tcp' }));
