import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server as NetServer, Socket } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { createHttpProber } from '#lib/probe/probers/http-prober.ts';
import { TlsContexts } from '#lib/probe/tls-contexts.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { runOnce } from '../../../../../dev/workload/one-run.ts';
import { anHttpProbe } from '../../../../support/builders.ts';
import {
  addressOf,
  aRun,
  close,
  eventually,
  type LoopbackServer,
  listen,
  serve,
  targetOf,
  timeWaits,
} from '../../../../support/loopback-server.ts';
import { makeTestCertificates } from '../../../../support/test-certificates.ts';
import { aHttpProber, type RunningHttpProber } from './http-prober-fixture.ts';

const OK = { kind: 'success' };
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalive';

let ends: Target[];
let prober: RunningHttpProber;
let server: LoopbackServer | undefined;
beforeEach(() => {
  ends = [];
  prober = aHttpProber({ onSessionEnd: (target) => ends.push(target) });
});
afterEach(async () => {
  prober.stop();
  await server?.stop();
  server = undefined;
});

function run(target: Target, fields: Partial<HttpProbe> = {}): Promise<ProbeOutcome> {
  const probe = anHttpProbe({ connection: 'Kept', timeoutMs: 1000, ...fields });
  return prober.run(probe, target, aRun(probe.timeoutMs));
}

/** Answers every request of every connection with `answer`, or as a function says. */
async function answering(
  answer: string | ((socket: Socket, request: number) => void),
): Promise<LoopbackServer> {
  let requests = 0;
  server = await serve((socket) =>
    socket.on('data', () => {
      requests += 1;
      if (typeof answer === 'string') socket.write(answer);
      else answer(socket, requests);
    }),
  );
  return server;
}

function requestsOf(asked: LoopbackServer | undefined): number {
  return asked?.received().toString().split('GET /').slice(1).length ?? 0;
}

