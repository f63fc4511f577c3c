import { type KubernetesObject, keyOf } from '#lib/core/kubernetes.ts';
import { KIND } from '#lib/core/service-with-healthchecks.ts';
import type { KubernetesBinding, Snapshots } from '#lib/hook/hook.ts';
import type { ObjectSource } from '#lib/hook/resident-host.ts';
import { createSnapshotIndex } from '#lib/hook/snapshot-index.ts';
import { OBJECTS, SERVICES, SLICES } from '../../../../hooks/bindings.ts';

/** The objects that make up the statuses, by the object whose status it is. */
export interface StatusSnapshots {
  snapshotsOf(key: string): Snapshots;
}

/** Follows the objects, Services and slices; `wake` hears of every object whose status may have changed. */
export function followStatusWorld(
  sourceOf: (binding: KubernetesBinding) => ObjectSource,
  wake: (key: string) => void,
): StatusSnapshots {
  const bindings = [OBJECTS, SERVICES, SLICES];
  const index = createSnapshotIndex(
    bindings.map(({ name }) => name),
    keysOf,
  );
  for (const binding of bindings) {
    sourceOf(binding).onChange(({ key, current }) => {
      for (const concerned of index.update(binding.name, key, current)) wake(concerned);
    });
  }
  return { snapshotsOf: (key) => index.snapshotsOf(key) };
}

/** Slices concern the object that owns them, everything else the object of its own name. */
function keysOf(binding: string, object: KubernetesObject): readonly string[] {
  if (binding !== SLICES.name) return [keyOf(object)];
  const { namespace = '', ownerReferences = [] } = object.metadata;
  return ownerReferences.filter(({ kind }) => kind === KIND).map(({ name }) => `${namespace}/${name}`);
}
