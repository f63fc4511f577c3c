import { afterEach, describe, expect, test } from 'vitest';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import { type Hop, isRedirect, nextHop } from '#lib/probe/probers/http-redirect.ts';
import { anHttpProbe } from '../../../../support/builders.ts';
import {
  aRun,
  closedPort,
  type LoopbackServer,
  serve,
  targetOf,
} from '../../../../support/loopback-server.ts';
import { aHttpProber } from './http-prober-fixture.ts';

describe('where a redirect leads', () => {
  const cases: readonly {
    readonly name: string;
    readonly location: string;
    readonly probe?: Partial<HttpProbe>;
    readonly address?: string;
    /** Scheme, port, path and query; absent: away from the pod. */
    readonly want?: string;
  }[] = [
    { name: 'a path', location: '/b?c=d#e', want: 'HTTP 8080 /b?c=d' },
    { name: 'a path beside that of the request', location: 'b/../c', want: 'HTTP 8080 /a/c' },
    { name: 'a query alone', location: '?x', want: 'HTTP 8080 /a/b?x' },
    { name: 'the address itself', location: 'http://10.0.0.1:8080/b', want: 'HTTP 8080 /b' },
    { name: 'another declared port', location: 'https://10.0.0.1:8443/', want: 'HTTPS 8443 /' },
    { name: 'a default port that is declared', location: 'https://10.0.0.1/', want: 'HTTPS 443 /' },
    { name: 'a default port that is not declared', location: 'http://10.0.0.1/' },
    { name: 'a port that is not declared', location: 'http://10.0.0.1:10250/' },
    { name: 'another address', location: 'http://10.0.0.2:8080/' },
    { name: 'another address without a scheme', location: '//10.0.0.2:8080/' },
    { name: 'a name that the probe does not ask for', location: 'http://example.com:8080/' },
    {
      name: 'the name in host',
      location: 'http://Example.COM:8080/b',
      probe: { host: 'example.com' },
      want: 'HTTP 8080 /b',
    },
    {
      name: 'the name in a Host header',
      location: 'https://a.b/',
      probe: { headers: [{ name: 'Host', value: 'a.b:8080' }] },
      want: 'HTTPS 443 /',
    },
    {
      name: 'the address though there is a host',
      location: 'http://10.0.0.1:8080/',
      probe: { host: 'x' },
      want: 'HTTP 8080 /',
    },
    { name: 'the name of another before an at sign', location: 'http://10.0.0.1:8080@evil/', probe: {} },
    { name: 'the address after an at sign', location: 'http://evil@10.0.0.1:8080/', want: 'HTTP 8080 /' },
    {
      name: 'an IPv6 address written in another way',
      location: 'http://[FD00:0::1]:8080/',
      address: 'fd00::1',
      want: 'HTTP 8080 /',
    },
    { name: 'another IPv6 address', location: 'http://[fd00::2]:8080/', address: 'fd00::1' },
    { name: 'an address mapped into IPv6', location: 'http://[::ffff:10.0.0.1]:8080/' },
    { name: 'another protocol', location: 'ftp://10.0.0.1:8080/' },
    { name: 'nonsense', location: 'http://[::1' },
    { name: 'UTF-8', location: Buffer.from('/ä').toString('latin1'), want: 'HTTP 8080 /%C3%A4' },
    { name: 'a line break in the path', location: '/b%0d%0aX:%20y\tz', want: 'HTTP 8080 /b%0d%0aX:%20yz' },
  ];
  test.each(cases)('$name', ({ location, probe, address = '10.0.0.1', want }) => {
    const target = { ...targetOf(8080, address), declaredPorts: [8443, 443] };
    const from: Hop = { scheme: 'HTTP', port: 8080, path: '/a/b' };
    const hop = nextHop(anHttpProbe(probe), target, from, location);
    expect(hop && `${hop.scheme} ${hop.port} ${hop.path}`).toBe(want);
  });

  test('only from statuses that ask for another request', () => {
    const statuses = Array.from({ length: 100 }, (_, index) => 300 + index);
    expect(statuses.filter(isRedirect)).toEqual([301, 302, 303, 307, 308]);
  });
});

