import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
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
  timed,
} from '../../../../support/loopback-server.ts';
import { makeTestCertificates, type TestCertificates } from '../../../../support/test-certificates.ts';
import { aHttpProber } from './http-prober-fixture.ts';

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A server of HTTP/2 on loopback, what it was asked, and over how many sessions. */
interface Http2Peer {
  readonly target: Target;
  readonly requests: IncomingHttpHeaders[];
  readonly sessions: ServerHttp2Session[];
  stop(): Promise<void>;
}

async function start(
  server: Http2Server | Http2SecureServer,
  answer: Answer,
  address?: string,
): Promise<Http2Peer> {
  const requests: IncomingHttpHeaders[] = [];
  const sessions: ServerHttp2Session[] = [];
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    requests.push(headers);
    stream.on('error', () => {});
    answer(stream, headers);
  });
  await listen(server, address);
  return {
    target: targetOf(addressOf(server).port, address),
    requests,
    sessions,
    async stop() {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      await close(server);
    },
  };
}

const ends: Target[] = [];
const prober = aHttpProber({ onSessionEnd: (target) => ends.push(target) });
let certificates: TestCertificates;
let peer: Http2Peer | undefined;
let raw: LoopbackServer | undefined;
let stopTls: (() => Promise<void>) | undefined;
beforeAll(() => {
  certificates = makeTestCertificates();
});
afterEach(async () => {
  prober.stop();
  ends.length = 0;
  await peer?.stop();
  await raw?.stop();
  await stopTls?.();
  stopTls = undefined;
  peer = undefined;
  raw = undefined;
});
afterAll(() => certificates.remove());

async function plain(answer: Answer, address?: string): Promise<Http2Peer> {
  peer = await start(createServer(), answer, address);
  return peer;
}

async function secure(answer: Answer, options: { readonly allowHTTP1?: boolean } = {}): Promise<Http2Peer> {
  const server = createSecureServer({ ...certificates.issue('IP:127.0.0.1'), ...options });
  server.on('request', (request, response) => {
    if (request.httpVersionMajor === 1) response.end('one');
  });
  peer = await start(server, answer);
  return peer;
}

function aProbe(fields: Partial<HttpProbe> = {}): HttpProbe {
  return anHttpProbe({ version: 'HTTP2', timeoutMs: 1000, ...fields });
}

function run(probe: HttpProbe, target: Target): Promise<ProbeOutcome> {
  return prober.run(probe, target, aRun(probe.timeoutMs));
}

const ok: Answer = (stream) => {
  stream.respond({ ':status': 200 });
  stream.end('alive');
};
const OK = { kind: 'success' };

