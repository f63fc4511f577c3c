import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EndpointSlice, Service } from '#lib/core/kubernetes.ts';
import { type Cluster, clientNode } from '../../dev/cluster/cluster.ts';
import { PRODUCT_NAMESPACE } from '../../dev/cluster/product.ts';
import { readsAndWrites } from '../../dev/demo/database-steps.ts';
import { endpointsAppear } from '../../dev/demo/machine-steps.ts';
import { EXAMPLE_NAMESPACE, type Stage, setStage, VM_POD } from '../../dev/demo/stage.ts';
import type { Expectation } from '../../dev/demo/summary.ts';
import { type AddonOperator, startAddonOperator } from '../../dev/operators/addon-operator.ts';
import { ProcessHost } from '../../dev/process/process-host.ts';
import { GiveUpError, waitFor } from '../../dev/process/wait-for.ts';
import { startRegistryServer } from '../../dev/release/registry-server.ts';
import type { ReleaseRecord } from '../../dev/release/release-folder.ts';
import { startExampleCluster } from '../../dev/workload/example-cluster.ts';
import { tallyOf } from '../../dev/workload/traffic-tally.ts';
import { refusedRequests } from '../support/audit-log.ts';
import { runDocumented } from '../support/documented-command.ts';
import { ImagePods } from '../support/image-pods.ts';
import { moduleLeftovers } from '../support/module-leftovers.ts';
import type { StoredPod } from '../support/pod-container.ts';
import { print } from '../support/print.ts';
import { proxiedMetrics } from '../support/proxied-metrics.ts';
import { bundleRelease, publishRelease, takeModule } from '../support/published-module.ts';
import { RegistryView } from '../support/release-images.ts';
import { waitForRollout } from '../support/workload-rollout.ts';

/**
 * The whole way of an installation: two versions in a registry, the module taken from there, a real addon-operator that
 * enables, updates and disables it, the real controllers that make pods of its workloads, and the user's manifests. What
 * runs is what the images hold, as the stored pods ask for it. Not here: the container kube-rbac-proxy, whose image is
 * the platform's, and what a container runtime adds beyond root, user and mounts, such as seccomp.
 */

const VERSIONS = ['v0.1.0', 'v0.2.0'] as const;
const NODES = ['node-1', 'node-2', 'node-3'] as const;
const BALANCERS = ['postgres-read', 'postgres-write', 'web', 'smtp'] as const;
const CHANNEL = 'stable';

let host: ProcessHost;
let registry: string;
let view: RegistryView;
let pods: ImagePods;
let stage: Stage;
let operator: AddonOperator;
let releases: Readonly<Record<(typeof VERSIONS)[number], Promise<ReleaseRecord>>>;

beforeAll(async () => {
  host = ProcessHost.open();
  registry = `${await startRegistryServer(host)}/acme/modules`;
  view = await RegistryView.open();
  const first = bundleRelease({ host, registry }, 'v0.1.0');
  const second = first.then(() => bundleRelease({ host, registry }, 'v0.2.0'));
  second.catch(() => {});
  releases = { 'v0.1.0': first, 'v0.2.0': second };
  const controlPlane = Promise.withResolvers<Cluster['controlPlane']>();
  pods = new ImagePods({ host, view, registry, controlPlane: controlPlane.promise });
  const install = async (cluster: Cluster): Promise<void> => {
    controlPlane.resolve(cluster.controlPlane);
    operator = await startVersion(cluster, 'v0.1.0');
    await operator.configure({ logLevel: 'Info' });
    await operator.waitForRelease('deployed');
    await rolledOut(cluster, 'v0.1.0');
  };
  stage = await setStage({ say: print, startCluster, install });
}, 240_000);
afterAll(async () => {
  await stage?.close();
  await host?.close();
}, 60_000);

