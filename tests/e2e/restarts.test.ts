import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Traffic } from '../../dev/workload/traffic.ts';
import { tallyOf } from '../../dev/workload/traffic-tally.ts';
import { type E2eCluster, startE2eCluster, webBalancer } from '../support/e2e-cluster.ts';

const DEADLINE_MS = 20_000;
const BOTH = ['web-1', 'web-2'];

let e2e: E2eCluster;
let clients: Traffic;

beforeAll(async () => {
  e2e = await startE2eCluster();
  await e2e.apply(webBalancer('web'));
  await e2e.runWebPod('web-1', 'node-1');
  await e2e.runWebPod('web-2', 'node-2');
  await e2e.endpoints.waitForReady('web', BOTH, DEADLINE_MS);
  clients = await e2e.clientsOf('web', 'http', 80);
}, 120_000);
afterAll(() => e2e?.stop(), 60_000);

/** Proves that the agents see: an endpoint leaves and returns. Returns when the leave began. */
async function flip(pod: string): Promise<number> {
  const sinceMs = Date.now();
  e2e.pods.web(pod).setHealthy(false);
  await e2e.endpoints.waitForReady(
    'web',
    BOTH.filter((name) => name !== pod),
    DEADLINE_MS,
  );
  e2e.pods.web(pod).setHealthy(true);
  await e2e.endpoints.waitForReady('web', BOTH, DEADLINE_MS);
  return sinceMs;
}

async function answersSince(sinceMs: number): Promise<void> {
  await clients.waitForSample('web', sinceMs, ({ result }) => result.kind === 'answered', DEADLINE_MS);
}

test.each([
  { name: 'SIGTERM', end: () => e2e.product.agent('node-1').terminate() },
  { name: 'kill -9', end: () => e2e.product.agent('node-1').kill() },
])('a restart of an agent by $name changes no endpoint and fails no request', async ({ end }) => {
  const sinceMs = Date.now();
  await end();
  await answersSince(Date.now());
  await e2e.product.agent('node-1').start();
  await answersSince(Date.now() + 3_000);
  const flippedMs = await flip('web-1');
  const changes = e2e.endpoints.changes('web', sinceMs).filter(({ atMs }) => atMs < flippedMs);
  const samples = clients.samples('web', sinceMs).filter(({ startedAtMs }) => startedAtMs < flippedMs);
  expect({ changes, failed: tallyOf(samples).failed }).toEqual({ changes: [], failed: 0 });
});

test('agents take endpoints out and back while the controller is away', async () => {
  await e2e.product.controller.kill();
  const sinceMs = Date.now();
  await flip('web-2');
  await e2e.product.controller.start();
  await answersSince(Date.now() + 2_000);
  expect(e2e.endpoints.ready('web')).toEqual(BOTH);
  expect(e2e.endpoints.changes('web', sinceMs).every(({ kind }) => kind === 'stored')).toBe(true);
});
