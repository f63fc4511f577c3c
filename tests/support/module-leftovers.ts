import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import type { ControlPlane } from '../../dev/cluster/control-plane.ts';

const KINDS = [
  '/api/v1/namespaces',
  '/api/v1/configmaps',
  '/api/v1/pods',
  '/apis/apps/v1/deployments',
  '/apis/apps/v1/daemonsets',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  '/apis/rbac.authorization.k8s.io/v1/roles',
  '/apis/rbac.authorization.k8s.io/v1/rolebindings',
  '/apis/coordination.k8s.io/v1/leases',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
  '/apis/discovery.k8s.io/v1/endpointslices',
];

/** Names of everything that the module or its programs have made, but for its resource definition and its objects. */
export async function moduleLeftovers({ api }: ControlPlane): Promise<readonly string[]> {
  const lists = await Promise.all(
    KINDS.map((path) => api.get<{ readonly items: readonly KubernetesObject[] }>(path)),
  );
  const found = lists.flatMap(({ items }) => items);
  return found.flatMap(({ metadata: { name, namespace = '', labels = {} } }) => {
    const isOurs =
      labels['module'] === 'service-with-healthchecks' ||
      labels['endpointslice.kubernetes.io/managed-by'] === 'servicewithhealthchecks' ||
      `${namespace}/${name}`.includes('service-with-healthchecks');
    return isOurs ? [`${namespace}/${name}`] : [];
  });
}
