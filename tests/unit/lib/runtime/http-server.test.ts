import { afterEach, expect, test } from 'vitest';
import { type HttpServer, healthRoutes, metricsRoutes, startHttpServer } from '#lib/runtime/http-server.ts';
import { createMetrics } from '#lib/runtime/metrics.ts';

const servers: HttpServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(routes: Parameters<typeof startHttpServer>[1], host = '127.0.0.1') {
  const server = await startHttpServer({ host, port: 0 }, routes);
  servers.push(server);
  return `http://${server.address}`;
}

test('health is 200 until one check has a reason against', async () => {
  let reason: string | undefined;
  const url = await serve(
    healthRoutes({ loop: () => undefined }, { pods: () => reason, loop: () => undefined }),
  );
  const ready = await fetch(`${url}/readyz?verbose`);
  expect([ready.status, await ready.text()]).toEqual([200, '[+]pods ok\n[+]loop ok\nok\n']);
  reason = 'not synced';
  const unready = await fetch(`${url}/readyz`);
  expect([unready.status, await unready.text()]).toEqual([503, '[-]pods: not synced\n[+]loop ok\nnot ok\n']);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
});

test('metrics are in the text format', async () => {
  const metrics = createMetrics();
  metrics.counter({ name: 'a_total', help: 'A.' }).add({});
  const answer = await fetch(`${await serve(metricsRoutes(metrics))}/metrics`);
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  expect(await answer.text()).toContain('a_total 1');
});

test('anything else is refused', async () => {
  const url = await serve({
    '/a': () => {
      throw new Error('broken');
    },
  });
  expect((await fetch(`${url}/b`)).status).toBe(404);
  expect((await fetch(`${url}/toString`)).status).toBe(404);
  expect((await fetch(`${url}/a`, { method: 'POST' })).status).toBe(405);
  expect((await fetch(`${url}/a`)).status).toBe(500);
});

test('an address that is taken is an error', async () => {
  const url = new URL(await serve({}));
  await expect(startHttpServer({ host: url.hostname, port: Number(url.port) }, {})).rejects.toThrow(
    'EADDRINUSE',
  );
});

test('listens on IPv6', async () => {
  const url = await serve(healthRoutes({}, {}), '::1');
  expect((await fetch(`${url}/livez`)).status).toBe(200);
});
