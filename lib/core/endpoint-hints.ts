import type { Endpoint } from '#lib/core/kubernetes.ts';

/** What a ready endpoint is near to. */
interface Place {
  readonly nodeName: string;
  readonly zone?: string | undefined;
}

/**
 * Topology hints as the EndpointSlice controller writes them (k8s.io/endpointslice/trafficdist): for a ready endpoint
 * its own zone and, for PreferSameNode, its own node. An endpoint that is not ready keeps what it had, so
 * that its hints are never a reason for a write. Without a known `trafficDistribution` there are none.
 */
export function endpointHints(
  trafficDistribution: string | undefined,
  place: Place,
  current: Endpoint['hints'] | 'renew',
): Endpoint['hints'] {
  if (!isKnown(trafficDistribution)) return undefined;
  if (current !== 'renew') return current;
  const forZones = place.zone === undefined ? [] : [{ name: place.zone }];
  const forNodes = trafficDistribution === 'PreferSameNode' ? [{ name: place.nodeName }] : [];
  if (forZones.length + forNodes.length === 0) return undefined;
  return {
    ...(forZones.length === 0 ? {} : { forZones }),
    ...(forNodes.length === 0 ? {} : { forNodes }),
  };
}

function isKnown(trafficDistribution: string | undefined): boolean {
  return (
    trafficDistribution === 'PreferClose' ||
    trafficDistribution === 'PreferSameZone' ||
    trafficDistribution === 'PreferSameNode'
  );
}
