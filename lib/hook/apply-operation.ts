import { assertNever } from '#lib/core/assert-never.ts';
import type { KubernetesObject, ObjectRef } from '#lib/core/kubernetes.ts';
import type { Deletion, Operation } from '#lib/hook/hook.ts';
import type { KubeApi, Resource } from '#lib/kube/kube-api.ts';
import { classifyKubeError, type KubeErrorKind } from '#lib/kube/kube-error.ts';
import { resourceOf } from '#lib/kube/resources.ts';

/**
 * Performs one operation as shell-operator would and returns the object that was written. Undefined when nothing
 * is left of it: a deletion, in the background always; a patch of a missing object that may be missing; a
 * creation in a namespace that is being deleted. Throws `KubeApiError`.
 */
export async function applyOperation(
  api: KubeApi,
  operation: Operation,
  signal?: AbortSignal,
): Promise<KubernetesObject | undefined> {
  const options = signal === undefined ? {} : { signal };
  switch (operation.operation) {
    case 'Create':
    case 'CreateIfNotExists':
    case 'CreateOrUpdate':
      return createObject(api, operation, options);
    case 'MergePatch': {
      const { mergePatch, subresource } = operation;
      const place = { ...options, ...(subresource === undefined ? {} : { subresource }) };
      const patch = api.mergePatch(resourceFor(operation), refOf(operation), mergePatch, place);
      return settle(patch, operation.ignoreMissingObject === true ? ['not-found'] : []);
    }
    case 'JSONPatch': {
      const { jsonPatch, subresource } = operation;
      const place = { ...options, ...(subresource === undefined ? {} : { subresource }) };
      const patch = api.jsonPatch(resourceFor(operation), refOf(operation), parsedPatch(jsonPatch), place);
      return settle(patch, operation.ignoreMissingObject === true ? ['not-found'] : []);
    }
    case 'Delete':
    case 'DeleteInBackground':
    case 'DeleteNonCascading':
      await settle(api.delete(resourceFor(operation), refOf(operation), undefined, signal), ['not-found']);
      return undefined;
    default:
      return assertNever(operation, 'operation');
  }
}

/** Whether the operation takes something away. */
export function isDeletion(operation: Operation): operation is Deletion {
  return operation.operation.startsWith('Delete');
}

/** Where the object of an operation lives. */
export function resourceOfOperation(operation: Operation): Resource<KubernetesObject> {
  return 'object' in operation
    ? resourceOf(operation.object.apiVersion ?? '', operation.object.kind ?? '')
    : resourceFor(operation);
}

/** The object that an operation writes: `Kind namespace/name`, for logs and errors. */
export function describeOperation(operation: Operation): string {
  if ('object' in operation) {
    const { namespace, name } = operation.object.metadata;
    return `${operation.operation} ${operation.object.kind ?? ''} ${namespace ?? ''}/${name}`;
  }
  return `${operation.operation} ${operation.kind} ${operation.namespace ?? ''}/${operation.name}`;
}

type CreateOperation = Extract<Operation, { readonly object: KubernetesObject }>;

async function createObject(
  api: KubeApi,
  operation: CreateOperation,
  options: { readonly signal?: AbortSignal },
): Promise<KubernetesObject | undefined> {
  const { object } = operation;
  const resource = resourceOfOperation(operation);
  const creation = api.create(resource, object, options);
  if (operation.operation === 'Create') return settle(creation, ['gone']);
  if (operation.operation === 'CreateIfNotExists') return settle(creation, ['gone', 'exists']);
  try {
    return await settle(creation, ['gone']);
  } catch (error) {
    if (classifyKubeError(error) !== 'exists') throw error;
    const ref = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
    const { resourceVersion } = (await api.get(resource, ref, options.signal)).metadata;
    const metadata = { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    return await api.replace(resource, { ...object, metadata }, options);
  }
}

function parsedPatch(text: string): readonly unknown[] {
  const patch: unknown = JSON.parse(text);
  if (!Array.isArray(patch)) throw new Error('bug: a JSON patch that is not a list');
  return patch;
}

async function settle<T>(request: Promise<T>, fine: readonly KubeErrorKind[]): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (!fine.includes(classifyKubeError(error))) throw error;
    return undefined;
  }
}

function resourceFor(operation: {
  readonly apiVersion: string;
  readonly kind: string;
}): Resource<KubernetesObject> {
  return resourceOf(operation.apiVersion, operation.kind);
}

function refOf(operation: { readonly namespace?: string; readonly name: string }): ObjectRef {
  return { namespace: operation.namespace ?? '', name: operation.name };
}
