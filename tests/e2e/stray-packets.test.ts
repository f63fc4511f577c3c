import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Pod } from '#lib/core/kubernetes.ts';
import { ipBatch } from '../../dev/cluster/ip-command.ts';
import { seededRandom } from '../../dev/oracle/random.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { createNamespace } from '../../dev/workload/example-cluster.ts';
import { E2E_NAMESPACE, type E2eCluster, startE2eCluster } from '../support/e2e-cluster.ts';
import { type FuzzedBalancer, fuzzedBalancer } from '../support/fuzzed-balancer.ts';
import { type AllowedTarget, PacketWitness } from '../support/packet-witness.ts';
import { print } from '../support/print.ts';

const NODE = 'node-1';
const OTHER_NAMESPACE = 'e2e-other';
const DECLARED = { web: 8080, admin: 9090 } as const;
/** By app: ports that the objects name and the pods do not declare. */
const UNDECLARED = { a: 6060, b: 6061 } as const;
/** Answers behind every pod and is named by nobody. */
const HIDDEN_PORT = 7070;
const OBJECTS = 16;
const SEED = Math.floor(Math.random() * 2 ** 32);
const DEADLINE_MS = 60_000;

type App = keyof typeof UNDECLARED;

let e2e: E2eCluster;
let witness: PacketWitness;
const random = seededRandom(SEED);

beforeAll(async () => {
  e2e = await startE2eCluster({ agentsOn: [NODE] });
  const { cluster } = e2e;
  const { netns } = cluster.network.node(NODE);
  const { hub, hub6 } = cluster.network.plan;
  // Without a way out nothing would go astray.
  await ipBatch(netns, [`route add default via ${hub} dev eth0`, `route add default via ${hub6} dev eth0`]);
  const ports = [...Object.values(DECLARED), ...Object.values(UNDECLARED), HIDDEN_PORT].map(String);
  const program = fileURLToPath(new URL('../support/redirect-main.ts', import.meta.url));
  const server = { name: 'redirects', command: process.execPath, args: [program, ...ports], netns };
  const started = await cluster.host.start(server);
  await waitFor(
    'the server behind the pods',
    async () => started.logTail().includes('listening') || undefined,
  );
  await createNamespace(cluster, OTHER_NAMESPACE);
  await e2e.apply({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'credentials' } },
    stringData: { user: 'probe', password: 'probe' },
  });
  const url = new URL(cluster.controlPlane.url);
  witness = await PacketWitness.start(netns, { address: url.hostname, port: Number(url.port) });
}, 120_000);
afterAll(() => e2e?.stop(), 60_000);

interface PodPlan {
  readonly name: string;
  readonly app: App | 'unselected';
  readonly node?: string;
  readonly namespace?: string;
  readonly hostNetwork?: boolean;
}

function makePod({ name, app, node = NODE, namespace = E2E_NAMESPACE, hostNetwork }: PodPlan): Promise<Pod> {
  const ports = Object.entries(DECLARED).map(([port, number]) => ({ name: port, containerPort: number }));
  return e2e.cluster.kubelets.createPod({
    metadata: { namespace, name, labels: { app } },
    spec: { nodeName: node, containers: [{ name: 'main', ports }], ...(hostNetwork && { hostNetwork }) },
  });
}

/** Gives a pod other addresses than its kubelet did, as a kubelet reports them. */
async function readdress(pod: Pod, addresses: readonly string[]): Promise<void> {
  const { namespace, name } = pod.metadata;
  await e2e.cluster.controlPlane.api.strategicPatch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, {
    status: { podIP: addresses[0], podIPs: [{ $patch: 'replace' }, ...addresses.map((ip) => ({ ip }))] },
  });
}

/** A pod that is selected by its app only when it has the addresses. */
async function makePodAt(name: string, app: App, addresses: readonly string[]): Promise<void> {
  await readdress(await makePod({ name, app: 'unselected' }), addresses);
  const path = `/api/v1/namespaces/${E2E_NAMESPACE}/pods/${name}`;
  await e2e.cluster.controlPlane.api.strategicPatch(path, { metadata: { labels: { app } } });
}

function addressesOf({ status }: Pod): readonly string[] {
  return (status?.podIPs ?? []).map(({ ip }) => ip);
}

/** Where the objects may be probed: at each port that they name, and, for redirects, at each that the pod declares. */
function targetsOf(
  balancers: readonly FuzzedBalancer[],
  app: App,
  addresses: readonly string[],
): AllowedTarget[] {
  const own = balancers.filter(({ selector }) => selector.app === app);
  const named = own
    .flatMap(({ ports }) => ports)
    .map((port) => (typeof port === 'number' ? port : DECLARED[port]));
  const ports = own.length === 0 ? [] : [...named, ...Object.values(DECLARED)];
  return addresses.flatMap((address) => ports.map((port) => ({ address, port })));
}

function balancersOf(generation: string, baits: readonly string[]): readonly FuzzedBalancer[] {
  return Array.from({ length: OBJECTS }, (_, index) => {
    const app: App = index % 2 === 0 ? 'a' : 'b';
    const name = `${generation}-${app}-${index}`;
    return fuzzedBalancer(random, { name, app, undeclaredPort: UNDECLARED[app], baits });
  });
}

/** Until so many more connections have been opened to targets. */
async function watchProbes(more: number): Promise<void> {
  const { toTargets } = await witness.seen();
  await waitFor(
    `${more} probes`,
    async () => ((await witness.seen()).toTargets >= toTargets + more ? true : undefined),
    { deadlineMs: DEADLINE_MS, intervalMs: 200 },
  );
}

