import type { ControlPlane } from './control-plane.ts';

/** One rule of an RBAC role. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/**
 * Gives a cluster component its own service account in kube-system, so that the audit log tells it from the
 * tests, and returns the path of its kubeconfig. `rights` is an existing ClusterRole or the rules of a new one.
 */
export async function componentKubeconfig(
  controlPlane: ControlPlane,
  name: string,
  rights: string | readonly PolicyRule[],
): Promise<string> {
  const { api } = controlPlane;
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const role = typeof rights === 'string' ? rights : `dev:${name}`;
  await api.apply(`/api/v1/namespaces/kube-system/serviceaccounts/${name}`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'kube-system' },
  });
  if (typeof rights !== 'string') {
    await api.apply(`${rbac}/clusterroles/${role}`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: role },
      rules: rights,
    });
  }
  await api.apply(`${rbac}/clusterrolebindings/dev:${name}`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `dev:${name}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }],
  });
  return controlPlane.serviceAccountKubeconfig({ namespace: 'kube-system', name });
}
