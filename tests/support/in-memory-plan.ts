import { type KubernetesObject, keyOf } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import { deepFreeze } from './deep-freeze.ts';

/**
 * The world after a plan, applied as the API server would: create, then update, then delete. Throws where it would
 * refuse: a name taken, an object that is not there, a version that is not the current one.
 */
export function applyInMemory<T extends KubernetesObject>(world: readonly T[], plan: Plan<T>): readonly T[] {
  const objects = new Map(world.map((object) => [keyOf(object), object]));
  for (const object of plan.create) {
    if (objects.has(keyOf(object))) throw new Error(`${keyOf(object)} already exists`);
    objects.set(keyOf(object), stored(object, `uid-${keyOf(object)}`, 1));
  }
  for (const { current, next } of plan.update) {
    const { uid, resourceVersion } = present(objects, current).metadata;
    if (next.metadata.resourceVersion !== resourceVersion) throw new Error(`${keyOf(next)}: conflict`);
    objects.set(keyOf(current), stored(next, uid ?? '', Number(resourceVersion) + 1));
  }
  for (const object of plan.delete) {
    present(objects, object);
    objects.delete(keyOf(object));
  }
  return [...objects.values()];
}

function present<T extends KubernetesObject>(objects: ReadonlyMap<string, T>, object: T): T {
  const found = objects.get(keyOf(object));
  if (found === undefined) throw new Error(`${keyOf(object)} is not there`);
  return found;
}

/** What a write leaves behind: the sender's object after a round of JSON, with a version of its own. */
function stored<T extends KubernetesObject>(object: T, uid: string, version: number): T {
  const metadata = { ...object.metadata, uid, resourceVersion: String(version) };
  return deepFreeze(structuredClone({ ...object, metadata }));
}