describe('a kept connection', () => {
  test('serves run after run, and other paths of the same pod', async () => {
    const { target, sockets } = await answering(ANSWER);
    for (const path of ['/a', '/a', '/b']) {
      expect(await run(target, { path, expectBody: 'alive' })).toEqual(OK);
    }
    expect(sockets).toHaveLength(1);
    expect(server?.received().toString()).not.toMatch(/connection/i);
  });

  test('is not shared by runs at the same time', async () => {
    const { target, sockets } = await answering(ANSWER);
    const outcomes = await Promise.all([run(target), run(target)]);
    expect(outcomes).toEqual([OK, OK]);
    expect(sockets).toHaveLength(2);
    await eventually(
      () => sockets.filter((socket) => socket.destroyed).length === 1,
      'the surplus one is gone',
    );
  });

  test('is not shared by pods, ports and ways of verifying', async () => {
    const { target, sockets } = await answering(ANSWER);
    await run(target);
    await run({ ...target, podUid: 'another' });
    expect(sockets).toHaveLength(2);
  });

  test('leads to its own port, also where a redirect leads to another one of the pod', async () => {
    const other = await serve((socket) => socket.on('data', () => socket.write(ANSWER)));
    const location = `http://127.0.0.1:${other.port}/there`;
    const { target, sockets } = await answering(
      `HTTP/1.1 302 x\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
    );
    const redirected = { ...target, declaredPorts: [other.port] };
    try {
      for (let runs = 1; runs <= 2; runs += 1) {
        expect(await run(redirected, { path: '/here' })).toEqual(OK);
        expect([requestsOf(server), requestsOf(other)]).toEqual([runs, runs]);
      }
      expect([sockets.length, other.sockets.length]).toEqual([1, 1]);
    } finally {
      await other.stop();
    }
  });

  const once: readonly { readonly name: string; readonly answer: string }[] = [
    {
      name: 'the server says close',
      answer: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    },
    { name: 'the server speaks HTTP/1.0', answer: 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n' },
    {
      name: 'the body is longer than what is read',
      answer: `HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n${'x'.repeat(70_000)}`,
    },
    { name: 'the body has no end but that of the connection', answer: 'HTTP/1.1 200 OK\r\n\r\nalive' },
  ];
  test.each(once)('serves one run where $name', async ({ answer }) => {
    const { target, sockets } = await answering(answer);
    expect([await run(target), await run(target)]).toEqual([OK, OK]);
    expect(sockets).toHaveLength(2);
    expect(ends).toEqual([]);
    expect(timeWaits(target.port)).toBe(0);
  });

  test('has the verdict of the headers when the body does not end in time', async () => {
    const { target, sockets } = await answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nali');
    expect(await run(target, { timeoutMs: 150 })).toEqual(OK);
    expect(await run(target, { timeoutMs: 150, codes: [{ from: 204, to: 204 }] })).toMatchObject({
      reason: 'UnexpectedStatus',
    });
    expect(sockets).toHaveLength(2);
  });

  test('goes with a failure of the protocol, and stays with one of the status', async () => {
    const { target, sockets } = await answering('HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n');
    expect([(await run(target)).kind, (await run(target)).kind]).toEqual(['failure', 'failure']);
    expect(sockets).toHaveLength(1);
  });

  test('follows redirects on the connection it has', async () => {
    const redirect = 'HTTP/1.1 302 x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n';
    const { target, sockets } = await answering((socket, request) =>
      socket.write(request % 2 === 1 ? redirect : ANSWER),
    );
    expect([await run(target), await run(target)]).toEqual([OK, OK]);
    expect(sockets).toHaveLength(1);
  });

  test('ends when the target is forgotten and when all are', async () => {
    const { target, sockets } = await answering(ANSWER);
    const [first, second] = [target, { ...target, podUid: 'another' }];
    await run(first);
    await run(second);
    prober.forget(first);
    await eventually(() => sockets[0]?.destroyed === true, 'the first is gone');
    expect(sockets[1]?.destroyed).toBe(false);
    prober.stop();
    await eventually(() => sockets[1]?.destroyed === true, 'the second is gone');
    expect(ends).toEqual([]);
    expect(timeWaits(target.port)).toBe(0);
  });
});

describe('a server that closes a kept connection', () => {
  const closings: readonly { readonly name: string; readonly end: (socket: Socket) => void }[] = [
    { name: 'closes it without a word', end: (socket) => socket.end() },
    { name: 'resets it', end: (socket) => socket.resetAndDestroy() },
    {
      name: 'says that the request timed out',
      end: (socket) => socket.end('HTTP/1.1 408 x\r\nConnection: close\r\n\r\n'),
    },
    {
      name: 'breaks off within the headers',
      end: (socket) => socket.write('HTTP/1.1 2', () => socket.resetAndDestroy()),
    },
  ];
  test.each(closings)(
    '$name just as it is asked: the request is repeated on a fresh one',
    async ({ end }) => {
      const { target, sockets } = await answering((socket, request) =>
        request === 2 ? end(socket) : socket.write(ANSWER),
      );
      expect([await run(target), await run(target)]).toEqual([OK, OK]);
      expect(sockets).toHaveLength(2);
    },
  );

  test.each(closings)('$name on every connection, which is no idleness any more', async ({ end }) => {
    const { target, sockets } = await answering((socket, request) =>
      request > 1 ? end(socket) : socket.write(ANSWER),
    );
    await run(target);
    expect((await run(target)).kind).toBe('failure');
    expect(sockets).toHaveLength(2);
  });

  test('is probed at once, and less and less often for what it does to idle ones', async () => {
    const { target, sockets } = await answering(ANSWER);
    await run(target);
    sockets[0]?.end();
    await eventually(() => ends.length === 1, 'told');
    await run(target);
    sockets[1]?.end();
    await eventually(() => sockets[1]?.destroyed === true, 'the second is gone');
    expect(await run(target)).toEqual(OK);
    expect(ends).toEqual([target]);
    expect(sockets).toHaveLength(3);
  });

  test('speaks without being asked: the connection is given up', async () => {
    const { target, sockets } = await answering(ANSWER);
    await run(target);
    sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    await eventually(() => ends.length === 1, 'told');
    expect(await run(target, { expectBody: 'alive' })).toEqual(OK);
    expect(sockets).toHaveLength(2);
  });

  test('is gone: the end is told at once, and the next run fails', async () => {
    const { target, sockets } = await answering(ANSWER);
    await run(target);
    await server?.stop();
    await eventually(() => ends.length === 1 && sockets.length === 1, 'told');
    expect(await run(target)).toMatchObject({ reason: 'ConnectionRefused' });
  });
});

test('a connection is replaced after five minutes', async () => {
  const shift = { ms: 0 };
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + shift.ms };
  const aged = createHttpProber({
    clock,
    tlsContexts: new TlsContexts(),
    clientCertificates: () => ({ missing: '' }),
    onSessionEnd: (target) => ends.push(target),
    userAgent: 'swh/1',
  });
  const { target, sockets } = await answering(ANSWER);
  const probe = anHttpProbe({ connection: 'Kept' });
  const again = () => runOnce(aged.run, probe, target, aRun(1000));
  await again();
  shift.ms = 299_000;
  await again();
  expect(sockets).toHaveLength(1);
  shift.ms = 301_000;
  await again();
  await again();
  expect(sockets).toHaveLength(2);
  expect(ends).toEqual([]);
  aged.stop();
});

describe('real servers', () => {
  const certificates = makeTestCertificates();
  afterAll(() => certificates.remove());
  const servers: readonly {
    readonly name: string;
    readonly make: () => Server;
    readonly fields: Partial<HttpProbe>;
  }[] = [
    { name: 'HTTP', make: () => createServer((_, response) => response.end('alive')), fields: {} },
    {
      name: 'HTTPS',
      make: () => createTlsServer(certificates.issue('IP:127.0.0.1'), (_, response) => response.end('alive')),
      fields: { scheme: 'HTTPS', caCert: certificates.ca.cert },
    },
  ];
  test.each(servers)('$name over one connection', async ({ make, fields }) => {
    const real = make();
    const sockets: Socket[] = [];
    (real as NetServer).on('connection', (socket) => sockets.push(socket));
    await listen(real);
    const target = targetOf(addressOf(real).port);
    for (let round = 0; round < 10; round++) {
      expect(await run(target, { expectBody: 'alive', ...fields })).toEqual(OK);
    }
    expect(sockets).toHaveLength(1);
    prober.stop();
    await close(real);
  });
});
