import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import type { KubernetesBinding, Snapshots } from '#lib/hook/hook.ts';

/** The contexts of a binding context file. Throws when the file is not what an operator writes. */
export function contextsIn(context: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(context)) throw new Error('the binding context is not a list');
  return context.filter(isRecord);
}

/**
 * The snapshots in a binding context file. All contexts of a run carry the same ones, so the last that has any
 * is taken; undefined when none has (onStartup, for instance). Throws when the file is not what an operator
 * writes or a binding is missing: acting on half of the world would delete the other half.
 */
export function snapshotsIn(context: unknown, bindings: readonly KubernetesBinding[]): Snapshots | undefined {
  const withSnapshots = contextsIn(context).findLast(({ snapshots }) => isRecord(snapshots));
  const snapshots = withSnapshots?.['snapshots'];
  if (!isRecord(snapshots)) return undefined;
  return Object.fromEntries(
    bindings.map((binding) => [binding.name, objectsIn(snapshots[binding.name], binding)]),
  );
}

function objectsIn(items: unknown, { name, jqFilter }: KubernetesBinding): readonly KubernetesObject[] {
  if (!Array.isArray(items)) throw new Error(`the binding context has no snapshot of ${name}`);
  const field = jqFilter === undefined ? 'object' : 'filterResult';
  return items.map((item) => {
    const object: unknown = isRecord(item) ? item[field] : undefined;
    if (!isKubernetesObject(object))
      throw new Error(`the snapshot of ${name} holds an item without ${field}`);
    return object;
  });
}

function isKubernetesObject(value: unknown): value is KubernetesObject {
  return isRecord(value) && isRecord(value['metadata']) && typeof value['metadata']['name'] === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
