import { MANAGED_BY, MANAGED_BY_LABEL } from '#lib/core/endpoint-slice-metadata.ts';
import { type KubernetesObject, keyOf, type OwnerReference } from '#lib/core/kubernetes.ts';
import { GROUP, KIND } from '#lib/core/service-with-healthchecks.ts';
import type { Hook, Operation } from '#lib/hook/hook.ts';
import { OBJECTS, SLICES } from './bindings.ts';

/**
 * Deletes the slices whose object is gone, judged by uid: a namesake made later makes its own. The garbage
 * collector does the same where it runs; a slice that outlives its object would keep feeding any Service of
 * its name.
 */
export const orphanSlices: Hook = {
  name: 'orphan-slices',
  config: { configVersion: 'v1', kubernetes: [OBJECTS, SLICES] },
  keysOf(binding, object) {
    return binding === OBJECTS.name
      ? [keyOf(object)]
      : ownersOf(object).map((owner) => keyOfOwner(object, owner));
  },
  reconcile(snapshots) {
    const uids = new Set((snapshots[OBJECTS.name] ?? []).map(({ metadata }) => metadata.uid));
    const orphans = (snapshots[SLICES.name] ?? []).filter((slice) => {
      const owners = ownersOf(slice);
      return isOurs(slice) && owners.length > 0 && owners.every(({ uid }) => !uids.has(uid));
    });
    return orphans.map(deletion);
  },
};

/** Deletes a slice without waiting for its dependents: it has none. */
export function deletion({ metadata }: KubernetesObject): Operation {
  return {
    operation: 'DeleteInBackground',
    apiVersion: SLICES.apiVersion,
    kind: SLICES.kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
  };
}

/** Hosts may hand over more than the label selector asks for; nothing but our own slices is ever touched. */
export function isOurs({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY;
}

function ownersOf({ metadata }: KubernetesObject): readonly OwnerReference[] {
  return (metadata.ownerReferences ?? []).filter(
    ({ apiVersion, kind }) => kind === KIND && apiVersion.startsWith(`${GROUP}/`),
  );
}

function keyOfOwner({ metadata }: KubernetesObject, { name }: OwnerReference): string {
  return `${metadata.namespace ?? ''}/${name}`;
}
