import type { Pod } from '#lib/core/kubernetes.ts';
import { isPodReady } from '#lib/core/pod/pod-readiness.ts';
import type { DesiredEndpoint } from '#lib/core/slice/desired-endpoints.ts';

/**
 * Withholds every endpoint of which the EndpointSlice controller would say something else, so that its slices and ours
 * may stand side by side: consumers that see one address with two conditions choose at random. What is left is
 * ready, serving and not terminating, here and there.
 */
export function withoutDisagreement(
  desired: readonly DesiredEndpoint[],
  pods: readonly Pod[],
): readonly DesiredEndpoint[] {
  const ready = new Set(pods.filter(isPodReady).map(({ metadata }) => metadata.uid ?? ''));
  return desired.map((endpoint) => {
    const { ready: isReady, serving, terminating } = endpoint.conditions;
    const isAgreed = isReady && serving && !terminating && ready.has(endpoint.podUid);
    return isAgreed ? endpoint : { ...endpoint, isWithheld: true };
  });
}