describe('HTTP/2 without TLS', () => {
  test('asks as HTTP/1.1 does', async () => {
    const { target, requests } = await plain(ok);
    const headers = [
      { name: 'X-Probe', value: 'a' },
      { name: 'X-Probe', value: 'b' },
      { name: 'Accept', value: '' },
      { name: 'Connection', value: 'close' },
    ];
    expect(await run(aProbe({ host: 'example.com', path: '/a/../b?c=d', headers }), target)).toEqual(OK);
    expect(Object.fromEntries(Object.entries(requests[0] ?? {}))).toEqual({
      ':method': 'GET',
      ':scheme': 'http',
      ':authority': 'example.com',
      ':path': '/a/../b?c=d',
      'user-agent': 'swh/1',
      'x-probe': 'a, b',
    });
  });

  const cases: readonly {
    readonly name: string;
    readonly answer: Answer;
    readonly probe?: Partial<HttpProbe>;
    readonly want: unknown;
  }[] = [
    {
      name: 'a status that is not accepted',
      answer: (stream) => stream.respond({ ':status': 503 }, { endStream: true }),
      want: { reason: 'UnexpectedStatus', message: 'HTTP GET / on PORT returned 503' },
    },
    {
      name: 'an answer without a body',
      probe: { method: 'HEAD' },
      answer: (stream) => stream.respond({ ':status': 204 }, { endStream: true }),
      want: OK,
    },
    {
      name: 'early hints before the answer',
      answer: (stream) => {
        stream.additionalHeaders({ ':status': 103 });
        ok(stream, {});
      },
      want: OK,
    },
    { name: 'the expected text', probe: { expectBody: 'live' }, answer: ok, want: OK },
    {
      name: 'another text',
      probe: { expectBody: 'dead' },
      answer: ok,
      want: {
        reason: 'UnexpectedAnswer',
        message: 'HTTP GET / on PORT returned a body without the expected text',
      },
    },
    {
      name: 'the text behind what is read',
      probe: { expectBody: 'alive' },
      answer: (stream) => {
        stream.respond({ ':status': 200 });
        stream.end(`${'x'.repeat(65_536)}alive`);
      },
      want: { reason: 'UnexpectedAnswer' },
    },
    {
      name: 'a body that never ends',
      probe: { timeoutMs: 300 },
      answer: (stream) => {
        stream.respond({ ':status': 200 });
        stream.write('x');
      },
      want: OK,
    },
    {
      name: 'the text that never comes',
      probe: { timeoutMs: 300, expectBody: 'alive' },
      answer: (stream) => {
        stream.respond({ ':status': 200 });
        stream.write('x');
      },
      want: { reason: 'Timeout', message: 'HTTP GET / on PORT was not answered within 300 ms' },
    },
    { name: 'silence', probe: { timeoutMs: 300 }, answer: () => {}, want: { reason: 'Timeout' } },
    {
      name: 'a reset of the request',
      answer: (stream) => stream.close(2),
      want: { reason: 'ProtocolError', message: 'PORT reset the request' },
    },
    {
      name: 'a connection that breaks',
      answer: (stream) => stream.session?.destroy(),
      want: { reason: 'ConnectionClosed' },
    },
    {
      name: 'a goodbye and the answer after it',
      answer: (stream) => {
        stream.session?.goaway(0);
        setImmediate(() => ok(stream, {}));
      },
      want: OK,
    },
  ];
  test.each(cases)('$name', async ({ answer, probe, want }) => {
    const { target } = await plain(answer);
    const { value, ms } = await timed(run(aProbe(probe), target));
    expect(JSON.parse(JSON.stringify(value).replaceAll(String(target.port), 'PORT'))).toMatchObject(
      want as object,
    );
    expect(ms).toBeLessThan(2000);
  });

  test('follows redirects', async () => {
    const { target, requests } = await plain((stream, headers) => {
      if (headers[':path'] === '/b') ok(stream, headers);
      else stream.respond({ ':status': 307, location: 'b' }, { endStream: true });
    });
    expect(await run(aProbe(), target)).toEqual(OK);
    expect(requests.map((headers) => headers[':path'])).toEqual(['/', '/b']);
  });

  test('over IPv6', async () => {
    const { target, requests } = await plain(ok, '::1');
    expect(await run(aProbe(), target)).toEqual(OK);
    expect(requests[0]?.[':authority']).toBe(`[::1]:${target.port}`);
  });

  test.each([
    { name: 'HTTP/1.1', hello: 'HTTP/1.1 400 Bad Request\r\n\r\n' },
    { name: 'noise', hello: '\0'.repeat(1000) },
  ])('a server that speaks $name', async ({ hello }) => {
    raw = await serve((socket) => socket.write(hello));
    expect(await run(aProbe(), raw.target)).toMatchObject({
      reason: 'ProtocolError',
      message: `${raw.port} answered with something other than HTTP/2`,
    });
  });

  test('headers without end neither pass nor stay in memory', async () => {
    const { target } = await plain((stream) => {
      const headers = Object.fromEntries(
        Array.from({ length: 400 }, (_, index) => [`x-${index}`, 'y'.repeat(200)]),
      );
      stream.respond({ ':status': 200, ...headers }, { endStream: true });
    });
    expect(await run(aProbe({ timeoutMs: 500 }), target)).toMatchObject({ kind: 'failure' });
  });
});

