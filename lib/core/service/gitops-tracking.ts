/**
 * Labels and annotations by which deployment tools find the objects that they own. On an object that we make they
 * would be a lie, and a tool that prunes by them would delete it. `app.kubernetes.io/instance` is not among
 * them: it describes the application, and tools that track by it leave objects with an owner alone.
 */
const TRACKING_PREFIXES = [
  'applyset.kubernetes.io/',
  'argocd.argoproj.io/',
  'fleet.cattle.io/',
  'helm.toolkit.fluxcd.io/',
  'kapp.k14s.io/',
  'kustomize.toolkit.fluxcd.io/',
  'meta.helm.sh/',
  'objectset.rio.cattle.io/',
] as const;

const MANAGED_BY_KEY = 'app.kubernetes.io/managed-by';

/** Whether a label or annotation belongs to a deployment tool's tracking and must not be passed on. */
export function isTracking(key: string, value: string): boolean {
  if (key === MANAGED_BY_KEY) return value === 'Helm';
  return TRACKING_PREFIXES.some((prefix) => key.startsWith(prefix));
}
