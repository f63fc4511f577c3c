import type { EndpointSlice, Endpoints, KubernetesObject, ObjectRef } from '#lib/core/kubernetes.ts';
import { SERVICE_NAME_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import type { KubeApi, Resource } from '#lib/kube/kube-api.ts';
import { classifyKubeError } from '#lib/kube/kube-error.ts';
import { ENDPOINT_SLICES, ENDPOINTS } from '#lib/kube/resources.ts';

/** Everything that consumers of a Service may read its endpoints from. */
export interface ServiceFeeds {
  readonly slices: readonly EndpointSlice[];
  readonly endpoints: Endpoints | undefined;
}

/**
 * Asks the API server. Not an informer: following all slices and Endpoints of a cluster would cost more than the few
 * Services that are being taken over are worth.
 */
export async function readFeeds(api: KubeApi, ref: ObjectRef, signal?: AbortSignal): Promise<ServiceFeeds> {
  const [slices, endpoints] = await Promise.all([
    listSlices(api, ref, signal),
    getIfThere(api, ENDPOINTS, ref, signal),
  ]);
  return { slices, endpoints };
}

/** All slices of the Service, whoever made them. */
export async function listSlices(
  api: KubeApi,
  { namespace, name }: ObjectRef,
  signal?: AbortSignal,
): Promise<readonly EndpointSlice[]> {
  const scope = { namespace, labelSelector: `${SERVICE_NAME_LABEL}=${name}` };
  return (await api.list(ENDPOINT_SLICES, scope, signal)).items;
}

/** Undefined when there is no such object. */
export async function getIfThere<T extends KubernetesObject>(
  api: KubeApi,
  resource: Resource<T>,
  ref: ObjectRef,
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    return await api.get(resource, ref, signal);
  } catch (error) {
    if (classifyKubeError(error) === 'not-found') return undefined;
    throw error;
  }
}

/** Deletes exactly these objects: one of the same name that was made since stays. Gone already is fine. */
export async function deleteAll<T extends KubernetesObject>(
  api: KubeApi,
  resource: Resource<T>,
  objects: readonly T[],
  signal?: AbortSignal,
): Promise<void> {
  for (const { metadata } of objects) {
    const { namespace = '', name, uid } = metadata;
    try {
      await api.delete(resource, { namespace, name }, uid === undefined ? {} : { uid }, signal);
    } catch (error) {
      const kind = classifyKubeError(error);
      if (kind !== 'not-found' && kind !== 'conflict') throw error;
    }
  }
}
