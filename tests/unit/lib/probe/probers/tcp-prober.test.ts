import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { TcpProbe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { createTcpProber } from '#lib/probe/probers/tcp-prober.ts';
import { type OneRun, runOnce } from '../../../../../dev/workload/one-run.ts';
import {
  aFullListener,
  aRun,
  closedPort,
  eventually,
  type LoopbackServer,
  serve,
  socketStates,
  targetOf,
  timed,
  timeWaits,
} from '../../../../support/loopback-server.ts';
import { proberDeps } from './prober-deps.ts';

const prober = createTcpProber(proberDeps());

function run(probe: TcpProbe, target: Target, one: OneRun): Promise<ProbeOutcome> {
  return runOnce(prober, probe, target, one);
}

function aProbe(fields: Partial<TcpProbe> = {}): TcpProbe {
  return { kind: 'tcp', port: 1, timeoutMs: 300, successThreshold: 1, failureThreshold: 1, ...fields };
}

let server: LoopbackServer | undefined;
afterEach(() => server?.stop());

describe('a connection alone', () => {
  test('is success, sends nothing and leaves no TIME_WAIT', async () => {
    server = await serve(() => {});
    for (let index = 0; index < 20; index += 1) {
      expect(await run(aProbe(), server.target, aRun(300))).toEqual({ kind: 'success' });
    }
    const { sockets, port } = server;
    await eventually(() => sockets.length === 20 && sockets.every((socket) => socket.destroyed), 'all reset');
    expect(server.received()).toHaveLength(0);
    expect(timeWaits(port)).toBe(0);
  });

  test('works over IPv6', async () => {
    server = await serve(() => {}, '::1');
    expect(await run(aProbe(), server.target, aRun(300))).toEqual({ kind: 'success' });
  });

  test('refused is a failure', async () => {
    const port = await closedPort();
    expect(await run(aProbe(), targetOf(port), aRun(300))).toEqual({
      kind: 'failure',
      reason: 'ConnectionRefused',
      message: `connection refused on ${port}`,
    });
  });

  test('that nobody answers ends at the deadline', async () => {
    // Loopback has no route to discard, but a full accept queue drops every further SYN in silence.
    const { target, stop } = await aFullListener();
    const before = socketStates(target.port).length;
    const { value, ms } = await timed(run(aProbe(), target, aRun(300)));
    const after = socketStates(target.port).length;
    await stop();
    expect(after).toBe(before);
    expect(value).toEqual({
      kind: 'failure',
      reason: 'Timeout',
      message: `no answer from ${target.port} within 300 ms`,
    });
    expect(ms).toBeGreaterThan(280);
    expect(ms).toBeLessThan(600);
  });
});

describe('send and expect', () => {
  const answers: readonly {
    readonly name: string;
    readonly probe: Partial<TcpProbe>;
    readonly serveOne: (socket: Socket) => void;
    readonly want: unknown;
  }[] = [
    {
      name: 'a greeting is found',
      probe: { expect: '220 ' },
      serveOne: (socket) => socket.write('220 mail ready\r\n'),
      want: { kind: 'success' },
    },
    {
      name: 'an answer to what is sent is found, though it comes in pieces',
      probe: { send: 'PING\r\n', expect: '+PONG' },
      serveOne: (socket) =>
        socket.once('data', () => socket.write('+PO', () => setImmediate(() => socket.write('NG')))),
      want: { kind: 'success' },
    },
    {
      name: 'the text is found among bytes that are no UTF-8',
      probe: { expect: 'ok' },
      serveOne: (socket) => socket.write(Buffer.from([0xff, 0xfe, 0x00, 0x6f, 0x6b])),
      want: { kind: 'success' },
    },
    {
      name: 'another answer is a failure once the peer closes',
      probe: { send: 'PING\r\n', expect: '+PONG' },
      serveOne: (socket) => socket.end('-LOADING secret\r\n'),
      want: {
        kind: 'failure',
        reason: 'UnexpectedAnswer',
        message: 'PORT answered without the expected text',
      },
    },
    {
      name: 'the text beyond 4 KiB is not found',
      probe: { expect: 'ok' },
      serveOne: (socket) => socket.write(`${'x'.repeat(4096)}ok`),
      want: {
        kind: 'failure',
        reason: 'UnexpectedAnswer',
        message: 'PORT answered without the expected text',
      },
    },
    {
      name: 'a peer that closes its side without a word',
      probe: { expect: 'ok' },
      serveOne: (socket) => socket.end(),
      want: {
        kind: 'failure',
        reason: 'ConnectionClosed',
        message: 'PORT closed the connection without an answer',
      },
    },
    {
      name: 'a reset',
      probe: { send: 'x', expect: 'ok' },
      serveOne: (socket) => socket.once('data', () => socket.resetAndDestroy()),
      want: { kind: 'failure', reason: 'ConnectionClosed', message: 'PORT reset the connection' },
    },
    {
      name: 'a peer that accepts and hangs',
      probe: { expect: 'ok' },
      serveOne: () => {},
      want: {
        kind: 'failure',
        reason: 'Timeout',
        message: 'PORT did not send the expected text within 300 ms',
      },
    },
    {
      name: 'a peer that drips bytes for ever',
      probe: { expect: 'ok' },
      serveOne: (socket) => drip(socket),
      want: {
        kind: 'failure',
        reason: 'Timeout',
        message: 'PORT did not send the expected text within 300 ms',
      },
    },
  ];

  test.each(answers)('$name', async ({ probe, serveOne, want }) => {
    server = await serve(serveOne);
    const { value, ms } = await timed(run(aProbe(probe), server.target, aRun(300)));
    expect(JSON.parse(JSON.stringify(value).replace(String(server.port), 'PORT'))).toEqual(want);
    expect(ms).toBeLessThan(600);
  });

  test('send alone is success when written', async () => {
    server = await serve(() => {});
    const { received } = server;
    expect(await run(aProbe({ send: 'QUIT\r\n' }), server.target, aRun(300))).toEqual({ kind: 'success' });
    await eventually(() => received().toString() === 'QUIT\r\n', 'the text has arrived');
  });
});

describe('cancelling', () => {
  test('ends a run under way', async () => {
    server = await serve(() => {});
    const one = aRun(5000);
    const outcome = run(aProbe({ expect: 'ok' }), server.target, one);
    const { sockets } = server;
    await eventually(() => sockets.length === 1, 'connected');
    one.cancel?.();
    expect(await outcome).toMatchObject({ kind: 'unknown', cause: 'Cancelled' });
    await eventually(() => sockets.every((socket) => socket.destroyed), 'the connection is gone');
  });
});

function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write('.'), 20);
  socket.once('close', () => clearInterval(timer));
}
