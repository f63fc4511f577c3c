import type { Pod } from '#lib/core/kubernetes.ts';
import { type Cluster, startCluster } from '../../dev/cluster/cluster.ts';
import { type Product, type ProductOptions, startProduct } from '../../dev/cluster/product.ts';
import type { ProcessHost } from '../../dev/process/process-host.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { EndpointLog } from '../../dev/workload/endpoint-log.ts';
import { createNamespace } from '../../dev/workload/example-cluster.ts';
import { TargetControl } from './target-control.ts';

/** Where the pods and objects of a benchmark live. */
export const BENCH_NAMESPACE = 'bench';

/** The one node of a benchmark. */
export const BENCH_NODE = 'node-1';

/** One ServiceWithHealthchecks over pods of its own. */
export interface BenchObject {
  readonly name: string;
  readonly pods: number;
  /** `spec.healthcheck` */
  readonly healthcheck: object;
}

/** What the agent's Node loads before the agent itself: see `ProductOptions`. */
export type AgentPreload = (host: ProcessHost) => NonNullable<ProductOptions['agentPreload']>;

/** A control plane, one node with pods that one real server answers for, the built controller and one agent. */
export interface Rig {
  readonly cluster: Cluster;
  readonly product: Product;
  readonly endpoints: EndpointLog;
  readonly targets: TargetControl;
  /** Makes the pods and applies the object; resolves when all its endpoints are ready. */
  addObject(object: BenchObject): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the rig; the caller stops it. */
export async function startRig(agentPreload?: AgentPreload): Promise<Rig> {
  const cluster = await startCluster({ nodes: 1, dns: false, kubeProxy: [], audit: 'writes' });
  try {
    const targets = await TargetControl.start(cluster.host, { node: cluster.network.node(BENCH_NODE) });
    const product = await startProduct(cluster, {
      agentsOn: [BENCH_NODE],
      ...(agentPreload && { agentPreload: agentPreload(cluster.host) }),
    });
    await createNamespace(cluster, BENCH_NAMESPACE);
    const endpoints = new EndpointLog(cluster.controlPlane.api, BENCH_NAMESPACE);
    return {
      ...{ cluster, product, endpoints, targets },
      async addObject(object) {
        for (let number = 1; number <= object.pods; number += 1) await addPod(cluster, object.name, number);
        const list = JSON.stringify(manifestOf(object));
        await cluster.controlPlane.kubectl(['-n', BENCH_NAMESPACE, 'apply', '-f', '-'], list);
        await waitForAllReady(endpoints, object);
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

function addPod(cluster: Cluster, app: string, number: number): Promise<Pod> {
  const metadata = { namespace: BENCH_NAMESPACE, name: `${app}-${number}`, labels: { app } };
  const containers = [{ name: 'main', ports: [{ containerPort: 8080 }] }];
  return cluster.kubelets.createPod({ metadata, spec: { nodeName: BENCH_NODE, containers } });
}

function manifestOf({ name, healthcheck }: BenchObject): object {
  return {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }], healthcheck },
  };
}

function waitForAllReady(endpoints: EndpointLog, { name, pods }: BenchObject): Promise<true> {
  return waitFor(
    `all ${pods} endpoints of ${name} to be ready`,
    async () => (endpoints.ready(name).length === pods ? true : undefined),
    { deadlineMs: 60_000, intervalMs: 100 },
  );
}
