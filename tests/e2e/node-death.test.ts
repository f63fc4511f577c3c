import { afterAll, beforeAll, expect, test } from 'vitest';
import { type E2eCluster, plainService, startE2eCluster, webBalancer } from '../support/e2e-cluster.ts';
import { print } from '../support/print.ts';

const DEADLINE_MS = 100_000;
/** Two watches tell of one moment at slightly different times. */
const WATCH_LATENCY_MS = 500;

let e2e: E2eCluster;

beforeAll(async () => {
  e2e = await startE2eCluster();
  await e2e.apply(webBalancer('web'), plainService('plain'));
  for (const number of [1, 2, 3]) await e2e.runWebPod(`web-${number}`, `node-${number}`);
  for (const service of ['web', 'plain']) await waitForReady(service, ['web-1', 'web-2', 'web-3']);
}, 120_000);
afterAll(() => e2e?.stop(), 60_000);

function waitForReady(service: string, pods: readonly string[]): Promise<number> {
  return e2e.endpoints.waitForReady(service, pods, DEADLINE_MS);
}

/** Waits until both balancers have only these pods left and returns how long each took. */
async function measureLoss(what: string, left: readonly string[], sinceMs: number) {
  const [web, plain] = await Promise.all([waitForReady('web', left), waitForReady('plain', left)]);
  const took = { swhMs: web - sinceMs, plainMs: plain - sinceMs };
  print(`${what}: ServiceWithHealthchecks ${took.swhMs} ms, plain Service ${took.plainMs} ms`);
  return took;
}

test('the endpoints of a dead node leave no later than those of a plain Service', async () => {
  const sinceMs = Date.now();
  await e2e.cluster.network.disconnect('node-3');
  await e2e.product.agent('node-3').kill();
  await e2e.cluster.kubelets.crash('node-3');
  const { swhMs, plainMs } = await measureLoss('dead node', ['web-1', 'web-2'], sinceMs);
  expect(swhMs).toBeLessThanOrEqual(plainMs + WATCH_LATENCY_MS);
});

test('the endpoints of a deleted Node object leave no later than those of a plain Service', async () => {
  const sinceMs = Date.now();
  await e2e.product.agent('node-2').kill();
  await e2e.cluster.kubelets.removeNode('node-2');
  const { swhMs, plainMs } = await measureLoss('deleted Node object', ['web-1'], sinceMs);
  expect(swhMs).toBeLessThanOrEqual(plainMs + WATCH_LATENCY_MS);
});
