import type { Socket } from 'node:net';
import type { PostgresqlProbe } from '#lib/core/probe/probe.ts';
import {
  AUTHENTICATION_OK,
  begun,
  LOGGED_IN,
  message,
  ONE_COLUMN,
  READY,
  row,
  SET_DONE,
} from '../../../dev/workload/postgresql-messages.ts';
import {
  answering,
  COMMON,
  drip,
  flood,
  type HostileServer,
  inTurn,
  stayingSilent,
} from './hostile-server.ts';

/** The Secret in which the credentials name `Disabled`: the login begins with the first byte. */
const PLAIN_SECRET = 'plain';
/** The Secret in which they ask for TLS. */
export const TLS_SECRET = 'tls';

const PROBE: PostgresqlProbe = { ...COMMON, kind: 'postgresql', query: 'select 1', secretName: PLAIN_SECRET };
const OVER_TLS: PostgresqlProbe = { ...PROBE, secretName: TLS_SECRET };

type Row = Omit<HostileServer, 'protocol' | 'probe'> & { readonly probe?: PostgresqlProbe };

const SASL = message('R', 10, 'SCRAM-SHA-256\0\0');

/** A challenge with the client's own nonce and this salt and number of rounds. */
function challenge(rounds: string, salt = 'c2FsdA=='): (socket: Socket) => void {
  return (socket) => {
    socket.once('data', () => {
      socket.write(SASL);
      socket.once('data', (bytes: Buffer) => {
        const nonce = /r=([^,\0]+)/.exec(bytes.toString('latin1'))?.[1] ?? '';
        socket.write(message('R', 11, `r=${nonce}more,s=${salt},i=${rounds}`));
        socket.resume();
      });
    });
  };
}

function floodsWith(piece: Buffer, ...before: readonly Buffer[]): (socket: Socket) => void {
  return inTurn(...before, (socket) => flood(socket, piece));
}

function ending(socket: Socket): void {
  socket.end();
}

function resetting(socket: Socket): void {
  socket.resetAndDestroy();
}

const NOTICE = message('N', `SNOTICE\0M${'x'.repeat(1000)}\0\0`);

const CONNECTIONS: readonly Row[] = [
  { name: 'says nothing', serve: stayingSilent, want: ['Timeout'] },
  { name: 'never reads', serve: (socket) => socket.pause(), want: ['Timeout'] },
  { name: 'closes at once', serve: ending, want: ['ConnectionClosed'] },
  { name: 'resets at once', serve: resetting, want: ['ConnectionClosed'] },
  {
    name: 'drips a message',
    serve: answering((socket) => drip(socket, 'R')),
    want: ['Timeout', 'ProtocolError'],
  },
  { name: 'speaks HTTP', serve: inTurn('HTTP/1.1 400 Bad Request\r\n\r\n'), want: ['ProtocolError'] },
  {
    name: 'floods with noise',
    serve: (socket) => flood(socket, Buffer.alloc(512, 0xa5)),
    want: ['ProtocolError'],
  },
  { name: 'closes its side after the login', serve: inTurn(LOGGED_IN, ending), want: ['ConnectionClosed'] },
  { name: 'resets within the query', serve: inTurn(LOGGED_IN, resetting), want: ['ConnectionClosed'] },
  {
    name: 'answers the wish for TLS with noise',
    probe: OVER_TLS,
    serve: inTurn('S', Buffer.alloc(512, 0xa5)),
    want: ['TlsFailed'],
  },
  { name: 'says nothing to the wish for TLS', probe: OVER_TLS, serve: stayingSilent, want: ['Timeout'] },
  {
    name: 'slips bytes in behind the consent to TLS',
    probe: OVER_TLS,
    serve: inTurn(Buffer.concat([Buffer.from('S'), AUTHENTICATION_OK])),
    want: ['ProtocolError'],
  },
  {
    name: 'answers the wish for TLS with an error of 1 MB',
    probe: OVER_TLS,
    serve: inTurn(message('E', `M${'x'.repeat(1_000_000)}\0\0`)),
    want: ['ProtocolError'],
  },
];

