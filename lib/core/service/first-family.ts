import type { IpFamily, Service } from '#lib/core/kubernetes.ts';

/** Key of the Service of the API server itself, which every cluster has. */
export const API_SERVICE_KEY = 'default/kubernetes';

/**
 * The family that a Service gets which asks for none: that of the first range of cluster addresses, from which the API
 * server's own Service has its address. Undefined while that Service is not known.
 */
export function firstFamilyOf(apiService: Service | undefined): IpFamily | undefined {
  return apiService?.spec.ipFamilies?.[0];
}
