import type { ObjectMeta } from '#lib/core/kubernetes.ts';

/** Annotations by which Helm knows the release of an object; it takes nothing into a release that lacks them. */
const HELM_RELEASE = 'meta.helm.sh/release-name';
const HELM_NAMESPACE = 'meta.helm.sh/release-namespace';
const MANAGED_BY_KEY = 'app.kubernetes.io/managed-by';

/** Value `keep` on the live object: Helm leaves it alone when an upgrade no longer contains it. */
export const HELM_POLICY = 'helm.sh/resource-policy';

/** Whether a label or annotation is one of those by which Helm knows its release. */
export function isHelmMark(key: string, value: string): boolean {
  return key === HELM_RELEASE || key === HELM_NAMESPACE || (key === MANAGED_BY_KEY && value === 'Helm');
}

/** Key of the annotation that names the Helm release of an object, if it has one. */
export function helmReleaseKey({ annotations }: ObjectMeta): string | undefined {
  return annotations?.[HELM_RELEASE] === undefined ? undefined : HELM_RELEASE;
}

/** Who has deployed an object, by the marks that deployment tools leave on it; undefined when there are none. */
export function deploymentToolOf({ labels = {}, annotations = {} }: ObjectMeta): string | undefined {
  const helm = annotations[HELM_RELEASE];
  if (helm !== undefined) return `Helm release ${inNamespace(annotations[HELM_NAMESPACE], helm)}`;
  const argo = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0];
  const application = argo ?? labels['argocd.argoproj.io/instance'];
  if (application !== undefined) return `Argo CD application ${application}`;
  const flux = labels['kustomize.toolkit.fluxcd.io/name'];
  if (flux !== undefined) {
    return `Flux Kustomization ${inNamespace(labels['kustomize.toolkit.fluxcd.io/namespace'], flux)}`;
  }
  return annotations['kubectl.kubernetes.io/last-applied-configuration'] === undefined
    ? undefined
    : '`kubectl apply`';
}

function inNamespace(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
