import type { EndpointSlice, Pod } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import { addressesOf, isFinished } from '#lib/core/pod/pod-membership.ts';
import { endpointKey } from '#lib/core/slice/desired-endpoints.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';

/**
 * What is done with the slices of an object whose spec is rejected: what is published stays as it is, because
 * nobody knows what the user wants instead. Only endpoints whose pod is gone, has finished or no longer has
 * the address are dropped: that address may be somebody else's by then. A slice left without endpoints is deleted.
 * An endpoint that names no pod stays, since nothing is known of it.
 * `pods` are all pods of the slices' node and namespace.
 */
export function freezeSlices(existing: readonly EndpointSlice[], pods: readonly Pod[]): Plan<EndpointSlice> {
  const alive = new Set(pods.filter((pod) => !isFinished(pod)).flatMap(keysOf));
  const kept = existing.map((slice) => ({
    slice,
    endpoints: endpointsOf(slice).filter(
      (endpoint) => endpoint.targetRef?.uid === undefined || alive.has(endpointKey(endpoint)),
    ),
  }));
  const shrunk = kept.filter(({ slice, endpoints }) => endpoints.length < endpointsOf(slice).length);
  return {
    create: [],
    update: shrunk
      .filter(({ endpoints }) => endpoints.length > 0)
      .map(({ slice, endpoints }) => ({ current: slice, next: { ...slice, endpoints } })),
    delete: shrunk.filter(({ endpoints }) => endpoints.length === 0).map(({ slice }) => slice),
  };
}

function keysOf(pod: Pod): readonly string[] {
  return Object.values(addressesOf(pod)).map((address) =>
    endpointKey({ addresses: [address], targetRef: { uid: pod.metadata.uid ?? '' } }),
  );
}
