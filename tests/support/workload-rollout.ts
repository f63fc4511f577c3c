import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import type { ApiClient } from '../../dev/cluster/api-client.ts';
import { PRODUCT_NAMESPACE } from '../../dev/cluster/product.ts';
import { waitFor } from '../../dev/process/wait-for.ts';

/** A Deployment or a DaemonSet; each counts in fields of its own. */
interface Workload extends KubernetesObject {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly replicas?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberReady?: number;
    readonly currentNumberScheduled?: number;
  };
}

/**
 * Waits until a workload of the module, as `daemonsets/agent`, asks for the image in its first container, and as many pods
 * as wanted, no more, have it and are ready.
 */
export async function waitForRollout(
  api: ApiClient,
  workload: string,
  image: string,
  pods: number,
): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${PRODUCT_NAMESPACE}/${workload}`;
  await waitFor(
    `${workload} to run ${image}`,
    async () => {
      const { metadata, spec, status } = await api.get<Workload>(path);
      const found = [spec.template.spec.containers[0]?.image, status.observedGeneration];
      const counts = workload.startsWith('deployments/')
        ? [status.replicas, status.updatedReplicas, status.readyReplicas]
        : [status.currentNumberScheduled, status.updatedNumberScheduled, status.numberReady];
      const isThere = found[0] === image && found[1] === metadata.generation;
      if (isThere && counts.every((count) => count === pods)) return true;
      throw new Error(`it asks for ${found[0]} and has ${counts.join(', ')} pods, updated, ready`);
    },
    { deadlineMs: 120_000 },
  );
}