async function expectNoStrays(): Promise<void> {
  const { stray, strayTargets } = await witness.seen();
  expect({ seed: SEED, stray, strayTargets }).toEqual({ seed: SEED, stray: 0, strayTargets: [] });
}

/** Until no slice names anything that starts so: then its probes have ended, because both follow from one plan. */
async function waitUntilGone(start: string): Promise<void> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${E2E_NAMESPACE}/endpointslices`;
  await waitFor(
    `${start} to leave all slices`,
    async () => {
      const text = await e2e.cluster.controlPlane.api.getText(path);
      return text.includes(`"name":"${start}`) ? undefined : true;
    },
    { deadlineMs: DEADLINE_MS, intervalMs: 100 },
  );
}

test('probes go to pods of the node at the ports that objects name, and nowhere else', async () => {
  const { cluster } = e2e;
  const [a1, a2, a3, b1, host] = await Promise.all([
    makePod({ name: 'a1', app: 'a' }),
    makePod({ name: 'a2', app: 'a' }),
    makePod({ name: 'a3', app: 'a' }),
    makePod({ name: 'b1', app: 'b' }),
    makePod({ name: 'host', app: 'b', hostNetwork: true }),
  ]);
  const [unselected, foreign, elsewhere] = await Promise.all([
    makePod({ name: 'unselected', app: 'unselected' }),
    makePod({ name: 'foreign', app: 'a', namespace: OTHER_NAMESPACE }),
    makePod({ name: 'elsewhere', app: 'a', node: 'node-2' }),
  ]);
  const [former, taken] = [addressesOf(a2), addressesOf(a3)];
  const bare = [unselected, foreign, elsewhere, a1, b1].flatMap(addressesOf);
  const hosts = bare.map((address) => (address.includes(':') ? `[${address}]` : address));
  const baits = [
    ...hosts.flatMap((address) => [`${address}:8080`, `${address}:${HIDDEN_PORT}`]),
    ...['169.254.169.254', '127.0.0.1:8080', '192.0.2.1', 'kubernetes.default.svc', 'localhost:8080'],
    new URL(cluster.controlPlane.url).host,
  ];

  const first = balancersOf('first', baits);
  const ofPods = (balancers: readonly FuzzedBalancer[], pods: readonly Pod[]) =>
    pods.flatMap((pod) =>
      targetsOf(balancers, pod.metadata.labels?.['app'] === 'a' ? 'a' : 'b', addressesOf(pod)),
    );
  await witness.allow(ofPods(first, [a1, a2, a3, b1, host]));
  await e2e.apply(...first.map(({ manifest }) => manifest));
  await watchProbes(600);
  await expectNoStrays();

  for (const name of ['a2', 'a3']) {
    await cluster.kubelets.terminatePod({ namespace: E2E_NAMESPACE, name }, 1);
    await waitUntilGone(name);
  }
  await witness.allow(ofPods(first, [a1, b1, host]));
  // The addresses are given to pods that this agent must leave alone, and to one that other objects probe.
  await readdress(await makePod({ name: 'reused-foreign', app: 'a', namespace: OTHER_NAMESPACE }), former);
  await readdress(await makePod({ name: 'reused-elsewhere', app: 'a', node: 'node-2' }), former);
  await witness.allow([...ofPods(first, [a1, b1, host]), ...targetsOf(first, 'b', taken)]);
  await makePodAt('b2', 'b', taken);
  // What no pod can have, whatever is reported.
  await makePodAt('forged-metadata', 'a', ['169.254.169.254', 'fe80::1']);
  await makePodAt('forged-loopback', 'a', ['127.0.0.1', '::1']);
  await watchProbes(300);
  await expectNoStrays();

  const second = balancersOf('second', baits);
  const after = [...ofPods(second, [a1, b1, host]), ...targetsOf(second, 'b', taken)];
  await witness.allow([...ofPods(first, [a1, b1, host]), ...targetsOf(first, 'b', taken), ...after]);
  await e2e.apply(...second.map(({ manifest }) => manifest));
  await cluster.controlPlane.kubectl([
    '-n',
    E2E_NAMESPACE,
    'delete',
    'swh',
    ...first.map(({ name }) => name),
  ]);
  await waitUntilGone('first-');
  await watchProbes(300);
  await witness.allow(after);
  await watchProbes(300);
  await expectNoStrays();

  const { toTargets, toApiServer } = await witness.seen();
  print(
    `${toTargets} connections to targets, ${toApiServer} to the API server, none elsewhere (seed ${SEED})`,
  );
});

test.each([
  { name: 'a port of a pod that nobody names', script: () => connection(podAddress(), HIDDEN_PORT) },
  { name: 'the metadata service', script: () => connection('169.254.169.254', 80) },
  { name: 'loopback', script: () => connection('127.0.0.1', 8080) },
  {
    name: 'a name server',
    script: () => 'require("dgram").createSocket("udp4").send("x", 53, "192.0.2.53")',
  },
])('a packet to $name would have been seen', async ({ script }) => {
  const { stray } = await witness.seen();
  const { cluster } = e2e;
  const program = `${script()}; setTimeout(() => process.exit(0), 300)`;
  const started = await cluster.host.start({
    ...{ name: 'astray', command: process.execPath, args: ['-e', program] },
    netns: cluster.network.node(NODE).netns,
  });
  await started.exited;
  expect((await witness.seen()).stray).toBeGreaterThan(stray);
});

function connection(address: string, port: number): string {
  return `require("net").connect(${port}, "${address}").on("error", () => {})`;
}

/** One of the node's, whoever has it. */
function podAddress(): string {
  return e2e.cluster.network.node(NODE).podCidr.replace(/\.0\/24$/, '.1');
}
