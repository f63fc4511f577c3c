import type { KubernetesObject, Service } from '#lib/core/kubernetes.ts';
import { API_VERSION, KIND } from '#lib/core/service-with-healthchecks.ts';
import type { Hook, KubernetesBinding, Operation, Snapshots } from '#lib/hook/hook.ts';
import { mergePatch, storeCreated, storePatched } from './service-defaulting.ts';

export interface ResourceGiven {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly isDeleting?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A ServiceWithHealthchecks `default/web` as the API server sends it: one port, no probes. */
export function aResource(given: ResourceGiven = {}): KubernetesObject & { readonly spec: unknown } {
  const name = given.name ?? 'web';
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      namespace: given.namespace ?? 'default',
      name,
      uid: given.uid ?? `uid-${name}`,
      resourceVersion: '1',
      generation: 1,
      labels: given.labels ?? {},
      ...(given.isDeleting === true ? { deletionTimestamp: '2026-01-01T01:00:00Z' } : {}),
    },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }], ...given.spec },
  };
}

/** Operations with equal content compare equal, in whatever order they were planned. */
export function sortedOperations(operations: readonly Operation[]): readonly string[] {
  return operations.map((operation) => JSON.stringify(operation)).sort();
}

/** The snapshots of a hook's bindings after the operations, as an API server would have carried them out. */
export function afterOperations(hook: Hook, before: Snapshots, operations: readonly Operation[]): Snapshots {
  return operations.reduce<Snapshots>((world, operation) => applied(hook, world, operation), before);
}

function applied(hook: Hook, world: Snapshots, operation: Operation): Snapshots {
  const kind = 'object' in operation ? operation.object.kind : operation.kind;
  const binding = hook.config.kubernetes.find((one) => one.kind === kind);
  if (binding === undefined) throw new Error(`${operation.operation} of a kind without binding: ${kind}`);
  return { ...world, [binding.name]: changed(world, binding, operation) };
}

function changed(
  world: Snapshots,
  binding: KubernetesBinding,
  operation: Operation,
): readonly KubernetesObject[] {
  const objects = world[binding.name] ?? [];
  if ('object' in operation) return [...objects, created(operation.object)];
  const isTarget = ({ metadata }: KubernetesObject) =>
    metadata.name === operation.name && metadata.namespace === operation.namespace;
  if (!objects.some(isTarget))
    throw new Error(`${operation.operation} of ${operation.name}, which is not there`);
  if (operation.operation !== 'MergePatch') return objects.filter((object) => !isTarget(object));
  return objects.map((object) => (isTarget(object) ? patched(object, operation.mergePatch) : object));
}

function created(object: KubernetesObject): KubernetesObject {
  if (isService(object)) return storeCreated(object);
  return {
    ...object,
    metadata: { ...object.metadata, uid: `uid-${object.metadata.name}`, resourceVersion: '1' },
  };
}

function patched(object: KubernetesObject, patch: Readonly<Record<string, unknown>>): KubernetesObject {
  const version: unknown = Object(patch['metadata'])['resourceVersion'];
  if (version !== undefined && version !== object.metadata.resourceVersion) throw new Error('conflict');
  if (isService(object)) return storePatched(object, patch);
  // A merge patch by a hook leaves an object an object.
  const next = mergePatch(object, patch) as KubernetesObject;
  return { ...next, metadata: { ...next.metadata, resourceVersion: `${Number(version ?? 1) + 1}` } };
}

function isService(object: KubernetesObject): object is Service {
  return object.kind === 'Service';
}