describe('HTTP/2 over TLS', () => {
  const https = { scheme: 'HTTPS', verifyTls: false } as const;

  test.each([
    { version: 'HTTP2', want: ['h2'] },
    { version: 'Negotiated', want: ['h2'] },
    { version: 'HTTP1', want: [] },
  ] as const)('$version with a server of both', async ({ version, want }) => {
    const { target, sessions } = await secure(ok, { allowHTTP1: true });
    expect(await run(aProbe({ ...https, version }), target)).toEqual(OK);
    expect(sessions.map(({ alpnProtocol }) => alpnProtocol)).toEqual(want);
  });

  async function http1Only(protocols?: string[]): Promise<Target> {
    const server = createTlsServer(
      { ...certificates.issue('IP:127.0.0.1'), ...(protocols && { ALPNProtocols: protocols }) },
      (socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
      },
    );
    server.on('tlsClientError', () => {});
    await listen(server);
    stopTls = () => close(server);
    return targetOf(addressOf(server).port);
  }

  test.each([
    { name: 'a server that negotiates HTTP/1.1', protocols: ['http/1.1'], version: 'Negotiated', want: OK },
    { name: 'a server that negotiates nothing', protocols: undefined, version: 'Negotiated', want: OK },
    {
      name: 'a server without HTTP/2, asked for it',
      protocols: undefined,
      version: 'HTTP2',
      want: { reason: 'ProtocolError', message: 'PORT does not offer HTTP/2' },
    },
    {
      name: 'a server that refuses it',
      protocols: ['http/1.1'],
      version: 'HTTP2',
      want: { reason: 'TlsFailed' },
    },
  ] as const)('$name', async ({ protocols, version, want }) => {
    const target = await http1Only(protocols && [...protocols]);
    const outcome = await run(aProbe({ ...https, version }), target);
    expect(JSON.parse(JSON.stringify(outcome).replaceAll(String(target.port), 'PORT'))).toMatchObject(want);
  });

  test('verifies the server', async () => {
    const { target } = await secure(ok);
    const caCert = certificates.ca.cert;
    expect(await run(aProbe({ scheme: 'HTTPS', caCert }), target)).toEqual(OK);
    expect(await run(aProbe({ scheme: 'HTTPS', caCert, host: 'example.com' }), target)).toMatchObject({
      reason: 'TlsFailed',
      message: `TLS to ${target.port} failed: the certificate is not valid for example.com`,
    });
  });
});

describe('HTTP/2 on kept connections', () => {
  const kept = { connection: 'Kept' } as const;

  test('serves many runs over one session, and only complete answers leave it in use', async () => {
    const { target, sessions } = await plain(ok);
    for (let round = 0; round < 20; round++) expect(await run(aProbe(kept), target)).toEqual(OK);
    expect(sessions).toHaveLength(1);
  });

  test('bodies beyond the bound get a session of their own', async () => {
    const { target, sessions } = await plain((stream) => {
      stream.respond({ ':status': 200 });
      stream.end('x'.repeat(200_000));
    });
    for (let round = 0; round < 5; round++) expect(await run(aProbe(kept), target)).toEqual(OK);
    expect(sessions).toHaveLength(5);
  });

  test.each([
    { name: 'a goodbye', end: (session: ServerHttp2Session) => session.goaway(0) },
    { name: 'a close', end: (session: ServerHttp2Session) => session.destroy() },
  ])('$name of an idle session is told, and the next run has a fresh one', async ({ end }) => {
    const { target, sessions } = await plain(ok);
    await run(aProbe(kept), target);
    sessions.forEach(end);
    await eventually(() => ends.length === 1, 'told');
    expect(await run(aProbe(kept), target)).toEqual(OK);
    expect(sessions).toHaveLength(2);
  });

  test('a session that ends with the request is tried once more on a fresh one', async () => {
    let isFirst = true;
    const { target, sessions, requests } = await plain((stream, headers) => {
      if (requests.length === 2 && isFirst) {
        isFirst = false;
        stream.session?.destroy();
      } else ok(stream, headers);
    });
    await run(aProbe(kept), target);
    expect(await run(aProbe(kept), target)).toEqual(OK);
    expect(sessions).toHaveLength(2);
  });
});
