import { setImmediate as turn } from 'node:timers/promises';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import { serverErrorOutcome } from '#lib/probe/probers/postgresql-error.ts';
import { type LoginResult, startSession } from '#lib/probe/probers/postgresql-login.ts';
import { PostgresqlStream } from '#lib/probe/probers/postgresql-stream.ts';
import {
  AUTHENTICATION_OK,
  begun,
  LOGGED_IN,
  message,
  ONE_COLUMN,
  READY,
  row,
  SET_DONE,
} from '../workload/postgresql-messages.ts';
import { MemorySocket } from './memory-socket.ts';
import type { Material } from './mutator.ts';
import { promise, type Subject } from './subject.ts';

/** Stands for the client's nonce, which is different each time. */
const NONCE = Buffer.from('NONCE');

const ANSWER = Buffer.concat([SET_DONE, ONE_COLUMN, row('t'), message('C', 'SELECT 1\0'), READY]);
const ERROR = message('E', 'SERROR\0C22012\0Mdivision by zero\0\0');
const SASL = message('R', 10, 'SCRAM-SHA-256\0\0');
const CHALLENGE = message('R', 11, 'r=NONCEmore,s=c2FsdA==,i=4');

const PIECES: readonly Buffer[] = [
  ...[READY, LOGGED_IN, ANSWER, ERROR, SASL, CHALLENGE, SET_DONE, ONE_COLUMN, row('f')],
  ...[begun('R', 4), begun('E', 2_000_000_000), begun('D', -1), message('R', 3), message('R', 5, 'salt')],
  ...[message('N', 'Mnotice\0\0'), message('S', 'a\0b\0'), message('G', '\0\0\0'), message('H', '\0\0\0')],
  ...[message('A', 1, 'a\0b\0'), message('v', 0, 0), message('1'), message('I'), message('K', 1, 2)],
];

const LOGINS: Material = {
  wholes: [
    LOGGED_IN,
    Buffer.concat([AUTHENTICATION_OK, message('S', 'a\0b\0'), message('K', 1, 2), READY]),
    message('E', 'SFATAL\0C28P01\0Mno\0\0'),
    Buffer.concat([SASL, CHALLENGE, message('R', 12, 'v=AAAA')]),
  ],
  pieces: PIECES,
};
const QUERIES: Material = { wholes: [ANSWER, Buffer.concat([ERROR, READY])], pieces: PIECES };

const TARGET = { namespace: 'default', podName: 'web-1', podUid: 'uid', address: '127.0.0.1', port: 1 };
const CREDENTIALS = { user: 'probe', password: 'the-password', tlsMode: 'Disabled', version: '1' } as const;

/** An outcome takes a few turns of the event loop, the hashing of a password some more. */
const MOST_TURNS = 2000;
const LONGEST_MESSAGE = 200;

/** Readers of PostgreSQL. */
export const POSTGRESQL_SUBJECTS: readonly Subject[] = [
  { name: 'PostgreSQL login', material: LOGINS, read: (pieces) => readLogin(pieces) },
  { name: 'PostgreSQL query', material: QUERIES, read: (pieces) => readQuery(pieces) },
  {
    name: 'PostgreSQL error',
    material: { wholes: [Buffer.from('57P03\0the database system is starting up')], pieces: PIECES },
    read(pieces) {
      const [sqlState = '', text = ''] = Buffer.concat(pieces).toString('utf8').split('\0');
      const names = { target: TARGET, user: 'probe', database: 'db' };
      return shown(serverErrorOutcome({ sqlState, text }, names));
    },
  },
];

interface Peer {
  readonly socket: MemorySocket;
  readonly login: Promise<LoginResult>;
}

function connect(): Peer {
  const socket = new MemorySocket();
  const { promise: login, resolve } = Promise.withResolvers<LoginResult>();
  const settings = { target: TARGET, database: 'db', credentials: CREDENTIALS };
  startSession(settings, new PostgresqlStream(socket, socket), 'plain', resolve);
  return { socket, login };
}

async function readLogin(pieces: readonly Buffer[]): Promise<string> {
  const { socket, login } = connect();
  await turn();
  receive(socket, [SASL]);
  await turn();
  const nonce = /r=([^,\0]+)/.exec(socket.written.toString('latin1'))?.[1] ?? '';
  return await ended(socket, withNonce(pieces, nonce), async () => {
    const result = await login;
    return result.kind === 'session' ? 'session' : shown(result.outcome);
  });
}

async function readQuery(pieces: readonly Buffer[]): Promise<string> {
  const { socket, login } = connect();
  await turn();
  receive(socket, [LOGGED_IN]);
  const result = await login;
  if (result.kind !== 'session') throw new Error('the login has failed');
  const query = result.session.query('select 1', 1000);
  await turn();
  return await ended(socket, pieces, async () => {
    const { kind, outcome } = await query;
    return `${kind} ${shown(outcome)}`;
  });
}

/** The outcome of what is under way once the pieces have come and the connection has ended. */
async function ended(
  socket: MemorySocket,
  pieces: readonly Buffer[],
  outcome: () => Promise<string>,
): Promise<string> {
  let result: string | undefined;
  const settled = outcome().then((text) => {
    result = text;
  });
  receive(socket, pieces);
  for (let turns = 0; turns < MOST_TURNS && result === undefined; turns++) {
    await turn();
    if (turns === 10) socket.destroy();
  }
  socket.destroy();
  promise(result !== undefined, 'no outcome');
  await settled;
  return result ?? '';
}

function receive(socket: MemorySocket, pieces: readonly Buffer[]): void {
  for (const piece of pieces) {
    if (!socket.destroyed) socket.receive(piece);
  }
}

/** The pieces with the nonce in them; across the borders of pieces it stays as it is. */
function withNonce(pieces: readonly Buffer[], nonce: string): readonly Buffer[] {
  const bytes = Buffer.concat(pieces);
  const at = bytes.indexOf(NONCE);
  if (at === -1) return pieces;
  const sizes = pieces.map(({ length }) => length);
  const filled = Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(nonce),
    bytes.subarray(at + NONCE.length),
  ]);
  let start = 0;
  return sizes.map((size, index) => {
    const end = index === sizes.length - 1 ? filled.length : start + size;
    const piece = filled.subarray(start, end);
    start = end;
    return piece;
  });
}

function shown(outcome: ProbeOutcome): string {
  promise(!('message' in outcome) || outcome.message.length <= LONGEST_MESSAGE, 'the message is too long');
  return JSON.stringify(outcome);
}
