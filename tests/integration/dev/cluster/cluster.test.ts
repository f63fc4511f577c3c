import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EndpointSlice, Node } from '#lib/core/kubernetes.ts';
import { type Cluster, startCluster } from '../../../../dev/cluster/cluster.ts';
import { ip } from '../../../../dev/cluster/ip-command.ts';
import type { RunPod } from '../../../../dev/cluster/pod-worker.ts';
import { ProcessHost } from '../../../../dev/process/process-host.ts';
import { waitFor } from '../../../../dev/process/wait-for.ts';

const namespace = 'default';
const manifests = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ipFamilyPolicy: RequireDualStack
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  replicas: 2
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "web:1", ports: [{containerPort: 8080}]}
`;

const host = ProcessHost.open();
let cluster: Cluster;

/** Answers every request on both addresses of the pod with the pod's name. */
const runPod: RunPod = async (pod, { node, addresses }) => {
  const { name } = pod.metadata;
  const server = `require('http').createServer((_, response) => response.end('${name}'))`;
  const script = addresses.map((address) => `${server}.listen(8080, '${address}')`).join(';');
  const args = ['-e', script];
  const program = await host.start({
    name,
    command: process.execPath,
    args,
    uid: 65534,
    ...(node.netns !== undefined && { netns: node.netns }),
  });
  return {
    stop: async () => {
      await program.stop();
    },
  };
};

beforeAll(async () => {
  cluster = await startCluster({
    host,
    nodes: 2,
    runPod,
    controllerManager: { nodeMonitorGraceSeconds: 8, nodeMonitorPeriodSeconds: 1 },
  });
  await cluster.controlPlane.kubectl(['apply', '-f', '-'], manifests);
});

afterAll(() => cluster?.stop());

const podRef = (name: string) => ({ namespace, name });

/** What a program in the client's namespace gets from a URL. */
function fetchAsClient(url: string): Promise<string> {
  const script = `fetch('${url}', { signal: AbortSignal.timeout(1000) }).then(r => r.text()).then(t => process.stdout.write(t))`;
  return ip('netns', 'exec', cluster.network.node('client').netns, process.execPath, '-e', script);
}

async function readyAddresses(family: string): Promise<readonly string[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const { items } = await cluster.controlPlane.api.get<{ readonly items: readonly EndpointSlice[] }>(path);
  return items
    .filter(({ addressType, metadata }) => addressType === family && metadata.name.startsWith('web-'))
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ conditions }) => conditions?.ready)
    .flatMap(({ addresses }) => addresses)
    .toSorted();
}

async function readinessOf(node: string): Promise<string | undefined> {
  const { status } = await cluster.controlPlane.api.get<Node>(`/api/v1/nodes/${node}`);
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

test("a StatefulSet's pods run on different nodes with addresses of their nodes", async () => {
  const isRunning = ({ status }: { status?: { phase?: string } }) => status?.phase === 'Running';
  const pods = await Promise.all(
    ['web-0', 'web-1'].map((name) => cluster.kubelets.waitForPod(podRef(name), 'run', isRunning)),
  );
  expect(pods.map(({ spec }) => spec.nodeName).toSorted()).toEqual(['node-1', 'node-2']);
  for (const { spec, status } of pods) {
    const podNetwork = cluster.network.node(spec.nodeName ?? '').podCidr.replace(/0\/24$/, '');
    expect(status?.podIP).toContain(podNetwork);
  }
});

test('the real controller publishes both families of a Service, and follows container readiness', async () => {
  await waitFor('two endpoints of each family', async () => {
    const counts = [await readyAddresses('IPv4'), await readyAddresses('IPv6')].map(({ length }) => length);
    return counts.join() === '2,2' || undefined;
  });
  await cluster.kubelets.setContainerReady(podRef('web-0'), 'web', false);
  await waitFor('web-0 to leave', async () => (await readyAddresses('IPv4')).length === 1 || undefined);
  await cluster.kubelets.setContainerReady(podRef('web-0'), 'web', true);
  await waitFor('web-0 to return', async () => (await readyAddresses('IPv4')).length === 2 || undefined);
});

test('kube-proxy forwards the ClusterIPs, whose name CoreDNS knows, to pods on both nodes', async () => {
  const path = `/api/v1/namespaces/${namespace}/services/web`;
  const { spec } = await cluster.controlPlane.api.get<{ readonly spec: { readonly clusterIPs: string[] } }>(
    path,
  );
  const urls = [
    'http://web.default.svc.cluster.local/',
    ...spec.clusterIPs.map((address) => `http://${address.includes(':') ? `[${address}]` : address}/`),
  ];
  for (const url of urls) {
    const seen = new Set<string>();
    await waitFor(`both pods to answer at ${url}`, async () => {
      seen.add(await fetchAsClient(url));
      return (seen.has('web-0') && seen.has('web-1')) || undefined;
    });
  }
});

