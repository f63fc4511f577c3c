import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { type DesiredEndpoint, endpointKey } from '#lib/core/slice/desired-endpoints.ts';
import { CHILD_SERVICE_READY } from '#lib/core/slice/publication.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';

/**
 * What has to stand beside the desired endpoints for as long as the Service has port names that the object has dropped:
 * consumers match by name, and would find nothing under the names that they still know. Only endpoints that are still
 * desired stay, with what is said of them today, in the slices in which they stand.
 */
export function underFormerPorts(
  swh: ServiceWithHealthchecks,
  desired: readonly DesiredEndpoint[],
  own: readonly EndpointSlice[],
): readonly DesiredEndpoint[] {
  if (!isServiceBehind(swh)) return [];
  const names = new Set((swh.service.ports ?? []).map(({ name = '' }) => name));
  const former = own.filter(({ ports }) => (ports ?? []).some(({ name = '' }) => !names.has(name)));
  const byKey = new Map(desired.map((one) => [one.key, one]));
  return former.flatMap((slice) =>
    endpointsOf(slice).flatMap((endpoint) => {
      const found = byKey.get(endpointKey(endpoint));
      return found === undefined ? [] : [{ ...found, ports: slice.ports ?? [] }];
    }),
  );
}

/** Whether the controller has not said yet that the Service is what this generation of the object describes. */
function isServiceBehind({ observed, generation }: ServiceWithHealthchecks): boolean {
  const child = observed.conditions.find(({ type }) => type === CHILD_SERVICE_READY);
  return child?.observedGeneration !== undefined && child.observedGeneration < generation;
}
