import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import type { Hook, Snapshots } from '#lib/hook/hook.ts';

/** The keys that an object of a binding concerns: see `Hook.keysOf`. */
export type KeysOf = Hook['keysOf'];

/** The objects of several bindings, found by the keys that they concern. */
export interface SnapshotIndex {
  /**
   * Takes in the latest state of an object; undefined: it is gone. Returns the keys that are concerned, by
   * what the object was and by what it is; none for an object that belongs to every key.
   */
  update(binding: string, objectKey: string, object: KubernetesObject | undefined): readonly string[];
  /** The part of each binding that concerns the key, sorted by namespace and name. */
  snapshotsOf(key: string): Snapshots;
  /** Every key that any object concerns. */
  keys(): readonly string[];
}

interface Entry {
  readonly object: KubernetesObject;
  readonly keys: readonly string[];
}

interface BindingIndex {
  /** By object key. */
  readonly entries: Map<string, Entry>;
  /** Object keys by the key that they concern; no empty sets. */
  readonly concerned: Map<string, Set<string>>;
  /** Keys of the objects that belong to every key. */
  readonly everywhere: Set<string>;
}

/** An empty index over the bindings of these names. */
export function createSnapshotIndex(bindings: readonly string[], keysOf: KeysOf): SnapshotIndex {
  const indexes = new Map<string, BindingIndex>(
    bindings.map((name) => [name, { entries: new Map(), concerned: new Map(), everywhere: new Set() }]),
  );
  return {
    update(binding, objectKey, object) {
      const index = indexes.get(binding);
      if (index === undefined) throw new Error(`bug: no binding ${binding}`);
      const before = forget(index, objectKey);
      if (object === undefined) return before;
      const concerned = keysOf(binding, object);
      const keys = concerned === 'every' ? [] : concerned;
      if (concerned === 'every') index.everywhere.add(objectKey);
      remember(index, objectKey, { object, keys });
      return [...new Set([...before, ...keys])];
    },
    keys: () => [...new Set([...indexes.values()].flatMap(({ concerned }) => [...concerned.keys()]))],
    snapshotsOf(key) {
      return Object.fromEntries([...indexes].map(([name, index]) => [name, objectsOf(index, key)]));
    },
  };
}

/** Sorted by namespace and name, the order of every snapshot. */
function sortedObjects<T extends KubernetesObject>(objects: readonly T[]): readonly T[] {
  return objects.toSorted((a, b) => {
    const [left, right] = [sortKey(a), sortKey(b)];
    if (left === right) return 0;
    return left < right ? -1 : 1;
  });
}

function sortKey(object: KubernetesObject): string {
  // No name may contain a NUL, so that a namespace never runs into a name.
  return `${object.metadata.namespace ?? ''}\0${object.metadata.name}`;
}

function objectsOf(index: BindingIndex, key: string): readonly KubernetesObject[] {
  const objectKeys = new Set([...(index.concerned.get(key) ?? []), ...index.everywhere]);
  const found = [...objectKeys].flatMap((objectKey) => {
    const entry = index.entries.get(objectKey);
    return entry === undefined ? [] : [entry.object];
  });
  return sortedObjects(found);
}

function remember(index: BindingIndex, objectKey: string, entry: Entry): void {
  index.entries.set(objectKey, entry);
  for (const key of entry.keys) {
    const objectKeys = index.concerned.get(key) ?? new Set();
    objectKeys.add(objectKey);
    index.concerned.set(key, objectKeys);
  }
}

function forget(index: BindingIndex, objectKey: string): readonly string[] {
  const entry = index.entries.get(objectKey);
  if (entry === undefined) return [];
  index.entries.delete(objectKey);
  index.everywhere.delete(objectKey);
  for (const key of entry.keys) {
    const objectKeys = index.concerned.get(key);
    objectKeys?.delete(objectKey);
    if (objectKeys?.size === 0) index.concerned.delete(key);
  }
  return entry.keys;
}
