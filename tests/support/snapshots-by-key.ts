import { keyOf } from '#lib/core/kubernetes.ts';
import type { Snapshots } from '#lib/hook/hook.ts';
import { createSnapshotIndex, type KeysOf } from '#lib/hook/snapshot-index.ts';

/** All snapshots cut into the parts of the single keys. */
export function snapshotsByKey(all: Snapshots, keysOf: KeysOf): ReadonlyMap<string, Snapshots> {
  const index = createSnapshotIndex(Object.keys(all), keysOf);
  const keys = new Set<string>();
  for (const [binding, objects] of Object.entries(all)) {
    for (const object of objects) {
      for (const key of index.update(binding, keyOf(object), object)) keys.add(key);
    }
  }
  return new Map([...keys].sort().map((key) => [key, index.snapshotsOf(key)]));
}
