import { assertNever } from '#lib/core/assert-never.ts';
import type { KubernetesObject, ObjectRef } from '#lib/core/kubernetes.ts';
import type { Operation } from '#lib/hook/hook.ts';
import type { KubeApi, Resource } from '#lib/kube/kube-api.ts';
import { classifyKubeError } from '#lib/kube/kube-error.ts';
import { resourceOf } from '#lib/kube/resources.ts';

/**
 * Performs one operation as shell-operator would. A Delete of an object that is gone, and a Create in a
 * namespace that is being deleted, are done. Deletion is always in the background. Throws `KubeApiError`.
 */
export async function applyOperation(
  api: KubeApi,
  operation: Operation,
  signal?: AbortSignal,
): Promise<void> {
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
    case 'Delete':
    case 'DeleteInBackground':
    case 'DeleteNonCascading':
      return settle(api.delete(resourceFor(operation), refOf(operation), undefined, signal), ['not-found']);
    default:
      return assertNever(operation, 'operation');
  }
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
  { operation, object }: CreateOperation,
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  const resource = resourceOf(object.apiVersion ?? '', object.kind ?? '');
  if (operation === 'Create') return settle(api.create(resource, object, options), ['gone']);
  if (operation === 'CreateIfNotExists')
    return settle(api.create(resource, object, options), ['gone', 'exists']);
  try {
    await api.create(resource, object, options);
  } catch (error) {
    if (classifyKubeError(error) === 'gone') return;
    if (classifyKubeError(error) !== 'exists') throw error;
    const ref = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
    const { resourceVersion } = (await api.get(resource, ref, options.signal)).metadata;
    const metadata = { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await api.replace(resource, { ...object, metadata }, options);
  }
}

async function settle(
  request: Promise<unknown>,
  fine: readonly ReturnType<typeof classifyKubeError>[],
): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!fine.includes(classifyKubeError(error))) throw error;
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
