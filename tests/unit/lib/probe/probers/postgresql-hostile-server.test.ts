import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { PostgresqlProbe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Credentials } from '#lib/probe/credentials.ts';
import { createPostgresqlProber, type PostgresqlProber } from '#lib/probe/probers/postgresql-prober.ts';
import { TlsContexts } from '#lib/probe/tls-contexts.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { runOnce } from '../../../../../dev/workload/one-run.ts';
import { aRun, eventually, type LoopbackServer, serve, timed } from '../../../../support/loopback-server.ts';

const PASSWORD = 'the-password';

/** One message of the server: type, length, content. */
function message(type: string, ...content: readonly (number | string)[]): Buffer {
  const body = Buffer.concat(
    content.map((part) => (typeof part === 'string' ? Buffer.from(part) : int32(part))),
  );
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const AUTHENTICATION_OK = message('R', 0);
const READY = message('Z', 'I');
const HALF_ERROR = Buffer.concat([Buffer.from('E'), int32(2_000_000_000)]);

let server: LoopbackServer;
let prober: PostgresqlProber;
afterEach(async () => {
  await prober.stop();
  await server.stop();
});

interface Scene {
  readonly credentials?: Partial<Credentials>;
  readonly timeoutMs?: number;
}

/** Runs one probe against a server that is scripted byte by byte. */
async function probeAgainst(serveOne: (socket: Socket) => void, scene: Scene = {}): Promise<string> {
  const { credentials = { tlsMode: 'Disabled' }, timeoutMs = 400 } = scene;
  server = await serve(serveOne);
  prober = createPostgresqlProber({
    clock: systemClock,
    tlsContexts: new TlsContexts(),
    onSessionEnd: () => {},
    credentials: () => ({ user: 'probe', password: PASSWORD, version: '1', ...credentials }),
  });
  const { value, ms } = await timed(runOnce(prober.run, aProbe(timeoutMs), server.target, aRun(timeoutMs)));
  expect(ms).toBeLessThan(timeoutMs + 300);
  return shown(value);
}

function aProbe(timeoutMs: number): PostgresqlProbe {
  return {
    kind: 'postgresql',
    port: 5432,
    timeoutMs,
    successThreshold: 1,
    failureThreshold: 1,
    query: 'select 1',
    secretName: 'cred-secret',
  };
}

function shown(outcome: ProbeOutcome): string {
  const text = outcome.kind === 'failure' ? `${outcome.reason}: ${outcome.message}` : outcome.kind;
  return text.replaceAll(String(server.port), 'PORT');
}

/** Answers each piece that the client sends with the next answer. */
function script(...answers: readonly (Buffer | string)[]): (socket: Socket) => void {
  return (socket) => {
    let next = 0;
    socket.on('data', () => {
      const answer = answers[next];
      next += 1;
      if (answer !== undefined) {
        socket.write(answer);
      }
    });
  };
}

describe('a server after the password', () => {
  test('in the clear gets nothing', async () => {
    expect(await probeAgainst(script(message('R', 3)))).toMatch(
      /^AuthenticationFailed: PORT asks for the password in clear text/,
    );
    expect(server.received().toString('latin1')).not.toContain(PASSWORD);
  });

  test('that first denies TLS gets no MD5 hash', async () => {
    const serveOne = script('N', message('R', 5, 'salt'));
    expect(await probeAgainst(serveOne, { credentials: {} })).toMatch(
      /^AuthenticationFailed: PORT asks for the password as an MD5 hash/,
    );
    expect(server.received().toString('latin1')).not.toContain('md5');
  });

  test('that lets the client count for hours is refused', async () => {
    const serveOne = (socket: Socket): void => {
      socket.once('data', () => {
        socket.write(message('R', 10, 'SCRAM-SHA-256\0\0'));
        socket.once('data', (bytes: Buffer) => {
          const nonce = /r=([^,\0]+)/.exec(bytes.toString('latin1'))?.[1] ?? '';
          socket.write(message('R', 11, `r=${nonce}more,s=c2FsdA==,i=2000000000`));
        });
      });
    };
    expect(await probeAgainst(serveOne)).toBe(
      'AuthenticationFailed: PORT did not complete the SCRAM exchange for user probe',
    );
  });

  test('that skips the proof of its own gets no trust by it', async () => {
    const serveOne = script(message('R', 10, 'SCRAM-SHA-256\0\0'), message('R', 12, 'v=AAAA'));
    expect(await probeAgainst(serveOne)).toBe(
      'AuthenticationFailed: PORT did not complete the SCRAM exchange for user probe',
    );
  });
});

describe('a server that does not keep to the protocol', () => {
  const cases: readonly {
    readonly name: string;
    readonly answers: readonly (Buffer | string)[];
    readonly want: RegExp;
  }[] = [
    { name: 'HTTP', answers: ['HTTP/1.1 400 Bad Request\r\n\r\n'], want: /^ProtocolError/ },
    {
      name: 'a message without its content',
      answers: [Buffer.from([0x52, 0, 0, 0, 4])],
      want: /^ProtocolError/,
    },
    {
      name: 'a message of no length',
      answers: [Buffer.from([0x52, 0, 0, 0, 0])],
      want: /^ProtocolError|^Timeout/,
    },
    { name: 'an unknown authentication', answers: [message('R', 99)], want: /^ProtocolError/ },
    {
      name: 'a message of 2 GB, begun',
      answers: [HALF_ERROR],
      want: /^ProtocolError: PORT answered the login with malformed messages/,
    },
    {
      name: 'an error without an end',
      answers: [message('E', 'SFATAL')],
      want: /^ProtocolError: PORT answered the login with malformed messages/,
    },
    {
      name: 'a row that nobody asked for',
      answers: [Buffer.concat([AUTHENTICATION_OK, READY, message('D', '\0\0')])],
      want: /^(ProtocolError|ConnectionClosed|QueryFailed)/,
    },
    {
      name: 'a row with more columns than it has bytes',
      answers: [Buffer.concat([AUTHENTICATION_OK, READY]), message('D', '\x7f\xff')],
      want: /^ProtocolError/,
    },
    {
      name: 'an error of its own wording',
      answers: [message('E', 'SFATAL\0C28P01\0Mthe secret is 42\0\0')],
      want: /^AuthenticationFailed: password authentication failed for user probe$/,
    },
    {
      name: 'an error code that is none',
      answers: [message('E', 'SERROR\0Cthe secret\0Mthe secret\0\0')],
      want: /^QueryFailed: query on PORT failed: error without a code$/,
    },
    {
      name: 'silence after the login',
      answers: [Buffer.concat([AUTHENTICATION_OK, READY])],
      want: /^Timeout: the query on PORT/,
    },
    { name: 'silence from the start', answers: [], want: /^Timeout: no login on PORT within 400 ms/ },
  ];
  test.each(cases)('$name', async ({ answers, want }) => {
    expect(await probeAgainst(script(...answers))).toMatch(want);
  });

  test.each([
    { name: 'during the login', before: [] },
    { name: 'during the query', before: [Buffer.concat([AUTHENTICATION_OK, READY])] },
  ])('a flood of notices $name', async ({ before }) => {
    const notice = message('N', `SNOTICE\0M${'x'.repeat(1000)}\0\0`);
    const serveOne = (socket: Socket): void => {
      const first = [...before];
      const flood = (): void => {
        while (!socket.destroyed && socket.write(notice)) {}
      };
      socket.on('data', () => {
        const answer = first.shift();
        if (answer === undefined) {
          socket.on('drain', flood);
          flood();
        } else {
          socket.write(answer);
        }
      });
    };
    expect(await probeAgainst(serveOne)).toMatch(
      /^ProtocolError: PORT answered the (login|query) with more than 64 KiB$/,
    );
  });

  test('a flood while the session is idle ends it', async () => {
    const serveOne = (socket: Socket): void => {
      const row = Buffer.concat([
        message('C', 'SET\0'),
        message('T', '\0\x01', 'one\0', 0, '\0\0', 23, '\0\x04', -1, '\0\0'),
        message('D', '\0\x01', 1, '1'),
        message('C', 'SELECT 1\0'),
        READY,
      ]);
      const answers = [Buffer.concat([AUTHENTICATION_OK, READY]), row];
      socket.on('data', () => {
        const answer = answers.shift() ?? Buffer.alloc(0);
        socket.write(answer, () => {
          if (answers.length === 0) {
            setImmediate(() => socket.write(message('N', `M${'x'.repeat(100_000)}\0\0`)));
          }
        });
      });
    };
    expect(await probeAgainst(serveOne)).toBe('success');
    await eventually(() => server.sockets.every((socket) => socket.destroyed), 'the session is gone');
  });

  test('bytes behind the consent to TLS are not taken for its own', async () => {
    const serveOne = script(Buffer.concat([Buffer.from('S'), AUTHENTICATION_OK]));
    expect(await probeAgainst(serveOne, { credentials: { tlsMode: 'SkipVerification' } })).toBe(
      'ProtocolError: PORT does not speak the PostgreSQL protocol',
    );
  });

  test.each([
    { name: 'a close', end: (socket: Socket) => void socket.end(), want: /^ConnectionClosed/ },
    { name: 'a reset', end: (socket: Socket) => void socket.resetAndDestroy(), want: /^ConnectionClosed/ },
  ])('$name at each step', async ({ end, want }) => {
    const steps: readonly ((socket: Socket) => void)[] = [
      end,
      (socket) => socket.once('data', () => end(socket)),
      (socket) => {
        socket.once('data', () => {
          socket.write(Buffer.concat([AUTHENTICATION_OK, READY]));
          socket.once('data', () => end(socket));
        });
      },
    ];
    for (const step of steps) {
      expect(await probeAgainst(step)).toMatch(want);
      await prober.stop();
      await server.stop();
    }
  });

  test('a drip of bytes ends by the deadline', async () => {
    const outcome = await probeAgainst((socket) => {
      const timer = setInterval(() => socket.write('R'), 20);
      socket.once('close', () => clearInterval(timer));
    });
    expect(outcome).toMatch(/^(Timeout|ProtocolError)/);
  });
});

test('a session that is closed in the moment of its use is not held against the server', async () => {
  const row = Buffer.concat([
    message('C', 'SET\0'),
    message('T', '\0\x01', 'one\0', 0, '\0\0', 23, '\0\x04', -1, '\0\0'),
    message('D', '\0\x01', 1, '1'),
    message('C', 'SELECT 1\0'),
    READY,
  ]);
  // The first connection answers one query and closes at the next; each later one answers for ever.
  let connections = 0;
  const serveOne = (socket: Socket): void => {
    connections += 1;
    const isFirst = connections === 1;
    let queries = 0;
    socket.once('data', () => {
      socket.write(Buffer.concat([AUTHENTICATION_OK, READY]));
      socket.on('data', () => {
        queries += 1;
        if (isFirst && queries === 2) {
          socket.destroy();
        } else {
          socket.write(row);
        }
      });
    });
  };
  expect(await probeAgainst(serveOne)).toBe('success');
  expect(await runOnce(prober.run, aProbe(400), server.target, aRun(400))).toEqual({ kind: 'success' });
  expect(connections).toBe(2);
});
