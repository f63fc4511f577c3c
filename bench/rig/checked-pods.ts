import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import type { Cluster } from '../../dev/cluster/cluster.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { createNamespace } from '../../dev/workload/example-cluster.ts';
import { FIRST_TARGET_PORT } from './check-target.ts';

/** One thing to check, for those who are given addresses. */
export interface CheckedAddress {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** One probe of `spec.healthcheck.probes`, for a port. */
export type ProbeOn = (port: number) => object;

const NAMESPACE = 'checked';
const NODE = 'node-1';
/** A node's prefix has no room for many more. */
const MOST_PODS = 250;
const PODS_AT_ONCE = 16;
const READY_DEADLINE_MS = 180_000;

/**
 * A number of different targets on one node: up to 250 pods and, for each port, one ServiceWithHealthchecks over all
 * of them with one probe.
 */
export class CheckedPods {
  readonly addresses: readonly CheckedAddress[];
  readonly #cluster: Cluster;
  readonly #ports: readonly number[];
  #asked = 0;

  private constructor(cluster: Cluster, pods: readonly string[], ports: readonly number[]) {
    this.#cluster = cluster;
    this.#ports = ports;
    this.addresses = ports.flatMap((port) =>
      pods.map((address) => ({ name: `s${address.replaceAll('.', '-')}-${port}`, address, port })),
    );
  }

  /** How many ports are needed for so many targets. */
  static portsFor(targets: number): number {
    return Math.ceil(targets / MOST_PODS);
  }

  /** Makes the namespace and the pods. `targets` must be at most 250, or a multiple of that. */
  static async create(cluster: Cluster, targets: number): Promise<CheckedPods> {
    const count = CheckedPods.portsFor(targets);
    const ports = Array.from({ length: count }, (_, index) => FIRST_TARGET_PORT + index);
    await createNamespace(cluster, NAMESPACE);
    const addresses: string[] = [];
    for (let first = 0; first < targets / count; first += PODS_AT_ONCE) {
      const numbers = Array.from(
        { length: Math.min(PODS_AT_ONCE, targets / count - first) },
        (_, at) => first + at,
      );
      addresses.push(...(await Promise.all(numbers.map((number) => addPod(cluster, number)))));
    }
    return new CheckedPods(cluster, addresses, ports);
  }

  /** Makes the objects of so many targets, the first ones, or changes their probe; leaves others as they are. */
  async apply(probeOn: ProbeOn, targets: number): Promise<void> {
    this.#asked = targets;
    const ports = this.#ports.slice(0, CheckedPods.portsFor(targets));
    const items = ports.map((port) => objectFor(port, probeOn(port)));
    const list = { apiVersion: 'v1', kind: 'List', items };
    await this.#cluster.controlPlane.kubectl(
      ['-n', NAMESPACE, 'apply', '--server-side', '-f', '-'],
      JSON.stringify(list),
    );
  }

  /** Resolves when each target that was asked for is a ready endpoint of its object. */
  async waitForReady(): Promise<void> {
    const { api } = this.#cluster.controlPlane;
    const path = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;
    await waitFor(
      'all targets to be ready endpoints',
      async () => {
        const { items } = await api.get<{ readonly items: readonly EndpointSlice[] }>(path);
        const endpoints = items.flatMap((slice) => slice.endpoints);
        const ready = endpoints.filter(({ conditions }) => conditions?.ready === true).length;
        if (ready !== this.#asked) throw new Error(`${ready} of ${this.#asked} are`);
        return true;
      },
      { deadlineMs: READY_DEADLINE_MS, intervalMs: 1000 },
    );
  }
}

async function addPod({ kubelets }: Cluster, number: number): Promise<string> {
  const pod = await kubelets.createPod({
    metadata: { namespace: NAMESPACE, name: `p-${number}`, labels: { app: 'checked' } },
    spec: { nodeName: NODE, containers: [{ name: 'main' }] },
  });
  const address = pod.status?.podIP;
  if (address === undefined) throw new Error(`pod p-${number} runs without an address`);
  return address;
}

function objectFor(port: number, probe: object): object {
  return {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name: `checked-${port}` },
    spec: {
      selector: { app: 'checked' },
      ports: [{ port, targetPort: port }],
      healthcheck: { initialDelaySeconds: 0, periodSeconds: 1, probes: [probe] },
    },
  };
}
