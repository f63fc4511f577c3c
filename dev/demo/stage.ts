import { readFileSync } from 'node:fs';
import type { Pod, Service } from '#lib/core/kubernetes.ts';
import { PLURAL } from '#lib/core/service-with-healthchecks.ts';
import { type Cluster, clientNode } from '../cluster/cluster.ts';
import { startProduct } from '../cluster/product.ts';
import { waitFor } from '../process/wait-for.ts';
import { EndpointLog } from '../workload/endpoint-log.ts';
import { createNamespace, type ExampleCluster, startExampleCluster } from '../workload/example-cluster.ts';
import type { ExamplePods } from '../workload/example-pods.ts';
import { ObjectWatch } from '../workload/object-watch.ts';
import type { PodServer } from '../workload/pod-server.ts';
import type { PostgresqlCluster } from '../workload/postgresql-cluster.ts';
import { POSTGRESQL_PASSWORD, POSTGRESQL_USER } from '../workload/postgresql-server.ts';
import { Traffic } from '../workload/traffic.ts';
import type { TrafficKind } from '../workload/traffic-sample.ts';
import type { Teller } from './display.ts';
import type { DemoBalancer, StatusOfBalancer } from './picture.ts';

/** Namespace of the examples. */
export const EXAMPLE_NAMESPACE = 'my-ns';

/** The pod behind the virtual machine, and the container beside it. */
export const VM_POD = 'my-vm';
export const SIDE_CONTAINER = 'side';

/** The examples on a running cluster, with clients in front and programs behind. */
export interface Stage extends Teller {
  readonly cluster: Cluster;
  readonly databases: PostgresqlCluster;
  readonly web: PodServer;
  readonly balancers: readonly DemoBalancer[];
  readonly endpoints: EndpointLog;
  readonly statuses: ObjectWatch<StatusOfBalancer>;
  readonly traffic: Traffic;
  /** When all pods ran, milliseconds since the epoch. */
  readonly startedMs: number;
  /** Address of a pod of the examples. */
  addressOf(pod: string): string;
  setContainerReady(pod: string, container: string, ready: boolean): Promise<void>;
  close(): Promise<void>;
}

const PODS = ['postgres-0', 'postgres-1', 'postgres-2', VM_POD] as const;

const BALANCERS: readonly (Pick<DemoBalancer, 'name' | 'kind' | 'port'> & {
  readonly traffic: TrafficKind;
})[] = [
  { name: 'postgres-read', kind: 'swh', port: 5432, traffic: 'postgresql-read' },
  { name: 'postgres-write', kind: 'swh', port: 5432, traffic: 'postgresql-write' },
  { name: 'web', kind: 'swh', port: 80, traffic: 'http' },
  { name: 'smtp', kind: 'swh', port: 25, traffic: 'smtp' },
  { name: 'my-vm', kind: 'service', port: 80, traffic: 'http' },
];

const EXAMPLES = ['postgres', 'postgres-read', 'postgres-write', 'web', 'smtp', 'my-vm-service'];

/** How the cluster comes into being, and the product on it; both have defaults. */
export interface StageOptions extends Teller {
  readonly startCluster?: () => Promise<ExampleCluster>;
  /** Resolves when the product is ready. */
  readonly install?: (cluster: Cluster) => Promise<unknown>;
}

/** Brings up everything and tells of each part. Removes what stands when it fails. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const { startCluster = () => startExampleCluster({ dns: false }), install = startProduct } = options;
  const { cluster, pods } = await startCluster();
  try {
    options.say('etcd, API server, controller manager, three nodes and kube-proxy run');
    await install(cluster);
    options.say('the controller and an agent on each node are ready');
    return await furnish(cluster, pods, (text) => options.say(text));
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function furnish(cluster: Cluster, programs: ExamplePods, say: (text: string) => void): Promise<Stage> {
  const { controlPlane, kubelets, host } = cluster;
  await createNamespace(cluster, EXAMPLE_NAMESPACE);
  await applyExamples(cluster);
  const addresses = await podAddresses(cluster);
  const startedMs = Date.now();
  say('the examples are applied: three databases and a virtual machine run');
  const balancers = await Promise.all(BALANCERS.map((balancer) => withClusterIp(cluster, balancer)));
  const { netns } = cluster.network.node(clientNode);
  const streams = balancers.map(({ name, address, port, traffic }) => {
    return { name, kind: traffic, address, port, ratePerSecond: 10, timeoutMs: 2_000 };
  });
  const traffic = await Traffic.start(host, { name: 'clients', netns, streams });
  const endpoints = new EndpointLog(controlPlane.api, EXAMPLE_NAMESPACE);
  const path = `/apis/network.deckhouse.io/v1alpha1/namespaces/${EXAMPLE_NAMESPACE}/${PLURAL}`;
  const statuses = new ObjectWatch<StatusOfBalancer>(controlPlane.api, path);
  return {
    ...{ say, cluster, balancers, endpoints, statuses, traffic, startedMs },
    databases: programs.databases,
    web: programs.web(VM_POD),
    addressOf: (pod) => addresses.get(pod) ?? '',
    setContainerReady: (name, container, ready) =>
      kubelets.setContainerReady({ namespace: EXAMPLE_NAMESPACE, name }, container, ready),
    async close() {
      endpoints.stop();
      statuses.stop();
      await traffic.stop();
      await cluster.stop();
    },
  };
}

/** Applies the manifests as a user would. */
async function applyExamples({ controlPlane }: Cluster): Promise<void> {
  const namespace = ['-n', EXAMPLE_NAMESPACE];
  const secret = [`--from-literal=user=${POSTGRESQL_USER}`, `--from-literal=password=${POSTGRESQL_PASSWORD}`];
  await controlPlane.kubectl([...namespace, 'create', 'secret', 'generic', 'cred-secret', ...secret]);
  const manifests = [...EXAMPLES, 'my-vm-pod-with-side-container'].map(example).join('\n---\n');
  await controlPlane.kubectl([...namespace, 'apply', '-f', '-'], manifests);
}

/** Text of a manifest of dev/examples. */
export function example(name: string): string {
  return readFileSync(new URL(`../examples/${name}.yaml`, import.meta.url), 'utf8');
}

async function podAddresses({ kubelets }: Cluster): Promise<ReadonlyMap<string, string>> {
  const running = PODS.map(async (name): Promise<readonly [string, string]> => {
    const ref = { namespace: EXAMPLE_NAMESPACE, name };
    const pod = await kubelets.waitForPod(ref, 'run', isReady);
    return [name, pod.status?.podIP ?? ''];
  });
  return new Map(await Promise.all(running));
}

function isReady({ status }: Pod): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ??
    false
  );
}

async function withClusterIp<B extends { readonly name: string }>(
  { controlPlane }: Cluster,
  balancer: B,
): Promise<B & { readonly address: string }> {
  const path = `/api/v1/namespaces/${EXAMPLE_NAMESPACE}/services/${balancer.name}`;
  const address = await waitFor(`a cluster IP of ${balancer.name}`, async () => {
    const service = await controlPlane.api.get<Service>(path);
    return service.spec.clusterIP;
  });
  return { ...balancer, address };
}
