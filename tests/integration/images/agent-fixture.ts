import { fileURLToPath } from 'node:url';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { type Cluster, startCluster } from '../../../dev/cluster/cluster.ts';
import type { ManagedProcess } from '../../../dev/process/managed-process.ts';
import { ProcessHost } from '../../../dev/process/process-host.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { EndpointLog } from '../../../dev/workload/endpoint-log.ts';
import { ExamplePods } from '../../../dev/workload/example-pods.ts';

export const NODE = 'node-1';
const HEALTH_PORT = 4300;
const METRICS_PORT = 4301;
const MAIN = fileURLToPath(new URL('../../../images/agent/src/main.ts', import.meta.url));

/** Lets every object in, as the definition of another release might. */
const PERMISSIVE_DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'servicewithhealthchecks.network.deckhouse.io' },
  spec: {
    group: 'network.deckhouse.io',
    names: {
      kind: 'ServiceWithHealthchecks',
      plural: 'servicewithhealthchecks',
      singular: 'servicewithhealthchecks',
    },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const HTTP_PROBE = { mode: 'HTTP', failureThreshold: 2, http: { targetPort: 8080, path: '/healthz' } };
export const HEALTHCHECK = { initialDelaySeconds: 0, periodSeconds: 1, probes: [HTTP_PROBE] };

/** A cluster of one node with web servers for pods, and an agent run from its source in the node's namespace. */
export class AgentFixture {
  readonly cluster: Cluster;
  readonly pods: ExamplePods;
  readonly log: EndpointLog;
  #agent: ManagedProcess | undefined;

  private constructor(cluster: Cluster, pods: ExamplePods) {
    this.cluster = cluster;
    this.pods = pods;
    this.log = new EndpointLog(cluster.controlPlane.api, 'default');
  }

  static async start(): Promise<AgentFixture> {
    const host = ProcessHost.open();
    const pods = new ExamplePods(host);
    const cluster = await startCluster({
      host,
      nodes: 1,
      dns: false,
      kubeProxy: [],
      runPod: (pod, placement) => pods.run(pod, placement),
    });
    const { api } = cluster.controlPlane;
    await api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', PERMISSIVE_DEFINITION);
    await waitFor('the definition to be served', () => api.get<object>(swhPath()));
    return new AgentFixture(cluster, pods);
  }

  async stop(): Promise<void> {
    await this.log.stop();
    await this.cluster.stop();
  }

  get agent(): ManagedProcess {
    if (this.#agent === undefined) throw new Error('no agent was started');
    return this.#agent;
  }

  async startAgent(): Promise<void> {
    const { host, controlPlane, network } = this.cluster;
    const { netns, address } = network.node(NODE);
    const words = ['--kubeconfig', controlPlane.adminKubeconfig, '--node-name', NODE];
    const places = [
      '--health-address',
      `${address}:${HEALTH_PORT}`,
      '--metrics-address',
      `${address}:${METRICS_PORT}`,
    ];
    const command = { name: 'agent', command: process.execPath, args: [MAIN, ...words, ...places] };
    this.#agent = await host.start({ ...command, netns });
    await waitFor('the agent to be ready', async () =>
      (await fetch(`http://${address}:${HEALTH_PORT}/readyz`)).ok ? true : undefined,
    );
  }

  /** The sum of the samples of a metric whose labels contain the text. */
  async metric(name: string, labels = ''): Promise<number> {
    const { address } = this.cluster.network.node(NODE);
    const text = await (await fetch(`http://${address}:${METRICS_PORT}/metrics`)).text();
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    const samples = lines
      .filter((line) => line.includes(labels))
      .map((line) => Number(line.split(' ').at(-1)));
    return samples.reduce((sum, value) => sum + value, 0);
  }

  /** Waits until so many more runs have ended. */
  async moreRuns(count: number): Promise<void> {
    const before = await this.metric('swh_agent_probe_results_total');
    await waitFor(`${count} more runs`, async () =>
      (await this.metric('swh_agent_probe_results_total')) >= before + count ? true : undefined,
    );
  }

  async createPod(name: string, app: string): Promise<void> {
    await this.cluster.kubelets.createPod({
      metadata: { namespace: 'default', name, labels: { app: 'web', for: app } },
      spec: {
        nodeName: NODE,
        containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 8080 }] }],
      },
    });
  }

  /** Pods that nothing runs behind. */
  async createIdlePods(app: string, names: readonly string[]): Promise<void> {
    const spec = { nodeName: NODE, containers: [{ name: 'main' }] };
    const { kubelets } = this.cluster;
    await Promise.all(
      names.map((name) =>
        kubelets.createPod({ metadata: { namespace: 'default', name, labels: { for: app } }, spec }),
      ),
    );
  }

  /** Creates an object that selects the pods made for it, as the controller would have accepted it. */
  async createSwh(name: string, healthcheck: object = HEALTHCHECK): Promise<void> {
    const { api } = this.cluster.controlPlane;
    await api.post(swhPath(), {
      apiVersion: 'network.deckhouse.io/v1alpha1',
      kind: 'ServiceWithHealthchecks',
      metadata: { name },
      spec: { selector: { for: name }, ports: [{ port: 80, targetPort: 8080 }], healthcheck },
    });
    const ready = {
      type: 'ChildServiceReady',
      status: 'True',
      reason: 'ChildServiceWasCreated',
      message: '',
    };
    await this.patchStatus(name, { conditions: [ready], ipFamilies: ['IPv4'] });
  }

  async patchStatus(name: string, status: object): Promise<void> {
    await this.cluster.controlPlane.api.mergePatch(`${swhPath(name)}/status`, { status });
  }

  async patchSpec(name: string, spec: object): Promise<void> {
    await this.cluster.controlPlane.api.mergePatch(swhPath(name), { spec });
  }

  /** Name and version of each slice of the Service, as the API server has them. */
  async versions(service: string): Promise<Readonly<Record<string, string>>> {
    const slices = await this.slices(service);
    return Object.fromEntries(slices.map(({ metadata }) => [metadata.name, metadata.resourceVersion ?? '']));
  }

  async slices(service: string): Promise<readonly EndpointSlice[]> {
    const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
    const path = `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=${selector}`;
    const { items } = await this.cluster.controlPlane.api.get<{ readonly items: readonly EndpointSlice[] }>(
      path,
    );
    return items;
  }

  /** Deletes the slice and puts one with the same endpoints in its place, as the module that is replaced makes it. */
  async replaceByForeignSlice(slice: EndpointSlice | undefined, name: string): Promise<void> {
    const { api } = this.cluster.controlPlane;
    const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
    const { metadata, ports, addressType, endpoints = [] } = slice ?? {};
    const { 'network.deckhouse.io/node': _, ...labels } = metadata?.labels ?? {};
    await api.post(path, {
      metadata: { name, labels, ownerReferences: metadata?.ownerReferences },
      ...{ ports, addressType, endpoints },
    });
    await api.delete(`${path}/${metadata?.name}`);
  }

  /** The probe results that the slices of the Service carry, as text. */
  async results(service: string): Promise<string> {
    const slices = await this.slices(service);
    return slices
      .map((slice) => slice.metadata.annotations?.['network.deckhouse.io/probe-results'])
      .join('\n');
  }
}

function swhPath(name?: string): string {
  const path = '/apis/network.deckhouse.io/v1alpha1/namespaces/default/servicewithhealthchecks';
  return name === undefined ? path : `${path}/${name}`;
}
