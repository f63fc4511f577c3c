/** What a rolling update of many pods costs in EndpointSlices, beside a plain Service over the same pods. */
import { parseArgs } from 'node:util';
import { type Cluster, startCluster } from '../dev/cluster/cluster.ts';
import { startProduct } from '../dev/cluster/product.ts';
import { onInterrupt } from '../dev/process/on-interrupt.ts';
import { waitFor } from '../dev/process/wait-for.ts';
import { EndpointLog } from '../dev/workload/endpoint-log.ts';
import { createNamespace } from '../dev/workload/example-cluster.ts';
import { type Bar, printBars } from './measure/bar.ts';
import { type Lateness, latenessOf } from './rig/lateness.ts';
import { RollingPods, slowToEnd } from './rig/rolling-pods.ts';
import { type RequestTraffic, sliceRequests } from './rig/slice-requests.ts';
import { SliceTraffic, type WatchTraffic } from './rig/slice-traffic.ts';
import { TargetControl } from './rig/target-control.ts';

const USAGE = `Usage: npm run bench:writes -- [--rounds N] [--pods N] [--nodes N] [--requests-per-second N]

Rolls pods behind a plain Service and behind two objects, and counts the EndpointSlice traffic of each.

  --rounds N                rolling updates (default 3)
  --pods N                  pods (default 1000)
  --nodes N                 nodes, an agent each (default 10)
  --requests-per-second N   what a controller of kube-controller-manager may send (default 20, as upstream)
  --help`;

const NAMESPACE = 'bench';
const UPSTREAM = 'plain';

/** The objects beside the plain Service, and what is asked of their pods. */
const OBJECTS = {
  checked: {},
  probed: {
    initialDelaySeconds: 0,
    periodSeconds: 2,
    probes: [{ mode: 'HTTP', http: { targetPort: 8080, path: '/healthz' } }],
  },
} as const;

interface Options {
  readonly rounds: number;
  readonly pods: number;
  readonly nodes: number;
  readonly requestsPerSecond: number;
}

async function main(): Promise<void> {
  const options = {
    rounds: { type: 'string' },
    pods: { type: 'string' },
    nodes: { type: 'string' },
    'requests-per-second': { type: 'string' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  const wanted: Options = {
    rounds: Number(values.rounds ?? 3),
    pods: Number(values.pods ?? 1000),
    nodes: Number(values.nodes ?? 10),
    requestsPerSecond: Number(values['requests-per-second'] ?? 20),
  };
  if (values.help === true || !Object.values(wanted).every((value) => value > 0)) {
    console.log(USAGE);
    return;
  }
  const cluster = await startCluster({
    ...{ nodes: wanted.nodes, dns: false, kubeProxy: [], audit: 'slice-writes' },
    controllerManager: { requestsPerSecond: wanted.requestsPerSecond },
    runPod: async () => slowToEnd,
  });
  const ignoreInterrupts = onInterrupt(() => cluster.stop());
  try {
    process.exitCode = printBars(await measure(cluster, wanted)) ? 0 : 1;
  } finally {
    await cluster.stop();
    ignoreInterrupts();
  }
}

async function measure(cluster: Cluster, { rounds, pods: count }: Options): Promise<readonly Bar[]> {
  const { api, auditLog } = cluster.controlPlane;
  for (const { name } of cluster.nodes) {
    await TargetControl.start(cluster.host, { node: cluster.network.node(name) });
  }
  await startProduct(cluster);
  await createNamespace(cluster, NAMESPACE);
  const pods = new RollingPods(cluster, NAMESPACE, count);
  const log = new EndpointLog(api, NAMESPACE);
  await createServices(cluster);
  await pods.roll();
  await settle(log, count);
  const traffic = await SliceTraffic.start(api, NAMESPACE);
  const fromMs = Date.now();
  for (let round = 1; round <= rounds; round += 1) {
    const startMs = Date.now();
    await pods.roll();
    await settle(log, count);
    console.log(`round ${round}: ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
  }
  await traffic.stop();
  const requestsOf = await sliceRequests(auditLog, fromMs, Date.now());
  log.stop();
  pods.stop();
  return report((service) => ({
    watch: traffic.of(service),
    requests: requestsOf(service),
    lateness: latenessOf(pods.changes(), log.changes(service)),
  }));
}

async function createServices({ controlPlane: { api } }: Cluster): Promise<void> {
  const spec = { selector: { app: 'web' }, ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }] };
  await api.post(`/api/v1/namespaces/${NAMESPACE}/services`, { metadata: { name: UPSTREAM }, spec });
  for (const [name, healthcheck] of Object.entries(OBJECTS)) {
    await api.post(`/apis/network.deckhouse.io/v1alpha1/namespaces/${NAMESPACE}/servicewithhealthchecks`, {
      apiVersion: 'network.deckhouse.io/v1alpha1',
      kind: 'ServiceWithHealthchecks',
      metadata: { name },
      spec: { ...spec, healthcheck },
    });
  }
}

/** Everybody says the same: so many endpoints, all ready. */
async function settle(log: EndpointLog, count: number): Promise<void> {
  for (const service of [UPSTREAM, ...Object.keys(OBJECTS)]) {
    await waitFor(
      `${count} endpoints of ${service}, all ready`,
      async () => {
        const [total, ready] = [log.endpoints(service).length, log.ready(service).length];
        if (total === count && ready === count) return true;
        throw new Error(`${ready} of ${total} are ready`);
      },
      { deadlineMs: 120_000, intervalMs: 200 },
    );
  }
}

interface Cost {
  readonly watch: WatchTraffic;
  readonly requests: RequestTraffic;
  readonly lateness: Lateness;
}

function report(costOf: (service: string) => Cost): readonly Bar[] {
  const upstream = costOf(UPSTREAM);
  return Object.keys(OBJECTS).flatMap((service) => {
    const cost = costOf(service);
    const rows = [
      {
        what: 'ready pod → endpoint, p50, ms',
        ours: cost.lateness.comes.p50,
        theirs: upstream.lateness.comes.p50,
      },
      {
        what: 'ready pod → endpoint, p99, ms',
        ours: cost.lateness.comes.p99,
        theirs: upstream.lateness.comes.p99,
      },
      {
        what: 'deleted pod → endpoint, p50, ms',
        ours: cost.lateness.leaves.p50,
        theirs: upstream.lateness.leaves.p50,
      },
      {
        what: 'deleted pod → endpoint, p99, ms',
        ours: cost.lateness.leaves.p99,
        theirs: upstream.lateness.leaves.p99,
      },
      { what: 'watch events', ours: cost.watch.events, theirs: upstream.watch.events },
      { what: 'bytes of watch events', ours: cost.watch.bytes, theirs: upstream.watch.bytes },
      { what: 'write requests', ours: cost.requests.requests, theirs: upstream.requests.requests },
      { what: 'refused ones', ours: cost.requests.refused, theirs: upstream.requests.refused },
      { what: 'bytes of write requests', ours: cost.requests.bytes, theirs: upstream.requests.bytes },
    ];
    console.table(
      rows.map(({ what, ours, theirs }) => ({
        [service]: what,
        ours,
        upstream: theirs,
        ratio: round(ours / theirs),
      })),
    );
    return rows
      .filter(({ what }) => what.startsWith('bytes'))
      .map(({ what, ours, theirs }) => ({
        ...{ name: `${service}: ${what}, ours to upstream's`, unit: '×', atMost: 1 },
        measured: ours / theirs,
      }));
  });
}

function round(ratio: number): number {
  return Math.round(ratio * 100) / 100;
}

await main();
