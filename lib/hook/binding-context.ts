import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import type { Snapshots } from '#lib/hook/hook.ts';

/**
 * The snapshots in a binding context file. All contexts of a run carry the same ones, so the last that has any
 * is taken; undefined when none has (onStartup, for instance). Throws when the file is not what an operator
 * writes or a binding is missing: acting on half of the world would delete the other half.
 */
export function snapshotsIn(context: unknown, bindings: readonly string[]): Snapshots | undefined {
  if (!Array.isArray(context)) throw new Error('the binding context is not a list');
  const withSnapshots = context.findLast((entry) => isRecord(entry) && isRecord(entry['snapshots']));
  if (withSnapshots === undefined) return undefined;
  const { snapshots } = withSnapshots;
  return Object.fromEntries(bindings.map((name) => [name, objectsIn(snapshots[name], name)]));
}

function objectsIn(items: unknown, binding: string): readonly KubernetesObject[] {
  if (!Array.isArray(items)) throw new Error(`the binding context has no snapshot of ${binding}`);
  return items.map((item) => {
    const object: unknown = isRecord(item) ? item['object'] : undefined;
    if (!isKubernetesObject(object))
      throw new Error(`the snapshot of ${binding} holds an item without object`);
    return object;
  });
}

function isKubernetesObject(value: unknown): value is KubernetesObject {
  return isRecord(value) && isRecord(value['metadata']) && typeof value['metadata']['name'] === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
