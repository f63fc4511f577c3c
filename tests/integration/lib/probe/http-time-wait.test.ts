import { createServer as createHttpServer, type RequestListener } from 'node:http';
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { createHttpProber } from '#lib/probe/probers/http-prober.ts';
import { TlsContexts } from '#lib/probe/tls-contexts.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { runOnce } from '../../../../dev/workload/one-run.ts';
import { anHttpProbe } from '../../../support/builders.ts';
import { addressOf, aRun, close, listen, targetOf, timeWaits } from '../../../support/loopback-server.ts';
import { makeTestCertificates } from '../../../support/test-certificates.ts';

const PROBES = 1000;
const AT_ONCE = 10;

const certificates = makeTestCertificates();
afterAll(() => certificates.remove());
const leaf = certificates.issue('IP:127.0.0.1');
const caCert = certificates.ca.cert;

const { run, stop } = createHttpProber({
  clock: systemClock,
  tlsContexts: new TlsContexts(),
  clientCertificates: () => ({ missing: 'no Secrets here' }),
  onSessionEnd: () => {},
  userAgent: 'swh/1',
});

/** `/` is alive, `/moved` leads there, `/until-close` has no end but that of the connection. */
const answer: RequestListener = (request, response) => {
  if (request.url === '/moved') response.writeHead(302, { Location: '/' }).end();
  else if (request.url === '/until-close')
    response.writeHead(200, { 'Transfer-Encoding': 'identity' }).end('alive');
  else response.end('alive');
};
const answer2 = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
  if (request.url === '/moved') response.writeHead(302, { location: '/' }).end();
  else response.end('alive');
};

const https = { scheme: 'HTTPS', caCert } as const;
const cases: readonly {
  readonly name: string;
  readonly make: () => Server;
  readonly fields: Partial<HttpProbe>;
}[] = [
  { name: 'HTTP', make: () => createHttpServer(answer), fields: {} },
  { name: 'HTTP whose body is read', make: () => createHttpServer(answer), fields: { expectBody: 'alive' } },
  {
    name: 'HTTP whose body ends with the connection',
    make: () => createHttpServer(answer),
    fields: { path: '/until-close', expectBody: 'alive' },
  },
  { name: 'HTTP over a redirect', make: () => createHttpServer(answer), fields: { path: '/moved' } },
  { name: 'HTTP on kept connections', make: () => createHttpServer(answer), fields: { connection: 'Kept' } },
  { name: 'HTTPS', make: () => createHttpsServer(leaf, answer), fields: https },
  {
    name: 'HTTPS over a redirect',
    make: () => createHttpsServer(leaf, answer),
    fields: { ...https, path: '/moved' },
  },
  {
    name: 'HTTPS on kept connections',
    make: () => createHttpsServer(leaf, answer),
    fields: { ...https, connection: 'Kept' },
  },
  { name: 'HTTP/2', make: () => createHttp2Server(answer2), fields: { version: 'HTTP2' } },
  {
    name: 'HTTP/2 over a redirect',
    make: () => createHttp2Server(answer2),
    fields: { version: 'HTTP2', path: '/moved' },
  },
  {
    name: 'HTTP/2 over TLS',
    make: () => createSecureServer(leaf, answer2),
    fields: { ...https, version: 'Negotiated' },
  },
  {
    name: 'HTTP/2 on kept connections',
    make: () => createSecureServer(leaf, answer2),
    fields: { ...https, version: 'HTTP2', connection: 'Kept' },
  },
];

test.each(cases)(
  'a thousand healthy probes of $name leave nothing in TIME_WAIT',
  async ({ make, fields }) => {
    const server = make();
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    await listen(server);
    const { port } = addressOf(server);
    // Another process of this machine may have used the port number before.
    const before = timeWaits(port);
    const probe = anHttpProbe({ timeoutMs: 10_000, ...fields });
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, lane) => probeAgain(probe, laneTarget(port, lane))),
    );
    stop();
    expect(timeWaits(port)).toBeLessThanOrEqual(before);
    for (const socket of sockets) socket.destroy();
    await close(server);
  },
);

async function probeAgain(probe: HttpProbe, target: Target): Promise<void> {
  for (let count = 0; count < PROBES / AT_ONCE; count++) {
    expect(await runOnce(run, probe, target, aRun(10_000))).toEqual({ kind: 'success' });
  }
}

function laneTarget(port: number, lane: number): Target {
  return { ...targetOf(port), podUid: `uid-${lane}` };
}