const LOGINS: readonly Row[] = [
  { name: 'begins a message of 2 GB', serve: inTurn(begun('E', 2_000_000_000)), want: ['ProtocolError'] },
  {
    name: 'sends a message of 2 GB',
    serve: inTurn((socket) => {
      socket.write(begun('E', 2_000_000_000));
      flood(socket, 'x');
    }),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a message of negative length',
    serve: inTurn(begun('R', -5)),
    want: ['ProtocolError'],
  },
  { name: 'sends messages of no length for ever', serve: floodsWith(begun('R', 0)), want: ['ProtocolError'] },
  {
    name: 'sends an error with a field of 1 MB',
    serve: inTurn(message('E', `SFATAL\0C28000\0M${'x'.repeat(1_000_000)}\0\0`)),
    want: ['ProtocolError'],
  },
  {
    name: 'sends an error with a field of 60 kB',
    serve: inTurn(message('E', `SFATAL\0C57P03\0M${'x'.repeat(60_000)}\0\0`)),
    want: ['NotServing'],
  },
  {
    name: 'sends an error with ten thousand fields',
    serve: inTurn(message('E', `${'Mx\0'.repeat(10_000)}C28000\0\0`)),
    want: ['AuthenticationFailed'],
  },
  {
    name: 'sends an error that is no UTF-8',
    serve: inTurn(message('E', Buffer.from([0x43, 0xff, 0xfe, 0, 0x4d, 0xc0, 0, 0]))),
    want: ['QueryFailed'],
  },
  {
    name: 'sends an error without an end',
    serve: inTurn(message('E', 'SFATAL')),
    want: ['ProtocolError'],
  },
  { name: 'asks for 2^31 rounds of SCRAM', serve: challenge('2147483648'), want: ['AuthenticationFailed'] },
  { name: 'asks for as many rounds of SCRAM as are allowed', serve: challenge('100000'), want: ['Timeout'] },
  { name: 'asks for a negative number of rounds', serve: challenge('-1'), want: ['AuthenticationFailed'] },
  {
    name: 'asks for rounds of thirty digits',
    serve: challenge('9'.repeat(30)),
    want: ['AuthenticationFailed'],
  },
  {
    name: 'sends a salt of 60 kB',
    serve: challenge('4096', 'A'.repeat(60_000)),
    want: ['Timeout', 'AuthenticationFailed'],
  },
  { name: 'sends a salt that is no base64', serve: challenge('4096', '!!'), want: ['AuthenticationFailed'] },
  {
    name: 'repeats no nonce',
    serve: inTurn(SASL, message('R', 11, 'r=other,s=c2FsdA==,i=4096')),
    want: ['AuthenticationFailed'],
  },
  {
    name: 'skips the exchange',
    serve: inTurn(SASL, message('R', 12, 'v=AAAA')),
    want: ['AuthenticationFailed'],
  },
  {
    name: 'offers no known mechanism',
    serve: inTurn(message('R', 10, 'SCRAM-SHA-1\0\0')),
    want: ['AuthenticationFailed'],
  },
  {
    name: 'offers mechanisms without end',
    serve: inTurn((socket) => {
      socket.write(begun('R', 2_000_000_000));
      flood(socket, 'SCRAM-SHA-256\0');
    }),
    want: ['ProtocolError'],
  },
  {
    name: 'asks for the password in the clear',
    serve: inTurn(message('R', 3)),
    want: ['AuthenticationFailed'],
  },
  { name: 'asks for a Kerberos ticket', serve: inTurn(message('R', 2)), want: ['ProtocolError'] },
  { name: 'asks in a way that does not exist', serve: inTurn(message('R', 99)), want: ['ProtocolError'] },
  { name: 'lets in and is never ready', serve: inTurn(AUTHENTICATION_OK), want: ['Timeout'] },
  { name: 'floods the login with notices', serve: floodsWith(NOTICE), want: ['ProtocolError'] },
  {
    name: 'floods the login with parameters',
    serve: floodsWith(message('S', 'a\0b\0'), AUTHENTICATION_OK),
    want: ['ProtocolError', 'Timeout'],
  },
  {
    name: 'floods with READY',
    serve: floodsWith(LOGGED_IN),
    want: ['ProtocolError', 'ConnectionClosed', 'UnexpectedAnswer'],
  },
];

