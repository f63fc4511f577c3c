import type { Pod, Service } from '#lib/core/kubernetes.ts';
import { clientNode } from '../../dev/cluster/cluster.ts';
import { type Product, type ProductOptions, startProduct } from '../../dev/cluster/product.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { EndpointLog } from '../../dev/workload/endpoint-log.ts';
import {
  createNamespace,
  type ExampleCluster,
  startExampleCluster,
} from '../../dev/workload/example-cluster.ts';
import { Traffic } from '../../dev/workload/traffic.ts';
import type { TrafficKind } from '../../dev/workload/traffic-sample.ts';

export const E2E_NAMESPACE = 'e2e';

/** Timings that let a test end soon: a verdict within two seconds. */
const QUICK = { initialDelaySeconds: 0, periodSeconds: 1 } as const;
const QUICK_PROBE = { timeoutSeconds: 1, failureThreshold: 2 } as const;

export interface E2eOptions extends ProductOptions {
  readonly dns?: boolean;
}

/** A cluster with the product on it, and a namespace to work in. */
export interface E2eCluster extends ExampleCluster {
  readonly product: Product;
  readonly endpoints: EndpointLog;
  /** Applies objects to the namespace. */
  apply(...objects: readonly object[]): Promise<void>;
  /** Runs a pod with the label `app: web` and a web server on 8080. */
  runWebPod(name: string, node: string): Promise<Pod>;
  clusterIp(service: string): Promise<string>;
  /** Starts clients of a Service, ten requests a second, and waits for an answer; the stream has its name. */
  clientsOf(service: string, kind: TrafficKind, port: number): Promise<Traffic>;
  stop(): Promise<void>;
}

/** Starts everything; the caller stops it. */
export async function startE2eCluster({ dns = false, ...options }: E2eOptions = {}): Promise<E2eCluster> {
  const { cluster, pods } = await startExampleCluster({ dns });
  try {
    const product = await startProduct(cluster, options);
    await createNamespace(cluster, E2E_NAMESPACE);
    const endpoints = new EndpointLog(cluster.controlPlane.api, E2E_NAMESPACE);
    const { host, controlPlane, kubelets, network } = cluster;
    const clusterIp = (service: string): Promise<string> =>
      waitFor(`a cluster IP of ${service}`, async () => {
        const path = `/api/v1/namespaces/${E2E_NAMESPACE}/services/${service}`;
        return (await controlPlane.api.get<Service>(path)).spec.clusterIP;
      });
    return {
      ...{ cluster, pods, product, endpoints, clusterIp },
      async apply(...objects) {
        const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
        await controlPlane.kubectl(['-n', E2E_NAMESPACE, 'apply', '-f', '-'], list);
      },
      runWebPod(name, node) {
        const containers = [{ name: 'web', ports: [{ containerPort: 8080 }] }];
        const metadata = { namespace: E2E_NAMESPACE, name, labels: { app: 'web' } };
        return kubelets.createPod({ metadata, spec: { nodeName: node, containers } });
      },
      async clientsOf(service, kind, port) {
        const address = await clusterIp(service);
        const stream = { name: service, kind, address, port, ratePerSecond: 10, timeoutMs: 2_000 };
        const { netns } = network.node(clientNode);
        const traffic = await Traffic.start(host, { name: `clients-${service}`, netns, streams: [stream] });
        // kube-proxy takes up to a second to follow the slices.
        await traffic.waitForSample(service, 0, ({ result }) => result.kind === 'answered', 20_000);
        return traffic;
      },
      async stop() {
        endpoints.stop();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** A ServiceWithHealthchecks over the web pods with an HTTP probe of `/healthz` and quick timings. */
export function webBalancer(name: string, service: object = {}): object {
  const http = { targetPort: 8080, method: 'GET', path: '/healthz' };
  return {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name },
    spec: {
      ...{ selector: { app: 'web' }, ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }] },
      ...service,
      healthcheck: { ...QUICK, probes: [{ mode: 'HTTP', http, ...QUICK_PROBE }] },
    },
  };
}

/** The same ServiceWithHealthchecks with quick timings. */
export function withQuickTimings(object: Readonly<Record<string, unknown>>): object {
  // The manifests of the examples have this shape.
  const { spec } = object as {
    readonly spec: { readonly healthcheck: { readonly probes: readonly object[] } };
  };
  const probes = spec.healthcheck.probes.map((probe) => ({ ...probe, ...QUICK_PROBE }));
  return { ...object, spec: { ...spec, healthcheck: { ...spec.healthcheck, ...QUICK, probes } } };
}

/** A plain Service over the web pods, to compare with. */
export function plainService(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }] },
  };
}