/** With kube-proxy everywhere, because pods reach the API server by its cluster IP. */
function startCluster() {
  return startExampleCluster({
    ...{ host, dns: false, audit: 'all', kubeProxy: [clientNode, ...NODES] },
    apiServerArgs: ['--endpoint-reconciler-type=lease'],
    labelsOf: (number) => (number === 1 ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
    runPod: pods.run,
  });
}

/** Publishes the version, and starts an operator with what the channel then names, as Deckhouse starts itself anew. */
async function startVersion(
  { controlPlane }: Cluster,
  version: (typeof VERSIONS)[number],
): Promise<AddonOperator> {
  await releases[version];
  await publishRelease({ host, registry }, version, CHANNEL);
  const name = `addon-operator-${version}`;
  return startAddonOperator(host, controlPlane, {
    ...{ name, root: 'chroot' },
    async install(folder) {
      const taken = await takeModule({ host, registry }, view, { channel: CHANNEL, folder });
      expect(taken.version).toBe(version);
      return taken;
    },
  });
}

/** Waits until both workloads run the version, on all nodes. */
async function rolledOut({ controlPlane }: Cluster, version: (typeof VERSIONS)[number]): Promise<void> {
  const { digests } = await releases[version];
  await waitForRollout(controlPlane.api, 'deployments/controller', imageOf(digests.controller), 1);
  await waitForRollout(controlPlane.api, 'daemonsets/agent', imageOf(digests.agent), NODES.length + 1);
}

function imageOf(digest: string): string {
  return `${registry}/service-with-healthchecks@${digest}`;
}

/** Images of the containers that run, each as often as it does. */
async function expectRunning(version: (typeof VERSIONS)[number]): Promise<void> {
  const { digests } = await releases[version];
  const places = [digests.agent, digests.agent, digests.agent, digests.agent, digests.controller];
  const images = places.map(imageOf);
  expect(
    pods
      .running()
      .map(({ image }) => image)
      .toSorted(),
  ).toEqual(images.toSorted());
  expect(pods.faults()).toEqual([]);
}

function expectAll(expectations: readonly Expectation[]): void {
  expect(expectations.filter(({ holds }) => !holds)).toEqual([]);
}

/** Requests since then, and those that nobody answered as asked. */
function failuresSince(sinceMs: number): { readonly requests: number; readonly failed: readonly string[] } {
  const samples = stage.balancers.flatMap(({ name }) => stage.traffic.samples(name, sinceMs));
  const failed = samples.flatMap(({ stream, result }) =>
    result.kind === 'failed' ? [`${stream}: ${result.message}`] : [],
  );
  return { requests: samples.length, failed };
}

test('the programs run from their images by digest, as the user of the pods, and can gain and write nothing', async () => {
  await expectRunning('v0.1.0');
  for (const { process } of pods.running()) {
    const status = readFileSync(`/proc/${process.pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\t64535\t64535\t64535\t64535\nGid:\t64535\t64535\t64535\t64535$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const mounts = readFileSync(`/proc/${process.pid}/mountinfo`, 'utf8');
    const places = mounts.split('\n').filter((line) => line !== '');
    expect(places.length).toBeGreaterThan(1);
    expect(places.filter((line) => !/^(?:\S+ ){5}ro\b/.test(line))).toEqual([]);
  }
});

test('where the proxy beside a program looks for metrics, there are those of the program', async () => {
  const { controlPlane, network } = stage.cluster;
  for (const { pod, name } of pods.running()) {
    const path = `/api/v1/namespaces/${PRODUCT_NAMESPACE}/pods/${pod}`;
    const stored = await controlPlane.api.get<StoredPod>(path);
    const { netns } = network.node(stored.spec.nodeName ?? '');
    expect(await proxiedMetrics(stored, netns)).toContain(`\nswh_${name}_`);
  }
});

test("every load balancer of the user's manifests finds its endpoints; reads and writes land where they should", async () => {
  expectAll([await endpointsAppear(stage), ...(await readsAndWrites(stage))]);
});

test('version 2 rolls out agent by agent; no slice changes and no connection fails', async () => {
  const { cluster, endpoints } = stage;
  // Whatever followed the start of the endpoints has reached kube-proxy by the time that the second version is made.
  await releases['v0.2.0'];
  const sinceMs = Date.now();
  const steps = pods.steps().length;
  await operator.process.stop();
  operator = await startVersion(cluster, 'v0.2.0');
  await rolledOut(cluster, 'v0.2.0');
  await expectRunning('v0.2.0');
  const agentSteps = pods
    .steps()
    .slice(steps)
    .filter(({ name }) => name === 'agent');
  expect(agentSteps.map(({ kind }) => kind)).toEqual(
    [...NODES, clientNode].flatMap(() => ['ending', 'ready']),
  );
  const changes = BALANCERS.flatMap((name) => endpoints.changes(name, sinceMs));
  expect(changes).toEqual([]);
  const { requests, failed } = failuresSince(sinceMs);
  print(`version 2: ${requests} requests, ${failed.length} failed, ${changes.length} changes of slices`);
  expect(failed).toEqual([]);
  expect(requests).toBeGreaterThan(200);
});

test('the agents of version 2 publish what they see', async () => {
  await stage.setContainerReady(VM_POD, 'compute', false);
  for (const name of ['web', 'smtp']) await stage.endpoints.waitForReady(name, [], 5_000);
  await stage.setContainerReady(VM_POD, 'compute', true);
  for (const name of ['web', 'smtp', 'my-vm']) await stage.endpoints.waitForReady(name, [VM_POD], 15_000);
  await stage.traffic.waitForSample('my-vm', Date.now(), ({ result }) => result.kind === 'answered', 5_000);
});

test('disabling the module gives the Services back without a failed connection and leaves nothing behind', async () => {
  const { controlPlane } = stage.cluster;
  // kube-proxy follows within a second.
  const settledMs = Date.now() + 1_500;
  await stage.traffic.waitForSample('web', settledMs, ({ result }) => result.kind === 'answered', 5_000);
  const sinceMs = Date.now();
  await operator.configure('off');
  await operator.waitForRelease('gone', 120_000);
  for (const name of BALANCERS) await expectHandedBack(name);
  await waitFor('everything of the module to go', async () => {
    const left = await moduleLeftovers(controlPlane);
    if (left.length > 0) throw new Error(left.join(', '));
    return true;
  });
  const endMs = Date.now();
  for (const { name } of stage.balancers) {
    await stage.traffic.waitForSample(name, endMs, ({ result }) => result.kind !== 'failed', 10_000);
  }
  const { requests, failed } = failuresSince(sinceMs);
  print(`disabled: ${requests} requests, ${failed.length} failed`);
  expect(failed).toEqual([]);
  expect(tallyOf(stage.traffic.samples('web', sinceMs)).requests).toBeGreaterThan(20);
  expect({ running: pods.running(), faults: pods.faults() }).toEqual({ running: [], faults: [] });
});

test('nothing that the programs asked of the API server was ever refused', () => {
  const log = readFileSync(stage.cluster.controlPlane.auditLog, 'utf8');
  expect(refusedRequests(log, `system:serviceaccount:${PRODUCT_NAMESPACE}:`)).toEqual([]);
});

// After what was refused: agents that start may ask for a Secret before the controller has granted it anew.
test('enabled again, it takes the Services over again; the documented command gives them back by hand', async () => {
  const { cluster, endpoints } = stage;
  const { api, adminKubeconfig } = cluster.controlPlane;
  await operator.configure({ logLevel: 'Info' });
  await operator.waitForRelease('deployed');
  await rolledOut(cluster, 'v0.2.0');
  for (const name of BALANCERS) await waitForReason(name, 'ChildServiceWasCreated');
  for (const name of ['web', 'smtp']) await endpoints.waitForReady(name, [VM_POD], 30_000);
  await runDocumented('MIGRATION', '--hand-over=true', adminKubeconfig);
  await waitFor(
    'the command to end',
    async () => {
      const path = `/api/v1/namespaces/${PRODUCT_NAMESPACE}/pods/hand-over`;
      const { phase } = (await api.get<StoredPod>(path)).status ?? {};
      if (phase === 'Failed') throw new GiveUpError(pods.faults().join('\n'));
      return phase === 'Succeeded' ? true : undefined;
    },
    { deadlineMs: 90_000 },
  );
  for (const name of BALANCERS) {
    await waitForReason(name, 'ChildServiceHandedOver');
    await expectHandedBack(name);
  }
  expect(pods.faults()).toEqual([]);
});

async function waitForReason(name: string, reason: string): Promise<void> {
  const path = '{.status.conditions[?(@.type=="ChildServiceReady")].reason}';
  const which = ['wait', '-n', EXAMPLE_NAMESPACE, `swh/${name}`, `--for=jsonpath=${path}=${reason}`];
  await stage.cluster.controlPlane.kubectl([...which, '--timeout=60s']);
}

async function expectHandedBack(name: string): Promise<void> {
  const { api } = stage.cluster.controlPlane;
  const service = await api.get<Service>(`/api/v1/namespaces/${EXAMPLE_NAMESPACE}/services/${name}`);
  expect(service.metadata.ownerReferences ?? []).toEqual([]);
  expect(Object.keys(service.spec.selector ?? {})).toHaveLength(1);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${EXAMPLE_NAMESPACE}/endpointslices`;
  await waitFor(`the standard slices of ${name} to stand alone`, async () => {
    const query = `?labelSelector=kubernetes.io/service-name=${name}`;
    const { items } = await api.get<{ readonly items: readonly EndpointSlice[] }>(`${path}${query}`);
    const makers = items.map(({ metadata }) => metadata.labels?.['endpointslice.kubernetes.io/managed-by']);
    expect(makers).toEqual(['endpointslice-controller.k8s.io']);
    return true;
  });
}