test('a node that loses its cable is out of reach, and back when it is plugged in', async () => {
  const { status, spec } = await cluster.kubelets.waitForPod(podRef('web-0'), 'exist', () => true);
  const url = `http://${status?.podIP}:8080/`;
  await cluster.network.disconnect(spec.nodeName ?? '');
  await expect(fetchAsClient(url)).rejects.toThrow();
  await cluster.network.reconnect(spec.nodeName ?? '');
  await expect(waitFor('web-0 to answer', () => fetchAsClient(url))).resolves.toBe('web-0');
});

test('a restarted container shows, and a terminated pod comes back as another one', async () => {
  await cluster.kubelets.restartContainer(podRef('web-1'), 'web');
  const before = await cluster.kubelets.waitForPod(
    podRef('web-1'),
    'have restarted',
    ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1,
  );
  await cluster.kubelets.terminatePod(podRef('web-1'));
  const after = await cluster.kubelets.waitForPod(
    podRef('web-1'),
    'run again',
    ({ status, metadata }) => status?.phase === 'Running' && metadata.uid !== before.metadata.uid,
  );
  expect(after.status?.podIP).not.toBe(before.status?.podIP);
});

test('the API server comes back with its data, and the kubelets go on', async () => {
  const { controlPlane, kubelets } = cluster;
  await controlPlane.stopApiServer();
  await expect(controlPlane.api.get('/api/v1/nodes')).rejects.toThrow();
  await controlPlane.startApiServer();
  const spec = { containers: [{ name: 'main' }] };
  const pod = await kubelets.createPod({ metadata: podRef('late'), spec });
  expect(pod.status?.phase).toBe('Running');
  await kubelets.terminatePod(podRef('late'));
});

test('a paused API server keeps its connections and answers when it goes on', async () => {
  const { controlPlane } = cluster;
  controlPlane.pauseApiServer();
  const answer = controlPlane.api.getText('/readyz');
  const first = await Promise.race([answer, sleep(300, 'silence')]);
  controlPlane.resumeApiServer();
  expect([first, await answer]).toEqual(['silence', 'ok']);
});

test('a silent node goes Unknown, and Ready when its kubelet is back', async () => {
  // The tests before let the API server rest, so that heartbeats may be due.
  const areReady = async () =>
    ((await readinessOf('node-1')) === 'True' && (await readinessOf('node-2')) === 'True') || undefined;
  await waitFor('both nodes to be Ready', areReady);
  cluster.kubelets.silence('node-2');
  const isUnknown = async () => (await readinessOf('node-2')) === 'Unknown' || undefined;
  await waitFor('node-2 to be called Unknown', isUnknown);
  expect(await readinessOf('node-1')).toBe('True');
  await cluster.kubelets.revive('node-2');
  const isReady = async () => (await readinessOf('node-2')) === 'True' || undefined;
  await waitFor('node-2 to be Ready again', isReady);
});