const QUERIES: readonly Row[] = [
  { name: 'says nothing to the query', serve: inTurn(LOGGED_IN), want: ['Timeout'] },
  {
    name: 'drips notices at the query',
    serve: inTurn(LOGGED_IN, (socket) => drip(socket, message('N', 'Mx\0\0'))),
    want: ['Timeout'],
  },
  {
    name: 'floods the query with rows',
    serve: floodsWith(row('t'), Buffer.concat([LOGGED_IN]), Buffer.concat([SET_DONE, ONE_COLUMN])),
    want: ['Timeout', 'ProtocolError'],
  },
  {
    name: 'floods the query with rows at once',
    serve: inTurn(LOGGED_IN, (socket) => {
      socket.write(Buffer.concat([SET_DONE, ONE_COLUMN]));
      flood(socket, row('t'));
    }),
    want: ['ProtocolError'],
  },
  {
    name: 'begins a row of 2 GB',
    serve: inTurn(LOGGED_IN, Buffer.concat([SET_DONE, ONE_COLUMN, begun('D', 2_000_000_000)])),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a row with more columns than bytes',
    serve: inTurn(LOGGED_IN, Buffer.concat([SET_DONE, ONE_COLUMN, message('D', Buffer.from([0x7f, 0xff]))])),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a column of 32767 names',
    serve: inTurn(LOGGED_IN, Buffer.concat([SET_DONE, message('T', Buffer.from([0x7f, 0xff]))])),
    want: ['ProtocolError'],
  },
  {
    name: 'sends a row without its columns',
    serve: inTurn(LOGGED_IN, Buffer.concat([row('t'), READY])),
    want: ['ProtocolError', 'ConnectionClosed', 'UnexpectedAnswer'],
  },
  {
    name: 'asks for a copy',
    serve: inTurn(LOGGED_IN, message('G', '\0\0\0')),
    want: ['Timeout', 'QueryFailed', 'ProtocolError'],
  },
  {
    name: 'copies out without end',
    serve: inTurn(LOGGED_IN, (socket) => {
      socket.write(message('H', '\0\0\0'));
      flood(socket, message('d', 'x'));
    }),
    want: ['ProtocolError'],
  },
  {
    name: 'completes without an answer',
    serve: inTurn(LOGGED_IN, Buffer.concat([SET_DONE, READY])),
    want: ['UnexpectedAnswer'],
  },
  {
    name: 'answers bytes that are no UTF-8',
    serve: inTurn(
      LOGGED_IN,
      Buffer.concat([SET_DONE, ONE_COLUMN, row(Buffer.from([0xff])), message('C', 'SELECT 1\0'), READY]),
    ),
    want: ['UnexpectedAnswer'],
  },
  {
    name: 'leaves the transaction open',
    serve: inTurn(
      LOGGED_IN,
      Buffer.concat([SET_DONE, ONE_COLUMN, row('f'), message('C', 'SELECT 1\0'), message('Z', 'T')]),
    ),
    want: ['UnexpectedAnswer'],
  },
  {
    name: 'floods with errors',
    serve: floodsWith(message('E', 'SERROR\0C22012\0Mx\0\0'), LOGGED_IN),
    want: ['ProtocolError', 'QueryFailed', 'ConnectionClosed'],
  },
  {
    name: 'floods the query with messages of no known type',
    serve: floodsWith(message('@', 'x'), LOGGED_IN),
    want: ['ProtocolError'],
  },
];

/** Servers for probes of PostgreSQL. */
export const POSTGRESQL_SERVERS: readonly HostileServer[] = [...CONNECTIONS, ...LOGINS, ...QUERIES].map(
  (server) => ({ probe: PROBE, ...server, protocol: 'postgresql' }),
);
