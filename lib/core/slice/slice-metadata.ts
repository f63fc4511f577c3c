import { compareText } from '#lib/core/canonical-json.ts';
import type { OwnerReference } from '#lib/core/kubernetes.ts';
import { nodeLabelValue } from '#lib/core/pod/node-facts.ts';
import { isTracking } from '#lib/core/service/gitops-tracking.ts';
import { API_VERSION, KIND, type ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import {
  HEADLESS_LABEL,
  HERITAGE,
  HERITAGE_LABEL,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  NODE_LABEL,
  SERVICE_NAME_LABEL,
} from '#lib/core/slice/endpoint-slice-metadata.ts';

const RESERVED: ReadonlySet<string> = new Set([
  HEADLESS_LABEL,
  HERITAGE_LABEL,
  MANAGED_BY_LABEL,
  NODE_LABEL,
  SERVICE_NAME_LABEL,
]);

/**
 * Labels of the slices of one object on one node: the object's own, as a Service's labels are on its slices, without
 * those of deployment tools; and ours, which it cannot override.
 */
export function sliceLabels(
  swh: ServiceWithHealthchecks,
  nodeName: string,
): Readonly<Record<string, string>> {
  const own = Object.entries(swh.labels).filter(
    ([key, value]) => !RESERVED.has(key) && !isTracking(key, value),
  );
  return {
    ...Object.fromEntries(own.toSorted(([a], [b]) => compareText(a, b))),
    [SERVICE_NAME_LABEL]: swh.ref.name,
    [MANAGED_BY_LABEL]: MANAGED_BY,
    [HERITAGE_LABEL]: HERITAGE,
    [NODE_LABEL]: nodeLabelValue(nodeName),
    ...(swh.service.clusterIP === 'None' ? { [HEADLESS_LABEL]: '' } : {}),
  };
}

/**
 * Owner of the slices. `blockOwnerDeletion` is left out: setting it takes a right on the owner's finalizers.
 */
export function sliceOwner(swh: ServiceWithHealthchecks): OwnerReference {
  return { apiVersion: API_VERSION, kind: KIND, name: swh.ref.name, uid: swh.uid, controller: true };
}
