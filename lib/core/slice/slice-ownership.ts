import type { Endpoint, EndpointSlice } from '#lib/core/kubernetes.ts';
import { nodeLabelValue } from '#lib/core/pod/node-facts.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, NODE_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';

/** The endpoints of a slice: the API server sends `null` for an empty list that was written as such. */
export function endpointsOf(slice: EndpointSlice): readonly Endpoint[] {
  return slice.endpoints ?? [];
}

/** Whether the slice was made for the object by this product. The uid decides: a namesake made later has none. */
export function isSliceOf(slice: EndpointSlice, swh: Pick<ServiceWithHealthchecks, 'ref' | 'uid'>): boolean {
  const { namespace, labels, ownerReferences } = slice.metadata;
  return (
    namespace === swh.ref.namespace &&
    labels?.[MANAGED_BY_LABEL] === MANAGED_BY &&
    (ownerReferences ?? []).some(({ uid, controller }) => uid === swh.uid && controller === true)
  );
}

/**
 * Whether the slice belongs to the node. A slice without the node label (made by another implementation of the
 * same API) does when every endpoint in it is on that node.
 */
export function isSliceOfNode(slice: EndpointSlice, nodeName: string): boolean {
  const label = slice.metadata.labels?.[NODE_LABEL];
  if (label !== undefined) return label === nodeLabelValue(nodeName);
  const endpoints = endpointsOf(slice);
  return endpoints.length > 0 && endpoints.every((endpoint) => endpoint.nodeName === nodeName);
}
