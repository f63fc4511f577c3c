import { type Cluster, type ClusterOptions, startCluster } from '../cluster/cluster.ts';
import { waitFor } from '../process/wait-for.ts';
import { ExamplePods } from './example-pods.ts';

/** A cluster whose kubelets start real servers behind the pods of the examples. */
export interface ExampleCluster {
  readonly cluster: Cluster;
  readonly pods: ExamplePods;
}

/**
 * Starts the cluster; `cluster.stop` removes everything. A `runPod` of the caller's has the first say: where it returns
 * nothing, the pod is one of the examples.
 */
export async function startExampleCluster(options: ClusterOptions): Promise<ExampleCluster> {
  // The kubelets need the programs, and these the host that comes with the cluster.
  const programs = Promise.withResolvers<ExamplePods>();
  const cluster = await startCluster({
    ...options,
    runPod: async (pod, placement) =>
      (await options.runPod?.(pod, placement)) ?? (await programs.promise).run(pod, placement),
  });
  const pods = new ExamplePods(cluster.host);
  programs.resolve(pods);
  return { cluster, pods };
}

/** Makes a namespace, ready for pods. */
export async function createNamespace({ controlPlane }: Cluster, name: string): Promise<void> {
  await controlPlane.api.post('/api/v1/namespaces', { metadata: { name } });
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  await waitFor(`${account} to exist`, () => controlPlane.api.get<object>(account));
}
