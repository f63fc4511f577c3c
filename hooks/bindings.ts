import { API_VERSION, KIND } from '#lib/core/service-with-healthchecks.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import type { KubernetesBinding } from '#lib/hook/hook.ts';

/** What the hooks look at. A name means the same in every hook, so that one program can share the snapshots. */

export const OBJECTS: KubernetesBinding = { name: 'objects', apiVersion: API_VERSION, kind: KIND };

/** The same objects, looked up only: their changes wake nobody. */
export const OBJECTS_LOOKED_UP: KubernetesBinding = {
  ...OBJECTS,
  name: 'objects-looked-up',
  executeHookOnEvent: [],
  executeHookOnSynchronization: false,
};

/** All Services, because one that stands in the way of a child is not marked in any way. */
export const SERVICES: KubernetesBinding = { name: 'services', apiVersion: 'v1', kind: 'Service' };

/** The slices that agents publish. */
export const SLICES: KubernetesBinding = {
  name: 'slices',
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  labelSelector: { matchLabels: { [MANAGED_BY_LABEL]: MANAGED_BY } },
};

export const NODES: KubernetesBinding = { name: 'nodes', apiVersion: 'v1', kind: 'Node' };
