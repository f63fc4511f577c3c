import type { Endpoint } from '#lib/core/kubernetes.ts';

/** What a ready endpoint is near to. */
interface Place {
  readonly nodeName: string;
  readonly zone?: string | undefined;
}

/**
 * Topology hints of a ready endpoint as the EndpointSlice controller writes them (k8s.io/endpointslice/trafficdist):
 * its own zone and, for PreferSameNode, its own node. Without a known `trafficDistribution` there are none.
 * An endpoint that is not ready has none either: there it loses them with its readiness.
 */
export function endpointHints(trafficDistribution: string | undefined, place: Place): Endpoint['hints'] {
  if (!isKnown(trafficDistribution)) return undefined;
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
