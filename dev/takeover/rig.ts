import type { EndpointSlice, Endpoints, KubernetesObject, Service } from '#lib/core/kubernetes.ts';
import { type Cluster, clientNode } from '../cluster/cluster.ts';
import { setSysctls } from '../cluster/ip-command.ts';
import type { ProxyMode } from '../cluster/kube-proxy.ts';
import { type Product, startProduct } from '../cluster/product.ts';
import { waitFor } from '../process/wait-for.ts';
import { EndpointLog } from '../workload/endpoint-log.ts';
import { createNamespace, startExampleCluster } from '../workload/example-cluster.ts';
import type { ExamplePods } from '../workload/example-pods.ts';
import { objectManifest, serviceManifest } from './manifests.ts';

export const NAMESPACE = 'take-over';

/** Pods whose probes pass, and one whose probes fail although Kubernetes finds it ready. */
export const GOOD_PODS: readonly string[] = ['web-1', 'web-2', 'web-3'];
export const BAD_POD = 'web-bad';

/** A ServiceWithHealthchecks as it is read back. */
export interface Swh extends KubernetesObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; reason: string; message: string }[];
  };
}

/** A cluster with kube-proxy, the product, and pods that answer; everything that a take-over needs. */
export interface TakeOverRig {
  readonly cluster: Cluster;
  readonly pods: ExamplePods;
  readonly product: Product;
  readonly endpoints: EndpointLog;
  service(name: string): Promise<Service | undefined>;
  object(name: string): Promise<Swh | undefined>;
  /** The Endpoints object of the old API, if there is one. */
  endpointsObject(name: string): Promise<Endpoints | undefined>;
  slices(name: string): Promise<readonly EndpointSlice[]>;
  createService(name: string, more?: object): Promise<Service>;
  deleteService(name: string): Promise<void>;
  createObject(name: string, spec?: object): Promise<Swh>;
  /** Merges into the spec of the object. */
  patchObject(name: string, spec: object): Promise<void>;
  deleteObject(name: string): Promise<void>;
  /** Waits until ChildServiceReady has the reason, and the message the text. */
  waitForReason(name: string, reason: string, text?: string): Promise<void>;
  /** Waits until a condition of the object says the text. */
  waitForCondition(name: string, type: string, text: string): Promise<void>;
  /** Waits until exactly these pods are ready endpoints in the standard controller's slices. */
  waitForStandard(name: string, pods: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface TakeOverRigOptions {
  /** How the module gets into the cluster. Default: by its manifests. */
  readonly install?: (cluster: Cluster) => Promise<void>;
  /** Default: iptables, with which no connection is refused because rules are rewritten. */
  readonly proxyMode?: ProxyMode;
}

/** Starts everything; the caller stops it. */
export async function startTakeOverRig({
  install,
  proxyMode = 'iptables',
}: TakeOverRigOptions = {}): Promise<TakeOverRig> {
  const { cluster, pods } = await startExampleCluster({ dns: false, proxyMode });
  try {
    await install?.(cluster);
    // A controller that was killed must be able to act at once.
    const product = await startProduct(cluster, {
      controllerFlags: ['--leader-elect=false'],
      manifests: install === undefined ? 'applied' : 'there',
    });
    await createNamespace(cluster, NAMESPACE);
    await forgetClosedConnections(cluster);
    await startPods(cluster);
    pods.web(BAD_POD).setHealthy(false);
    const endpoints = new EndpointLog(cluster.controlPlane.api, NAMESPACE);
    return { cluster, pods, product, endpoints, ...accessTo(cluster), ...stopper(cluster, endpoints) };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/**
 * Keeps the pods' kernels from remembering closed connections. Many Services over the same pods, with the same clients,
 * bring a client's port back to a pod within a minute; coming through another cluster IP its clock looks as if it went
 * backwards, and the pod's kernel does not let it in.
 */
async function forgetClosedConnections({ network, nodes }: Cluster): Promise<void> {
  for (const { name } of nodes) {
    await setSysctls(network.node(name).netns, { 'net/ipv4/tcp_max_tw_buckets': '0' });
  }
}

async function startPods({ kubelets }: Cluster): Promise<void> {
  const containers = [{ name: 'web', ports: [{ name: 'web', containerPort: 8080 }] }];
  for (const [index, name] of [...GOOD_PODS, BAD_POD].entries()) {
    const metadata = { namespace: NAMESPACE, name, labels: { app: 'web' } };
    await kubelets.createPod({ metadata, spec: { nodeName: `node-${(index % 3) + 1}`, containers } });
  }
  for (const name of [...GOOD_PODS, BAD_POD]) {
    await kubelets.waitForPod(
      { namespace: NAMESPACE, name },
      'to be ready',
      ({ status }) =>
        status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true,
    );
  }
}

function accessTo({ controlPlane: { api } }: Cluster) {
  const core = `/api/v1/namespaces/${NAMESPACE}`;
  const objects = `/apis/network.deckhouse.io/v1alpha1/namespaces/${NAMESPACE}/servicewithhealthchecks`;
  const slicesPath = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;
  const ifThere = <T>(path: string): Promise<T | undefined> => api.get<T>(path).catch(() => undefined);
  const slicesOf = async (name: string) => {
    const query = `?labelSelector=kubernetes.io/service-name=${name}`;
    return (await api.get<{ readonly items: readonly EndpointSlice[] }>(`${slicesPath}${query}`)).items;
  };
  const object = (name: string) => ifThere<Swh>(`${objects}/${name}`);
  return {
    object,
    slices: slicesOf,
    service: (name: string) => ifThere<Service>(`${core}/services/${name}`),
    endpointsObject: (name: string) => ifThere<Endpoints>(`${core}/endpoints/${name}`),
    createService: (name: string, more: object = {}) =>
      api.post<Service>(`${core}/services`, { ...serviceManifest(name), ...more }),
    deleteService: (name: string) => api.delete(`${core}/services/${name}`),
    createObject: (name: string, spec: object = {}) => api.post<Swh>(objects, objectManifest(name, spec)),
    async patchObject(name: string, spec: object) {
      await api.mergePatch(`${objects}/${name}`, { spec });
    },
    deleteObject: (name: string) => api.delete(`${objects}/${name}`),
    async waitForReason(name: string, reason: string, text = '') {
      await waitFor(`${name} to have reason ${reason} ${text}`, async () => {
        const all = (await object(name))?.status?.conditions ?? [];
        const child = all.find(({ type }) => type === 'ChildServiceReady');
        if (child?.reason === reason && child.message.includes(text)) return true;
        throw new Error(`it has ${child?.reason}: ${child?.message}`);
      });
    },
    async waitForCondition(name: string, type: string, text: string) {
      await waitFor(`${type} of ${name} to say ${text}`, async () => {
        const all = (await object(name))?.status?.conditions ?? [];
        return all.some((one) => one.type === type && one.message.includes(text)) || undefined;
      });
    },
    async waitForStandard(name: string, pods: readonly string[]) {
      await waitFor(`the standard slices of ${name}`, async () => {
        const standard = (await slicesOf(name)).filter(isStandard);
        const ready = standard.flatMap(({ endpoints }) =>
          (endpoints ?? [])
            .filter(({ conditions }) => conditions?.ready === true)
            .map(({ targetRef }) => targetRef?.name),
        );
        return JSON.stringify(ready.toSorted()) === JSON.stringify(pods.toSorted()) ? true : undefined;
      });
    },
  };
}

function isStandard({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.['endpointslice.kubernetes.io/managed-by'] === 'endpointslice-controller.k8s.io';
}

function stopper(cluster: Cluster, endpoints: EndpointLog) {
  return {
    async stop() {
      endpoints.stop();
      await cluster.stop();
    },
  };
}

/** Where clients connect from. */
export function clientNamespace({ network }: Cluster): string {
  return network.node(clientNode).netns;
}