describe('a probe that is redirected', () => {
  const servers: LoopbackServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

  /** Answers the n-th request line with the n-th answer, or with the last one. */
  async function scripted(answers: readonly string[], address = '127.0.0.1'): Promise<LoopbackServer> {
    const server = await serve((socket, index) => {
      socket.once('data', () => socket.write(answers[Math.min(index, answers.length - 1)] ?? ''));
    }, address);
    servers.push(server);
    return server;
  }

  function lines(server: LoopbackServer): readonly string[] {
    return server
      .received()
      .toString()
      .split('\r\n')
      .filter((line) => line.startsWith('GET ') || line.startsWith('Host'));
  }

  const redirect = (location: string, status = 302): string =>
    `HTTP/1.1 ${status} x\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
  const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const GONE = 'HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n';
  const { run } = aHttpProber();
  const PROBE = anHttpProbe({ path: '/healthz?token=secret', timeoutMs: 1000 });

  test('is judged by the last response, each request on a connection of its own', async () => {
    const server = await scripted([redirect('/a'), redirect('b', 308), OK]);
    const outcome = await run(anHttpProbe({ expectBody: 'ok' }), server.target, aRun(1000));
    expect(outcome).toEqual({ kind: 'success' });
    expect(lines(server).filter((line) => line.startsWith('GET'))).toEqual([
      'GET / HTTP/1.1',
      'GET /a HTTP/1.1',
      'GET /b HTTP/1.1',
    ]);
    expect(server.sockets).toHaveLength(3);
  });

  test('keeps the Host that the user named', async () => {
    const server = await scripted([redirect('/a'), OK]);
    await run(anHttpProbe({ host: 'example.com' }), server.target, aRun(1000));
    expect(lines(server).filter((line) => line.startsWith('Host'))).toEqual([
      'Host: example.com',
      'Host: example.com',
    ]);
  });

  test.each([
    {
      answers: [redirect('/secret'), GONE],
      message: 'HTTP GET /healthz on PORT returned 500 after a redirect',
    },
    {
      answers: [redirect('/secret'), redirect('/secret2'), GONE],
      message: 'HTTP GET /healthz on PORT returned 500 after 2 redirects',
    },
  ])('fails with words of its own: $message', async ({ answers, message }) => {
    const server = await scripted(answers);
    const outcome = await run(PROBE, server.target, aRun(1000));
    expect(outcome).toEqual({
      kind: 'failure',
      reason: 'UnexpectedStatus',
      message: message.replace('PORT', String(server.port)),
    });
  });

  test('follows ten redirects and not an eleventh', async () => {
    const ten = Array.from({ length: 10 }, (_, index) => redirect(`/${index}`));
    const good = await scripted([...ten, OK]);
    expect(await run(PROBE, good.target, aRun(2000))).toEqual({ kind: 'success' });
    const loop = await scripted([redirect('/healthz')]);
    expect(await run(PROBE, loop.target, aRun(2000))).toEqual({
      kind: 'failure',
      reason: 'TooManyRedirects',
      message: `HTTP GET /healthz on ${loop.port} was redirected more than 10 times`,
    });
    expect(loop.sockets).toHaveLength(11);
  });

  test('has one deadline for all of them', async () => {
    const server = await scripted([redirect('/a'), '']);
    expect(await run(anHttpProbe({ timeoutMs: 200 }), server.target, aRun(200))).toMatchObject({
      reason: 'Timeout',
      message: `HTTP GET / on ${server.port} was not answered within 200 ms`,
    });
  });

  const statuses: readonly {
    readonly name: string;
    readonly codes?: HttpProbe['codes'];
    readonly want: string;
  }[] = [
    { name: 'without codes a redirect away from the pod is a success', want: 'success' },
    {
      name: 'a redirect away from the pod fails where its status is not listed',
      codes: [{ from: 200, to: 200 }],
      want: 'failure',
    },
    { name: 'and is a success where it is', codes: [{ from: 302, to: 302 }], want: 'success' },
  ];
  test.each(statuses)('$name', async ({ codes, want }) => {
    const server = await scripted([redirect('http://192.0.2.1/')]);
    const outcome = await run(anHttpProbe({ ...(codes && { codes }) }), server.target, aRun(1000));
    expect(outcome.kind).toBe(want);
    expect(server.sockets).toHaveLength(1);
  });

  test('is not followed where codes name its status, and is where they name others', async () => {
    const server = await scripted([redirect('/a', 301), redirect('/a', 302), GONE]);
    const codes = [{ from: 200, to: 301 }];
    expect((await run(anHttpProbe({ codes }), server.target, aRun(1000))).kind).toBe('success');
    expect((await run(anHttpProbe({ codes }), server.target, aRun(1000))).kind).toBe('failure');
    expect(server.sockets).toHaveLength(3);
  });

  test('goes to another port of the pod that is declared, to no other and to no other address', async () => {
    const [other, elsewhere] = [await scripted([OK]), await scripted([OK], '127.0.0.2')];
    const away = [
      `http://127.0.0.2:${elsewhere.port}/`,
      `//127.0.0.2:${elsewhere.port}/`,
      `http://127.0.0.1@127.0.0.2:${elsewhere.port}/`,
      `http://localhost:${other.port}/`,
      `http://2130706434:${elsewhere.port}/`,
    ];
    for (const location of away) {
      const server = await scripted([redirect(location)]);
      const target = { ...server.target, declaredPorts: [other.port, elsewhere.port] };
      expect(await run(PROBE, target, aRun(1000))).toEqual({ kind: 'success' });
    }
    expect([other.sockets.length, elsewhere.sockets.length]).toEqual([0, 0]);

    const server = await scripted([redirect(`http://127.0.0.1:${other.port}/b`)]);
    expect(await run(PROBE, server.target, aRun(1000))).toEqual({ kind: 'success' });
    expect(other.sockets).toHaveLength(0);
    await run(PROBE, { ...server.target, declaredPorts: [other.port] }, aRun(1000));
    expect(lines(other)).toEqual(['GET /b HTTP/1.1', `Host: 127.0.0.1:${other.port}`]);
    expect(elsewhere.sockets).toHaveLength(0);
  });

  test('to a port where nobody listens fails like any other', async () => {
    const port = await closedPort();
    const server = await scripted([redirect(`http://127.0.0.1:${port}/`)]);
    const outcome = await run(PROBE, { ...server.target, declaredPorts: [port] }, aRun(1000));
    expect(outcome).toMatchObject({ reason: 'ConnectionRefused', message: `connection refused on ${port}` });
  });
});
