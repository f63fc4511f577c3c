import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../../dev/cluster/cluster.ts';
import { type Product, startProduct } from '../../dev/cluster/product.ts';
import { type CpuGroup, makeCpuGroup } from '../../dev/process/cpu-group.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { Crowd, type CrowdObject, crowdObject } from '../../dev/workload/crowd.ts';
import { EndpointLog } from '../../dev/workload/endpoint-log.ts';
import { type EndpointRemoval, endpointRemovals } from '../../dev/workload/endpoint-removals.ts';
import { createNamespace } from '../../dev/workload/example-cluster.ts';
import { SteppedClock } from '../../dev/workload/stepped-clock.ts';

const NAMESPACE = 'starved';
const NODE = 'node-1';
const PODS = 250;
/** So little that the probes of the crowd do not fit into it. */
const QUOTA_PERCENT = 1;
/** Of 100 ms each. */
const HELD_BACK_PERIODS = 60;
/** Whether a run is caught where it must doubt itself is chance. */
const MOST_HUNGERS = 12;
const STOP_MS = 10_000;
/** A wrong verdict takes one failure and a write. */
const AFTERMATH_MS = 4_000;
const DEADLINE_MS = 60_000;

const OBJECTS = [
  anObject(8101, { mode: 'HTTP', http: { targetPort: 8101, path: '/' } }),
  anObject(8102, { mode: 'HTTP', http: { targetPort: 8102, path: '/', connection: 'Kept' } }),
  anObject(8103, { mode: 'TCP', tcp: { targetPort: 8103 } }),
  anObject(8104, { mode: 'TCP', tcp: { targetPort: 8104, send: 'GET / HTTP/1.0\r\n\r\n', expect: '200' } }),
];

let cluster: Cluster;
let product: Product;
let endpoints: EndpointLog;
let crowd: Crowd;
let clock: SteppedClock;

function anObject(port: number, probe: object): CrowdObject {
  return crowdObject(`good-${port}`, port, { ...probe, timeoutSeconds: 1, failureThreshold: 1 });
}

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1, dns: false, kubeProxy: [] });
  clock = new SteppedClock(cluster.host, 'agent');
  product = await startProduct(cluster, { agentPreload: clock.preload });
  await createNamespace(cluster, NAMESPACE);
  endpoints = new EndpointLog(cluster.controlPlane.api, NAMESPACE);
  const spec = { namespace: NAMESPACE, node: NODE, pods: PODS, objects: OBJECTS };
  crowd = await Crowd.gather(cluster, endpoints, spec);
  // So that at each moment many runs wait for their answer, with little time left.
  for (const port of [8101, 8104]) await crowd.slowDown(port);
}, 180_000);
afterAll(async () => {
  endpoints?.stop();
  await cluster?.stop();
}, 60_000);

function removals(sinceMs: number): readonly (EndpointRemoval & { readonly service: string })[] {
  return OBJECTS.flatMap(({ name: service }) =>
    endpointRemovals(endpoints.changes(service), sinceMs).map((removal) => ({ service, ...removal })),
  );
}

/** Runs that the agent takes for its own failure, as its metrics say. */
async function doubtedRuns(): Promise<number> {
  const response = await fetch(`http://${product.agent(NODE).metricsAddress}/metrics`);
  const counts = [...(await response.text()).matchAll(/reason="CheckerStalled"\} (\d+)/g)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function starve(group: CpuGroup): Promise<void> {
  const sincePeriods = group.throttling().periods;
  group.limit(QUOTA_PERCENT);
  try {
    await waitFor(
      'the agent to be starved',
      async () => (group.throttling().periods - sincePeriods >= HELD_BACK_PERIODS ? true : undefined),
      { deadlineMs: DEADLINE_MS },
    );
  } finally {
    group.limit(undefined);
  }
}

test('an agent that gets hardly any processor time removes no good endpoint', async ({ skip }) => {
  const made = makeCpuGroup(cluster.host, 'agent');
  if (made.kind === 'unavailable') skip(`this machine limits no processor time: ${made.reason}`);
  else {
    const { group } = made;
    const doubtedBefore = await doubtedRuns();
    const sinceMs = Date.now();
    group.add(product.agent(NODE).process.pid);
    let doubted = doubtedBefore;
    for (let hungers = 0; doubted === doubtedBefore && hungers < MOST_HUNGERS; hungers += 1) {
      await starve(group);
      doubted = await doubtedRuns();
    }
    await delay(AFTERMATH_MS);
    expect(removals(sinceMs)).toEqual([]);
    // Else there was time enough for all of them, and this has shown nothing.
    expect(doubted).toBeGreaterThan(doubtedBefore);
  }
}, 300_000);

test('an agent that is stopped for ten seconds removes no good endpoint', async () => {
  const sinceMs = Date.now();
  product.agent(NODE).signal('SIGSTOP');
  await delay(STOP_MS);
  product.agent(NODE).signal('SIGCONT');
  await delay(AFTERMATH_MS);
  expect(removals(sinceMs)).toEqual([]);
});

test('an agent whose clock is stepped by an hour removes no good endpoint', async () => {
  const sinceMs = Date.now();
  for (const hours of [1, -1, 0]) {
    clock.step(product.agent(NODE).process, hours);
    await delay(AFTERMATH_MS);
  }
  expect(removals(sinceMs)).toEqual([]);
});

test('afterwards it notices a port that closes', async () => {
  const sinceMs = Date.now();
  await crowd.close(8103);
  await endpoints.waitForReady('good-8103', [], DEADLINE_MS);
  expect(removals(sinceMs)).toHaveLength(PODS);
});
