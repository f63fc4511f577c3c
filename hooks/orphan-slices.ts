import { type KubernetesObject, keyOf, type OwnerReference } from '#lib/core/kubernetes.ts';
import { GROUP, KIND } from '#lib/core/service-with-healthchecks.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import type { Deletion, Hook } from '#lib/hook/hook.ts';
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
    const key = binding === OBJECTS.name ? keyOf(object) : keyOfOwner(object);
    return key === undefined ? [] : [key];
  },
  reconcile(snapshots) {
    const uids = new Map(
      (snapshots[OBJECTS.name] ?? []).map((object) => [keyOf(object), object.metadata.uid]),
    );
    const orphans = (snapshots[SLICES.name] ?? []).filter((slice) => {
      const owner = ownerOf(slice);
      return isOurs(slice) && owner !== undefined && uids.get(keyOfOwner(slice) ?? '') !== owner.uid;
    });
    return orphans.map(deletion);
  },
};

/** Deletes a slice without waiting for its dependents: it has none. */
export function deletion({ metadata }: KubernetesObject): Deletion {
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

/** A slice has one owner that matters: the object that controls it. */
function ownerOf({ metadata }: KubernetesObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(
    ({ apiVersion, kind, controller }) =>
      controller === true && kind === KIND && apiVersion.startsWith(`${GROUP}/`),
  );
}

function keyOfOwner(slice: KubernetesObject): string | undefined {
  const owner = ownerOf(slice);
  return owner && `${slice.metadata.namespace ?? ''}/${owner.name}`;
}
