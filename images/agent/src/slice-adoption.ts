import { type EndpointSlice, keyOf } from '#lib/core/kubernetes.ts';
import { nodeLabelValue } from '#lib/core/pod/node-facts.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, NODE_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { isSliceOfNode } from '#lib/core/slice/slice-ownership.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import { classifyKubeError } from '#lib/kube/kube-error.ts';
import { ENDPOINT_SLICES } from '#lib/kube/resources.ts';
import { backoffMs } from '#lib/runtime/backoff.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import type { Random } from '#lib/runtime/random.ts';
import { sleep } from '#lib/runtime/sleep.ts';

export interface SliceAdoptionDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const RETRY = { minMs: 250, maxMs: 15_000 } as const;
const UNLABELLED = `${MANAGED_BY_LABEL}=${MANAGED_BY},!${NODE_LABEL}`;

/**
 * Puts the node label on the slices of this node that lack it: those of another implementation of the same API, which
 * the module replaces. Without it nobody would keep them true, and they would go on feeding their Service.
 * Waits for the API server; resolves when nothing is left to do, when the rights do not suffice, or at the signal.
 */
export async function adoptSlices(
  deps: SliceAdoptionDeps,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      await adoptOnce(deps, nodeName, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      const kind = classifyKubeError(error);
      deps.logger.warn('adopting slices failed', { kind, error: String(error) });
      if (kind === 'forbidden' || kind === 'bug') return;
      await sleep(deps.clock, backoffMs(failures, RETRY, deps.random), signal);
    }
  }
}

async function adoptOnce(
  { api, logger }: SliceAdoptionDeps,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  const { items } = await api.list(ENDPOINT_SLICES, { labelSelector: UNLABELLED }, signal);
  for (const slice of items.filter((one) => isSliceOfNode(one, nodeName))) {
    await api.replace(ENDPOINT_SLICES, labelled(slice, nodeName), { signal });
    logger.info('slice adopted', { slice: keyOf(slice) });
  }
}

function labelled(slice: EndpointSlice, nodeName: string): EndpointSlice {
  const labels = { ...slice.metadata.labels, [NODE_LABEL]: nodeLabelValue(nodeName) };
  return { ...slice, metadata: { ...slice.metadata, labels } };
}
