import { Resolver } from 'node:dns/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../dev/process/wait-for.ts';
import { E2E_NAMESPACE, type E2eCluster, startE2eCluster, webBalancer } from '../support/e2e-cluster.ts';

let e2e: E2eCluster;
let addresses: readonly string[];
const resolver = new Resolver({ timeout: 1_000, tries: 1 });

beforeAll(async () => {
  e2e = await startE2eCluster({ dns: true });
  resolver.setServers([e2e.cluster.dns?.address ?? '']);
  await e2e.apply(webBalancer('web'), webBalancer('web-headless', { clusterIP: 'None' }));
  const pods = [await e2e.runWebPod('web-1', 'node-1'), await e2e.runWebPod('web-2', 'node-2')];
  addresses = pods.map((pod) => pod.status?.podIP ?? '');
}, 120_000);
afterAll(() => e2e?.stop(), 60_000);

/** Waits until the cluster's DNS answers with exactly these addresses. */
function waitForAddresses(service: string, wanted: readonly string[]): Promise<boolean> {
  const name = `${service}.${E2E_NAMESPACE}.svc.cluster.local`;
  return waitFor(`${name} to resolve to ${wanted.join(', ')}`, async () => {
    const found = (await resolver.resolve4(name)).toSorted();
    if (found.join() !== wanted.toSorted().join()) throw new Error(`it resolves to ${found.join(', ')}`);
    return true;
  });
}

test('a ServiceWithHealthchecks resolves to its cluster IP', async () => {
  await waitForAddresses('web', [await e2e.clusterIp('web')]);
});

test('a headless one resolves to the pods that pass their probes', async () => {
  await waitForAddresses('web-headless', addresses);
  e2e.pods.web('web-2').setHealthy(false);
  await waitForAddresses('web-headless', addresses.slice(0, 1));
  e2e.pods.web('web-2').setHealthy(true);
  await waitForAddresses('web-headless', addresses);
  expect(e2e.endpoints.ready('web-headless')).toEqual(['web-1', 'web-2']);
});
